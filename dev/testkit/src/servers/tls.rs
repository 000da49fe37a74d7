//! What a server over TLS proves itself with, in files of its folder.

use std::path::{Path, PathBuf};

use super::process;
use crate::Certificate;

/// How a server speaks TLS.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// What it proves itself with.
    pub certificate: Certificate,
    /// The authority of the clients that alone are let in; everybody is when absent.
    pub clients_pem: Option<String>,
}

impl ServerTls {
    /// With a certificate, for everybody.
    #[must_use]
    pub fn new(certificate: Certificate) -> Self {
        Self { certificate, clients_pem: None }
    }

    /// For clients with a certificate of an authority alone.
    #[must_use]
    pub fn for_clients_of(self, authority_pem: &str) -> Self {
        Self { clients_pem: Some(authority_pem.to_owned()), ..self }
    }

    pub(super) fn write(&self, folder: &Path) {
        process::write(&Self::certificate(folder), &self.certificate.chain_pem);
        process::write(&Self::private_key(folder), &self.certificate.key_pem);
        if let Some(pem) = &self.clients_pem {
            process::write(&folder.join("clients.pem"), pem);
        }
    }

    pub(super) fn certificate(folder: &Path) -> PathBuf {
        folder.join("server.crt")
    }

    pub(super) fn private_key(folder: &Path) -> PathBuf {
        folder.join("server.key")
    }

    pub(super) fn clients(&self, folder: &Path) -> Option<PathBuf> {
        self.clients_pem.as_ref().map(|_| folder.join("clients.pem"))
    }
}
