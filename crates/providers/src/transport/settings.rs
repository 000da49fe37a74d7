//! What an operator may set about connections to providers, and what can be wrong with it.

use std::fmt;
use std::time::Duration;

/// Settings of the whole process, from its configuration.
#[derive(Clone)]
pub struct TransportSettings {
    /// Certificate authorities trusted beside those of the system; each entry is one PEM file.
    pub extra_ca_pem: Vec<Vec<u8>>,
    /// Whether and how providers are reached through a proxy.
    pub proxy: ProxySettings,
    /// How long a connection may wait unused. The default is below the 60 s after which common load balancers hang up,
    /// so that a request seldom meets a closing connection.
    pub idle_timeout: Duration,
    /// How many connections of one origin may wait unused.
    pub idle_connections_max: usize,
    /// How long the addresses of a name are used without asking again.
    pub dns_ttl: Duration,
    /// How long after that they are still used while the name cannot be resolved.
    pub dns_stale_max: Duration,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            extra_ca_pem: Vec::new(),
            proxy: ProxySettings::None,
            idle_timeout: Duration::from_secs(45),
            idle_connections_max: 1024,
            dns_ttl: Duration::from_secs(30),
            dns_stale_max: Duration::from_secs(3600),
        }
    }
}

impl fmt::Debug for TransportSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TransportSettings")
            .field("extra_ca_pem", &self.extra_ca_pem.len())
            .field("proxy", &self.proxy)
            .field("idle_timeout", &self.idle_timeout)
            .field("idle_connections_max", &self.idle_connections_max)
            .field("dns_ttl", &self.dns_ttl)
            .field("dns_stale_max", &self.dns_stale_max)
            .finish()
    }
}

/// Whether and how providers are reached through a proxy.
#[derive(Clone, Default)]
pub enum ProxySettings {
    /// Providers are reached directly.
    #[default]
    None,
    /// As the environment variables of curl say. An empty text means that the variable is not set.
    FromEnvironment {
        /// `HTTPS_PROXY`: the proxy for `https` providers, `http[s]://[user:password@]host[:port]`.
        https_proxy: String,
        /// `HTTP_PROXY`: the proxy for `http` providers.
        http_proxy: String,
        /// `NO_PROXY`: hosts, domains, addresses and networks that are reached directly, separated by commas.
        no_proxy: String,
    },
}

impl fmt::Debug for ProxySettings {
    /// Proxy URLs may hold a password, so only whether they are set is shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::FromEnvironment { https_proxy, http_proxy, no_proxy } => formatter
                .debug_struct("FromEnvironment")
                .field("https_proxy", &!https_proxy.is_empty())
                .field("http_proxy", &!http_proxy.is_empty())
                .field("no_proxy", no_proxy)
                .finish(),
        }
    }
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportProblem {
    /// An extra certificate authority cannot be read.
    #[error("extra certificate authority number {number}: {why}")]
    CertificateAuthority {
        /// Its place in `extra_ca_pem`, from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A proxy URL cannot be used. The URL is left out, since it may hold a password.
    #[error("{variable} is not a proxy URL: write it as http://host:port or https://host:port")]
    Proxy {
        /// The environment variable.
        variable: &'static str,
    },
}
