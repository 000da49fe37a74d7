//! `server:`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where Tollgate listens.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSection {
    /// Address and port: `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`; port 0 takes a free one. `127.0.0.1:8080` when
    /// absent.
    pub listen: Option<String>,
    /// A certificate to serve HTTPS with; without it, clear text.
    pub tls: Option<TlsSection>,
    /// Proxies whose `x-forwarded-for` says where a request comes from, as networks such as `10.0.0.0/8`; of nobody else is it
    /// believed. None when absent. Read again with each change.
    pub trusted_proxies: Vec<String>,
    /// Whether clients may speak HTTP/2, in clear text by prior knowledge. `true` when absent.
    pub http2: Option<bool>,
    /// A listener for the control plane alone, so that a firewall can keep it apart. When absent, `listen` serves it, too.
    pub control: Option<ControlListenerSection>,
}

/// Where the control plane is served, and nothing else: the control API, sign-ins, SCIM and `/metrics`. The main listener knows nothing of
/// them then.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlListenerSection {
    /// Address and port, as in `server.listen`: `127.0.0.1:4100`.
    pub listen: String,
    /// A certificate of its own to serve HTTPS with; that of the main listener when absent.
    pub tls: Option<TlsSection>,
    /// Where its requests may come from, as in `keys[].networks`; `/healthz` and `/readyz` answer everywhere. Everywhere when absent.
    /// Read again with each change.
    pub networks: Option<Vec<String>>,
}

/// A certificate with its key, as PEM files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    /// The file of the certificate chain, looked up from the configuration's folder.
    pub certificate: String,
    /// The file of the private key, looked up from the configuration's folder.
    pub private_key: String,
}
