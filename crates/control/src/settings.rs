//! What the configuration says to the process rather than to requests: read at start, but for which requests are logged.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use domain::{ErrorCode, Network};
use jiff::Timestamp;
use providers::definition::Secret;
use providers::vaults::Vaults;
use serde_json::{Map, Value};

pub use crate::file::{LogFormat, LogRequests, ProxyChoice};
use crate::sealing::KeySettings;

/// Where the process listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The certificate to serve HTTPS with; clear text without one.
    pub tls: Option<TlsSettings>,
    /// Whether clients may speak HTTP/2.
    pub http2: bool,
    /// Where the control plane is served, when not there.
    pub control: Option<ControlListenerSettings>,
}

/// Where the control plane is served alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlListenerSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// A certificate of its own.
    pub tls: Option<TlsSettings>,
    /// Where its requests may come from; everywhere when absent.
    pub networks: Option<Vec<Network>>,
}

impl ServerSettings {
    /// The certificate of the control plane's listener.
    #[must_use]
    pub fn control_tls(&self) -> Option<&TlsSettings> {
        self.control.as_ref().and_then(|control| control.tls.as_ref()).or(self.tls.as_ref())
    }

    /// What to warn of where the control plane, and nothing else, listens: others could read along.
    #[must_use]
    pub fn exposes_control(&self, listen: IpAddr) -> Option<String> {
        let is_exposed = self.control_tls().is_none() && !listen.to_canonical().is_loopback();
        is_exposed.then(|| {
            format!(
                "the control plane is served in clear text at {listen}: control keys, passwords and sessions can be read on their way; give it a certificate (`server.control.tls`), or have it listen on this machine alone"
            )
        })
    }

    /// Whether the control plane answers a client there.
    #[must_use]
    pub fn admits_to_control(&self, client: Option<IpAddr>) -> bool {
        let networks = self.control.as_ref().and_then(|control| control.networks.as_ref());
        let is_inside = |client| networks.into_iter().flatten().any(|network| network.contains(client));
        networks.is_none() || client.is_some_and(is_inside)
    }
}

/// PEM files of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub private_key: PathBuf,
}

/// How providers are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// PEM files of certificate authorities trusted besides the system's.
    pub ca_files: Vec<PathBuf>,
    /// Whether the proxy variables of the environment are followed.
    pub proxy: ProxyChoice,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// Most unused connections kept for one host.
    pub idle_connections_max: usize,
    /// How long an address found for a host is used.
    pub dns_ttl: Duration,
}

/// Where responses and conversations are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StateSettings {
    /// In what.
    pub place: StatePlace,
    /// Most bytes of them together.
    pub bytes_max: u64,
    /// Most records of the audit log.
    pub audit_records_max: u64,
    /// Where replicas agree; by the place itself where there is none.
    pub shared: Option<StateServer>,
}

/// A server that replicas share.
#[derive(Debug, Clone, PartialEq)]
pub struct StateServer {
    /// Where it is. Its scheme says what it is.
    pub url: Secret,
    /// The part of it that is for this gateway's replicas.
    pub namespace: String,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// How TLS is spoken with Redis, where more than its URL says so.
    pub tls: Option<SharedTls>,
}

/// What TLS to the server that replicas share is proved with, as it was read from PEM files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SharedTls {
    /// The authorities that are trusted in place of the system's.
    pub authorities: Option<String>,
    /// What the server is shown.
    pub client: Option<ClientCertificate>,
}

/// A certificate with its private key.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientCertificate {
    /// The chain, the client's own certificate first.
    pub chain: String,
    /// The private key.
    pub private_key: Secret,
}

/// Where secrets are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretSettings {
    /// The keys that those of objects are under.
    pub keys: KeySettings,
    /// Where others are read from.
    pub vaults: Vaults,
    /// How often they are read again.
    pub refresh: Duration,
}

/// What state is kept in.
#[derive(Debug, Clone, PartialEq)]
pub enum StatePlace {
    /// The process.
    Memory,
    /// A SQLite database, by its file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres {
        /// Where it is.
        server: StateServer,
        /// The file that remembers what it says of objects.
        snapshot_path: PathBuf,
    },
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogSettings {
    /// How a line looks.
    pub format: LogFormat,
    /// Which requests have a line.
    pub requests: LogRequests,
    /// Whether it has their decision.
    pub decisions: bool,
}

/// Where requests are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalSettings {
    /// The folder.
    pub path: PathBuf,
    /// Most bytes of its files together.
    pub bytes_max: u64,
}

/// A request, and where it has to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTest {
    /// What it is about.
    pub name: String,
    /// The line of the configuration in which it begins.
    pub line: usize,
    /// The name of the key; one that may do everything when absent.
    pub key: Option<String>,
    /// The path that it is posted to.
    pub posted_to: Option<String>,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Map<String, Value>,
    /// Providers, or `provider/model`, that are taken to be down.
    pub down: Vec<String>,
    /// When it is made; now when absent.
    pub at: Option<Timestamp>,
    /// Where it has to go.
    pub expected: Expectation,
}

/// Where a request has to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// To these, as `provider/model`, in order, when each of them fails.
    Targets(Vec<String>),
    /// To one of these first, whatever is drawn.
    FirstOf(Vec<String>),
    /// Nowhere.
    Refused(ErrorCode),
}
