//! What a configuration may read from outside: environment variables and files, behind a trait so that a test decides
//! what there is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The outside of a configuration.
pub trait Environment: Send + Sync {
    /// The value of an environment variable, `None` when it is not set.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file.
    ///
    /// # Errors
    /// When it cannot be read, is not UTF-8, or is longer than `bytes_max`.
    fn file(&self, path: &Path, bytes_max: u64) -> io::Result<String>;
}

/// Files of the disk, and variables as the given function has them (the process hands in its own).
pub struct DiskEnvironment<V>(pub V);

impl<V: Fn(&str) -> Option<String> + Send + Sync> Environment for DiskEnvironment<V> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    fn file(&self, path: &Path, bytes_max: u64) -> io::Result<String> {
        let mut text = String::new();
        // One byte more than allowed tells a file that is too long from one that just fits.
        let read = File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
        if read as u64 > bytes_max {
            return Err(io::Error::other(format!("it is longer than {bytes_max} bytes")));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{DiskEnvironment, Environment};

    #[test]
    fn a_file_is_read_up_to_its_bound_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "12345").unwrap();
        let environment = DiskEnvironment(|name: &str| (name == "A").then(|| "b".to_owned()));
        assert_eq!(environment.file(&path, 5).unwrap(), "12345");
        assert_eq!(environment.file(&path, 4).unwrap_err().to_string(), "it is longer than 4 bytes");
        assert!(environment.file(folder.path(), 4).is_err());
        assert_eq!(environment.variable("A").as_deref(), Some("b"));
    }
}
