//! `state.shared.tls`: its files are read with the configuration, so that what is wrong with them is known before the server is asked.

#[cfg(test)]
mod tests;

use std::path::{Path as FilePath, PathBuf};

use domain::ports::shared_state::SharedServer;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{Problems, Surroundings};
use crate::file::{SharedTlsSection, StateSection};
use crate::path::Path;
use crate::settings::{ClientCertificate, SharedTls};

/// The largest of its files.
const PEM_BYTES_MAX: u64 = 4 << 20;

pub(super) fn settings(
    section: &SharedTlsSection,
    url: &str,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> SharedTls {
    let tls = Path::root().key("state").key("shared").key("tls");
    problems.extend(misplaced(url).map(|message| (tls.clone(), message.to_owned())));
    let files = section.ca_files.iter().enumerate().filter_map(|(index, file)| {
        let authorities = text(file, surroundings).and_then(|text| authorities(&text).map(|()| text));
        usable(file, authorities, tls.key("ca_files").index(index), surroundings, problems)
    });
    let authorities = files.collect::<Vec<_>>().join("\n");
    let authorities = (!section.ca_files.is_empty()).then_some(authorities);
    SharedTls { authorities, client: client(section, &tls, surroundings, problems) }
}

/// The files that are read, which a change of is a change of the configuration.
pub(crate) fn files(section: &StateSection, folder: &FilePath) -> Vec<PathBuf> {
    let tls = section.shared.as_ref().and_then(|shared| shared.tls.as_ref());
    let named =
        tls.into_iter().flat_map(|tls| tls.ca_files.iter().chain(&tls.certificate).chain(&tls.private_key));
    named.map(|file| folder.join(file)).collect()
}

/// Why nothing can be said of TLS there.
fn misplaced(url: &str) -> Option<&'static str> {
    match (SharedServer::at(url)?, url.split_once("://")?.0) {
        (SharedServer::Postgres, _) => {
            Some("it is for Redis; for PostgreSQL the URL says it: `?sslmode=verify-full&sslrootcert=FILE`")
        }
        (SharedServer::Redis, "rediss" | "valkeys") => None,
        (SharedServer::Redis, _) => {
            Some("nothing is encrypted with this `url`; have it begin with `rediss://`, or leave `tls` out")
        }
    }
}

fn client(
    section: &SharedTlsSection,
    tls: &Path,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> Option<ClientCertificate> {
    let (certificate, private_key) = match (&section.certificate, &section.private_key) {
        (Some(certificate), Some(private_key)) => (certificate, private_key),
        (None, None) => return None,
        (given, _) => {
            let missing = if given.is_some() { "private_key" } else { "certificate" };
            problems.push((tls.key(missing), "`certificate` and `private_key` go together".to_owned()));
            return None;
        }
    };
    let chain = text(certificate, surroundings).and_then(|text| Ok((certificates(&text)?, text)));
    let chain = usable(certificate, chain, tls.key("certificate"), surroundings, problems);
    let key = text(private_key, surroundings).and_then(|text| Ok((key(&text)?, text)));
    let key = usable(private_key, key, tls.key("private_key"), surroundings, problems);
    let ((chain, chain_text), (key, key_text)) = (chain?, key?);
    if let Err(error) = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()) {
        let message = format!("it does not belong to `certificate`: {error}");
        problems.push((tls.key("private_key"), message));
    }
    Some(ClientCertificate { chain: chain_text, private_key: key_text.into() })
}

fn text(file: &str, surroundings: &Surroundings<'_>) -> Result<String, String> {
    let path = surroundings.folder.join(file);
    surroundings.environment.file(&path, PEM_BYTES_MAX).map_err(|error| error.to_string())
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err("it holds no certificate in PEM format".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn authorities(text: &str) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    certificates(text)?
        .into_iter()
        .try_for_each(|certificate| roots.add(certificate))
        .map_err(|error| error.to_string())
}

/// The error of the parser may repeat what it could not read.
fn key(text: &str) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| "it holds no private key in PEM format".to_owned())
}

/// What was read of a file, or nothing after saying why.
fn usable<T>(
    file: &str,
    read: Result<T, String>,
    path: Path,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> Option<T> {
    let file = surroundings.folder.join(file);
    let said = |why| problems.push((path, format!("the file `{}` cannot be used: {why}", file.display())));
    read.map_err(said).ok()
}
