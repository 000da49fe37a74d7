//! HTTPS on the listener, with a certificate that can be replaced while serving.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use arc_swap::ArcSwapOption;
use control::Environment;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The largest certificate or key file.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// The certificate in use; `None` serves clear text.
#[derive(Clone, Default)]
pub(super) struct Certificate(Arc<ArcSwapOption<ServerConfig>>);

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificateFiles<'a> {
    pub(super) certificate: &'a Path,
    pub(super) private_key: &'a Path,
    pub(super) http2: bool,
}

impl Certificate {
    /// Reads the files and serves with them from now on.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together; the one in use stays.
    pub(super) fn load(
        &self,
        files: &CertificateFiles<'_>,
        environment: &dyn Environment,
    ) -> anyhow::Result<()> {
        self.0.store(Some(Arc::new(configure(files, environment)?)));
        Ok(())
    }

    /// How to accept the next connection.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.0.load_full().map(TlsAcceptor::from)
    }
}

fn configure(files: &CertificateFiles<'_>, environment: &dyn Environment) -> anyhow::Result<ServerConfig> {
    let read = |path: &Path| {
        environment.file(path, PEM_BYTES_MAX).with_context(|| format!("{} cannot be read", path.display()))
    };
    let chain = CertificateDer::pem_slice_iter(read(files.certificate)?.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("{} is not a PEM certificate chain", files.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_slice(read(files.private_key)?.as_bytes())
        .with_context(|| format!("{} holds no PEM private key", files.private_key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and its key do not belong together")?;
    if files.http2 {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(config)
}
