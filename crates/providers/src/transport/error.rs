//! Why a request got no answer, as facts; texts name hosts and addresses, never credentials, paths or queries.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use domain::{FailureClass, TimeoutStage};

use super::body::BoxError;
use super::http1::{AnswerProblem, Fault};

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The name has no address.
    #[error("cannot resolve `{host}`: {source}")]
    Resolve {
        /// The name.
        host: Box<str>,
        /// What the resolver says.
        source: io::Error,
    },
    /// The address policy forbids an address of the host.
    #[error(
        "`{host}` has the address {address}, which is not public, and only public addresses are allowed here"
    )]
    Refused {
        /// The name.
        host: Box<str>,
        /// The first forbidden address.
        address: IpAddr,
    },
    /// No address accepts connections.
    #[error("cannot connect to `{host}` at {address}: {source}")]
    Connect {
        /// The name, or that of the proxy.
        host: Box<str>,
        /// The address that failed last.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Name lookup, TCP, proxy and TLS together took too long.
    #[error("no connection to `{host}` within {} ms", after.as_millis())]
    ConnectTimeout {
        /// The name.
        host: Box<str>,
        /// The limit.
        after: Duration,
    },
    /// The TLS handshake failed.
    #[error("no tls connection to `{host}`: {source}")]
    Tls {
        /// The name, or that of the proxy.
        host: Box<str>,
        /// What the TLS library says.
        source: io::Error,
    },
    /// The proxy did not open a tunnel.
    #[error("the proxy `{proxy}` opened no tunnel to `{host}`: {problem}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: Box<str>,
        /// The name.
        host: Box<str>,
        /// What it did instead.
        problem: ProxyProblem,
    },
    /// HTTP/2 was asked for and the server does not speak it.
    #[error("`{host}` does not speak HTTP/2; set its `http_version` to 1.1")]
    NoHttp2 {
        /// The name.
        host: Box<str>,
    },
    /// The connection closed before an answer began.
    #[error("the provider closed the connection before it answered{}", if *.reused { " (a kept-alive one)" } else { "" })]
    Closed {
        /// Whether the connection had served a request before.
        reused: bool,
    },
    /// The answer is not valid HTTP/1.1.
    #[error("the provider's answer is not valid http: {0}")]
    Answer(#[source] AnswerProblem),
    /// The body of the request broke off.
    #[error("the request's body broke off: {0}")]
    Request(#[source] BoxError),
    /// Reading or writing failed, other than by the provider hanging up.
    #[error("the exchange with the provider failed: {0}")]
    Io(#[source] io::Error),
    /// An exchange over HTTP/2 failed otherwise.
    #[error("the exchange with the provider failed: {}", Chain(.0))]
    Http2(#[source] hyper::Error),
}

/// What a proxy did instead of opening a tunnel.
#[derive(Debug, thiserror::Error)]
pub enum ProxyProblem {
    /// It answered with a status outside of 2xx.
    #[error("it answered with status {status}{}", if *.status == 407 { ": check the user and password in the proxy URL" } else { "" })]
    Status {
        /// The status.
        status: u16,
    },
    /// It answered something that is not HTTP, or too much of it.
    #[error("its answer is not HTTP")]
    NotHttp,
    /// It hung up.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl SendError {
    /// An exchange over HTTP/1.1 that ended without an answer.
    pub(super) fn from_fault(fault: Fault, reused: bool) -> Self {
        match fault {
            Fault::Closed => Self::Closed { reused },
            Fault::Io(error) => Self::Io(error),
            Fault::Answer(problem) => Self::Answer(problem),
            Fault::Request(error) => Self::Request(error),
        }
    }

    /// Whose fault it was.
    #[must_use]
    pub fn failure_class(&self) -> FailureClass {
        match self {
            Self::Resolve { .. }
            | Self::Refused { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Proxy { .. }
            | Self::NoHttp2 { .. } => FailureClass::Connect,
            Self::ConnectTimeout { .. } => FailureClass::Timeout(TimeoutStage::Connect),
            Self::Closed { .. } | Self::Answer(_) | Self::Request(_) | Self::Io(_) | Self::Http2(_) => {
                FailureClass::Broken
            }
        }
    }
}

/// Why an answer's body broke off.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The provider closed the connection before the body had ended.
    #[error("the provider's answer broke off: the connection closed before its end")]
    Closed,
    /// The body is not valid HTTP/1.1.
    #[error("the provider's answer broke off: {0}")]
    Answer(#[source] AnswerProblem),
    /// The body of the request, which was still being sent, broke off.
    #[error("the provider's answer broke off, since the request's body did: {0}")]
    Request(#[source] BoxError),
    /// Reading or writing failed.
    #[error("the provider's answer broke off: {0}")]
    Io(#[source] io::Error),
    /// The exchange over HTTP/2 failed.
    #[error("the provider's answer broke off: {}", Chain(.0))]
    Http2(#[source] hyper::Error),
}

impl From<Fault> for BodyError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Closed => Self::Closed,
            Fault::Io(error) => Self::Io(error),
            Fault::Answer(problem) => Self::Answer(problem),
            Fault::Request(error) => Self::Request(error),
        }
    }
}

/// An error with its causes, since hyper tells only the outermost one.
struct Chain<'a>(&'a hyper::Error);

/// Far more than any real chain has.
const CAUSES_MAX: usize = 8;

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        for _ in 0..CAUSES_MAX {
            let Some(error) = cause else { break };
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
