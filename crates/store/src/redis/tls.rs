//! TLS to a Redis server: whom it is believed from, and who says to be calling.

use std::fmt;

use redis::{ClientTlsConfig, TlsCertificates};

/// How TLS is spoken with a server.
#[derive(Debug, Clone, Default)]
pub struct RedisTls {
    /// The authorities that are trusted in place of the system's, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// What the server is shown.
    pub client: Option<ClientCertificate>,
}

/// A certificate with its private key, as PEM.
#[derive(Clone)]
pub struct ClientCertificate {
    /// The chain, the client's own certificate first.
    pub chain: Vec<u8>,
    /// The private key.
    pub private_key: Vec<u8>,
}

impl From<RedisTls> for TlsCertificates {
    fn from(tls: RedisTls) -> Self {
        let client = tls
            .client
            .map(|client| ClientTlsConfig { client_cert: client.chain, client_key: client.private_key });
        Self { client_tls: client, root_cert: tls.authorities }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It holds a private key.
        formatter.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}
