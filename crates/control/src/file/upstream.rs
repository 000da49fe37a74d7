//! `upstream:`.

use engine::route::time::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;

/// How providers are reached.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamSection {
    /// PEM files of certificate authorities that are trusted besides the system's, looked up from the configuration's
    /// folder.
    pub ca_files: Vec<String>,
    /// Whether `HTTPS_PROXY`, `http_proxy` and `NO_PROXY` are followed; `environment` when absent.
    pub proxy: Option<ProxyChoice>,
    /// How long an unused connection is kept; `45s` when absent.
    pub idle_timeout: Option<TimeSpan>,
    /// Most unused connections kept for one host; 1024 when absent.
    #[schemars(range(max = 100_000))]
    pub idle_connections_max: Option<u32>,
    /// How long an address found for a host is used; `30s` when absent.
    pub dns_ttl: Option<TimeSpan>,
    /// Whether a route in a request's header may name a `custom_host`. Private addresses stay refused, and the
    /// operator's credentials are never sent there. `false` when absent.
    pub custom_host_from_requests: Option<bool>,
}

/// Where the proxy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyChoice {
    /// From `HTTPS_PROXY`, `http_proxy` and `NO_PROXY`.
    Environment,
    /// No proxy.
    None,
}
