//! How an exchange over one connection ends early, before anybody knows whether an answer had begun.

use std::io;

use super::problem::AnswerProblem;
use crate::transport::body::BoxError;

/// Why an exchange broke off.
#[derive(Debug)]
pub(in crate::transport) enum Fault {
    /// The server closed the connection.
    Closed,
    /// Reading or writing failed otherwise.
    Io(io::Error),
    /// The answer is not valid HTTP.
    Answer(AnswerProblem),
    /// The body of the request has no more pieces, though it has not ended.
    Request(BoxError),
}

impl From<io::Error> for Fault {
    /// Tells the ways apart in which the operating system and the TLS library say that the other side hung up.
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}
