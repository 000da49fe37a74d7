//! What a sign-in takes from outside: the network, files, time and chance. `tollgate` hands them in.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header;

use super::exchange::Call;
use super::problem::FetchProblem;
use crate::transport::{Transport, TransportProblem, TransportSettings};

/// Reads the text of a file, up to a number of bytes.
pub type ReadFile = dyn Fn(&Path, u64) -> io::Result<String> + Send + Sync;

/// What an [`Outside`] is made of.
pub struct OutsideParts {
    /// The way to token endpoints, with the proxy and the certificate authorities of the configuration.
    pub transport: Transport,
    /// Tokens and keys in files.
    pub read_file: Box<ReadFile>,
    /// The time of day.
    pub wall_clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// 64 random bits per call.
    pub random: Box<dyn Fn() -> u64 + Send + Sync>,
}

/// What a sign-in takes from outside; clones share everything.
#[derive(Clone)]
pub struct Outside(Arc<Shared>);

struct Shared {
    parts: OutsideParts,
    /// The way to the services of the machine itself, which no proxy could reach.
    machine: Transport,
}

/// The longest file with a token or a key.
const FILE_BYTES_MAX: u64 = 256 << 10;

impl Outside {
    /// Puts the parts together. Opens no connection.
    ///
    /// # Errors
    /// When there cannot be a transport.
    pub fn new(parts: OutsideParts) -> Result<Self, TransportProblem> {
        let machine = Transport::new(TransportSettings::default())?;
        Ok(Self(Arc::new(Shared { parts, machine })))
    }

    /// The way to hosts of the network.
    pub(crate) fn network(&self) -> &Transport {
        &self.0.parts.transport
    }

    /// The way to the services of the machine itself.
    pub(crate) fn machine(&self) -> &Transport {
        &self.0.machine
    }

    /// A document that anybody may have: at most 256 KiB, within 15 seconds.
    ///
    /// # Errors
    /// With why it could not be had.
    pub async fn document(&self, url: &str) -> Result<Bytes, String> {
        let fetched = async { Call::to(url)?.send(self).await };
        fetched.await.map(|answer| answer.body).map_err(|problem: FetchProblem| problem.to_string())
    }

    /// The answer to a form that only one client may send, bounded as a document is. Nothing of what it says stands in an error.
    ///
    /// # Errors
    /// With why it could not be had.
    pub async fn answer_to_form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        authorization: Option<&str>,
    ) -> Result<Bytes, String> {
        let answered = async {
            let mut call = Call::to(url)?.with_form(fields);
            for (_, value) in fields {
                call = call.hiding(value);
            }
            if let Some(authorization) = authorization {
                call = call.with_header(header::AUTHORIZATION, authorization)?;
            }
            call.send(self).await
        };
        answered.await.map(|answer| answer.body).map_err(|problem: FetchProblem| problem.to_string())
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0.parts.wall_clock)()
    }

    pub(crate) fn random(&self) -> u64 {
        (self.0.parts.random)()
    }

    /// Reads a file on a thread where that may take its time.
    pub(crate) async fn read(&self, path: &str) -> Result<String, FetchProblem> {
        let (shared, file) = (Arc::clone(&self.0), path.to_owned());
        let reading =
            tokio::task::spawn_blocking(move || (shared.parts.read_file)(Path::new(&file), FILE_BYTES_MAX));
        let read = reading.await.map_err(io::Error::other).flatten();
        read.map_err(|source| FetchProblem::File { path: path.to_owned(), source })
    }
}
