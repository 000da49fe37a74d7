//! TLS to providers: what is trusted, and what is offered.

use std::io;
use std::sync::Arc;

use domain::provider::HttpVersion;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::settings::TransportProblem;
use super::stream::Stream;

/// TLS to providers. The system's certificates are read at the first connection and not before, since reading them
/// takes longer than everything else at start-up.
pub(super) struct Tls {
    extra: RootCertStore,
    configs: OnceCell<Configs>,
}

struct Configs {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Tls {
    /// Checks the extra certificate authorities.
    pub(super) fn new(extra_ca_pem: &[Vec<u8>]) -> Result<Self, TransportProblem> {
        let mut extra = RootCertStore::empty();
        for (index, pem) in extra_ca_pem.iter().enumerate() {
            add_authorities(&mut extra, pem)
                .map_err(|why| TransportProblem::CertificateAuthority { number: index + 1, why })?;
        }
        Ok(Self { extra, configs: OnceCell::new() })
    }

    /// A TLS connection over `stream` to the server of that name.
    pub(super) async fn connect(
        &self,
        server: ServerName<'static>,
        stream: Stream,
        version: HttpVersion,
    ) -> io::Result<Stream> {
        let configs = self.configs.get_or_try_init(|| load(self.extra.clone())).await?;
        let config = match version {
            HttpVersion::Http1 => &configs.http1,
            HttpVersion::Http2 => &configs.http2,
        };
        let connector = TlsConnector::from(Arc::clone(config));
        Ok(Stream::Tls(Box::new(connector.connect(server, stream).await?)))
    }
}

fn add_authorities(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before { Err("it holds no certificate in PEM format".to_owned()) } else { Ok(()) }
}

/// Reading files blocks, so it happens on a thread for that.
async fn load(mut roots: RootCertStore) -> io::Result<Configs> {
    let loading = tokio::task::spawn_blocking(move || {
        add_system_authorities(&mut roots);
        configure(roots)
    });
    loading.await?.map_err(io::Error::other)
}

/// Those of the system (or of `SSL_CERT_FILE` and `SSL_CERT_DIR`); those of Mozilla where there are none, as in an
/// image without a certificate store.
fn add_system_authorities(roots: &mut RootCertStore) {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a system certificate cannot be read");
    }
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, ignored, "system certificates read");
    if added == 0 {
        tracing::debug!("no system certificates found, using those of Mozilla");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
}

/// The crypto provider is named, never taken from the process: a second one in the dependency tree would otherwise
/// panic at the first handshake.
fn configure(roots: RootCertStore) -> Result<Configs, rustls::Error> {
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let offering = |protocol: &[u8]| {
        let mut config = config.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    };
    Ok(Configs { http1: offering(b"http/1.1"), http2: offering(b"h2") })
}
