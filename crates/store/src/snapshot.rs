//! What a registry said last, in a file of the process's own: so that it starts with it while the registry's server is down.
//!
//! The file is sealed with a key that the fleet has anyway, and bound to the fleet's namespace, so that neither what a leaked disk holds can be
//! read, nor another fleet's file be taken for this one's.

mod form;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use domain::ports::registry::Register;

/// What such a file begins with, and which form it has.
const BEGINNING: &[u8] = b"TOLLGATE REGISTRY SNAPSHOT 1\n";
/// What keys for such files are derived with, so that they are none for anything else.
const PURPOSE: &[u8] = b"tollgate registry snapshot";
/// Larger files are neither written nor read: some hundred thousand objects.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Nobody but us reads what we wrote.
const MODE: u32 = 0o600;
const KEY_BYTES: usize = 32;

/// A file with what a registry said last.
pub struct SnapshotFile {
    path: PathBuf,
    key: [u8; KEY_BYTES],
    /// What the file is bound to.
    namespace: Box<str>,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotProblem {
    /// The system does not let us.
    #[error(transparent)]
    System(#[from] io::Error),
    /// It holds something else, is damaged, or was sealed with another key or for another namespace.
    #[error("it was not written by a replica of this gateway with the same key, or is damaged")]
    Foreign,
    /// There is more than such files are for.
    #[error("it would have more than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// The system has no randomness.
    #[error("it cannot be sealed")]
    NotSealed,
}

impl SnapshotFile {
    /// A file at `path`, for replicas that all know `secret` and have the same namespace.
    ///
    /// # Errors
    /// When no key can be made of the secret.
    pub fn new(path: PathBuf, secret: &[u8], namespace: &str) -> Result<Self, SnapshotProblem> {
        let derived = Salt::new(HKDF_SHA256, PURPOSE).extract(secret);
        let mut key = [0; KEY_BYTES];
        let filled = derived.expand(&[namespace.as_bytes()], KeyBytes).and_then(|made| made.fill(&mut key));
        filled.map_err(|_| SnapshotProblem::NotSealed)?;
        Ok(Self { path, key, namespace: namespace.into() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was written last; none without a file.
    ///
    /// # Errors
    /// When there is a file that is of no use.
    pub fn read(&self) -> Result<Option<Register>, SnapshotProblem> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        self.open(&bytes).map(Some)
    }

    /// Writes what a registry says, in place of what was written before and as a whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written; what was written before stays.
    pub fn write(&self, register: &Register) -> Result<(), SnapshotProblem> {
        let bytes = self.seal(register)?;
        let beside = self.beside();
        let written = write_private(&beside, &bytes).and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // Whether or not it came to be, nothing of it is left.
            let _ = fs::remove_file(&beside);
        }
        written?;
        // The name, too, has to outlive the machine.
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// A name in the same folder that no other process uses.
    fn beside(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        self.path.with_file_name(name)
    }

    fn seal(&self, register: &Register) -> Result<Vec<u8>, SnapshotProblem> {
        let mut sealed = form::written(register);
        let nonce = self.cipher()?.seal_in_place_append_tag(self.bound_to(), &mut sealed);
        let nonce = nonce.map_err(|_| SnapshotProblem::NotSealed)?;
        let bytes = [BEGINNING, nonce.as_ref(), &sealed].concat();
        match u64::try_from(bytes.len()) {
            Ok(length) if length <= FILE_BYTES_MAX => Ok(bytes),
            _ => Err(SnapshotProblem::TooLarge),
        }
    }

    fn open(&self, bytes: &[u8]) -> Result<Register, SnapshotProblem> {
        let rest = bytes.strip_prefix(BEGINNING).ok_or(SnapshotProblem::Foreign)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SnapshotProblem::Foreign)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.cipher()?.open_in_place(nonce, self.bound_to(), &mut sealed);
        let opened = opened.map_err(|_| SnapshotProblem::Foreign)?;
        form::read(opened).ok_or(SnapshotProblem::Foreign)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SnapshotProblem> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.key).map_err(|_| SnapshotProblem::NotSealed)
    }

    fn bound_to(&self) -> Aad<Vec<u8>> {
        Aad::from([BEGINNING, self.namespace.as_bytes()].concat())
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a process of the same number left there is not ours to trust, its mode least of all.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// How long a key is.
struct KeyBytes;

impl KeyType for KeyBytes {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl fmt::Debug for SnapshotFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("SnapshotFile");
        text.field("path", &self.path).field("namespace", &self.namespace).finish_non_exhaustive()
    }
}
