//! Why a token or keys could not be had; texts tell no secret.

use std::io;

use crate::transport::SendError;

/// Why a token or keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchProblem {
    /// Nobody answered.
    #[error("{endpoint} cannot be reached: {source}")]
    Unreachable {
        /// The host that was asked.
        endpoint: String,
        /// What the transport says.
        source: Box<SendError>,
    },
    /// The answer did not come in time.
    #[error("{endpoint} did not answer within {seconds} s")]
    Silent {
        /// The host that was asked.
        endpoint: String,
        /// The limit.
        seconds: u64,
    },
    /// It was refused.
    #[error("{endpoint} answered with status {status}: {words}")]
    Refused {
        /// The host that was asked.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// The answer's own words, without the secrets that were sent.
        words: String,
    },
    /// The answer is not what it should be.
    #[error("{endpoint} answered what is not understood: {why}")]
    Unexpected {
        /// The host that was asked.
        endpoint: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file cannot be read.
    #[error("the file `{path}` cannot be read: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// What was read from a file or a setting cannot be used.
    #[error("{place}: {why}")]
    Unusable {
        /// The file or the setting.
        place: String,
        /// What is wrong and what to do.
        why: String,
    },
}

impl FetchProblem {
    /// What was read at `place` cannot be used.
    pub(crate) fn unusable(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Unusable { place: place.into(), why: why.into() }
    }
}
