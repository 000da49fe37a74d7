//! HTTPS on the listeners, with certificates that can be replaced while serving.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use arc_swap::ArcSwapOption;
use control::Environment;
use control::settings::{ServerSettings, TlsSettings};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The largest certificate or key file.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// The certificates of the listeners.
#[derive(Clone, Default)]
pub(super) struct Certificates {
    pub(super) main: Certificate,
    pub(super) control: Certificate,
}

/// The certificate in use; `None` serves clear text.
#[derive(Clone, Default)]
pub(super) struct Certificate(Arc<ArcSwapOption<ServerConfig>>);

impl Certificates {
    /// Reads the files that the configuration names and serves with them from now on.
    ///
    /// # Errors
    /// When one cannot be read, or does not belong to its key; the one in use stays.
    pub(super) fn load(&self, server: &ServerSettings, environment: &dyn Environment) -> anyhow::Result<()> {
        let load = |certificate: &Certificate, tls: Option<&TlsSettings>| {
            tls.map_or(Ok(()), |tls| certificate.load(tls, server.http2, environment))
        };
        let main = load(&self.main, server.tls.as_ref());
        load(&self.control, server.control_tls()).and(main)
    }
}

impl Certificate {
    fn load(&self, tls: &TlsSettings, http2: bool, environment: &dyn Environment) -> anyhow::Result<()> {
        self.0.store(Some(Arc::new(configure(tls, http2, environment)?)));
        Ok(())
    }

    /// How to accept the next connection.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.0.load_full().map(TlsAcceptor::from)
    }
}

fn configure(tls: &TlsSettings, http2: bool, environment: &dyn Environment) -> anyhow::Result<ServerConfig> {
    let read = |path: &Path| {
        environment.file(path, PEM_BYTES_MAX).with_context(|| format!("{} cannot be read", path.display()))
    };
    let chain = CertificateDer::pem_slice_iter(read(&tls.certificate)?.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("{} is not a PEM certificate chain", tls.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_slice(read(&tls.private_key)?.as_bytes())
        .with_context(|| format!("{} holds no PEM private key", tls.private_key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and its key do not belong together")?;
    if http2 {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(config)
}
