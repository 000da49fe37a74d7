//! What happened: a digest, by which two courses are compared, and the lines themselves where somebody reads them.

use std::fmt::Arguments;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The course so far.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    digest: DefaultHasher,
    pub(crate) lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(is_read: bool) -> Self {
        Self { digest: DefaultHasher::new(), lines: is_read.then(Vec::new) }
    }

    /// Something happens.
    pub(crate) fn note(&mut self, at: Duration, what: Arguments<'_>) {
        let line = format!("{at:?} {what}");
        line.hash(&mut self.digest);
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// The same for the same course.
    pub(crate) fn digest(&self) -> u64 {
        self.digest.finish()
    }
}
