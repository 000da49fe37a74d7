//! Real database servers, each a test's own: started from the system's packages in a folder of its own, ended with the test.
//!
//! A variable of the environment may name a running server instead, where a test does not have to stop it.

mod pooler;
mod postgres;
mod process;
mod redis;
mod tls;

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use tempfile::TempDir;

use pooler::Pooler;
use postgres::Postgres;
use process::{Process, Program};
use redis::Redis;

pub use pooler::Pooled;
pub use tls::ServerTls;

/// A server with nothing in it.
#[derive(Debug)]
pub struct DatabaseServer {
    url: String,
    own: Option<Own>,
}

/// One that the test may stop.
#[derive(Debug)]
struct Own {
    software: Box<dyn Software>,
    folder: TempDir,
    process: Option<Process>,
}

/// What is particular to a server.
trait Software: std::fmt::Debug + Send + Sync {
    /// The variable that names a running one.
    fn variable(&self) -> &'static str;
    /// Makes what it needs in its folder.
    fn prepare(&self, folder: &Path);
    /// Starts it, listening on a port or else on a socket in its folder.
    fn program(&self, folder: &Path, port: Option<u16>) -> Program;
    /// Where it is then.
    fn url(&self, folder: &Path, port: Option<u16>) -> String;
}

impl DatabaseServer {
    /// A PostgreSQL server on a TCP port: one of the test's own, or the one that `TOLLGATE_TEST_POSTGRES_URL` names.
    ///
    /// # Panics
    /// When there is neither.
    #[must_use]
    pub fn postgres() -> Self {
        Self::on_port(Postgres::default())
    }

    /// A PostgreSQL server of the test's own on a socket, where it is found again after it was stopped.
    ///
    /// # Panics
    /// When its programs are missing.
    #[must_use]
    pub fn postgres_on_socket() -> Self {
        Self::on_socket(Postgres::default())
    }

    /// A Redis server on a TCP port: one of the test's own, or the one that `TOLLGATE_TEST_REDIS_URL` names.
    ///
    /// # Panics
    /// When there is neither.
    #[must_use]
    pub fn redis() -> Self {
        Self::on_port(Redis::default())
    }

    /// A Valkey server on a TCP port: one of the test's own, or the one that `TOLLGATE_TEST_VALKEY_URL` names.
    ///
    /// # Panics
    /// When there is neither.
    #[must_use]
    pub fn valkey() -> Self {
        Self::on_port(Redis::valkey())
    }

    /// A Redis server of the test's own on a socket, where it is found again after it was stopped.
    ///
    /// # Panics
    /// When its program is missing.
    #[must_use]
    pub fn redis_on_socket() -> Self {
        Self::on_socket(Redis::default())
    }

    /// A PostgreSQL server of the test's own that lets in nobody but over TLS.
    ///
    /// # Panics
    /// When its programs are missing.
    #[must_use]
    pub fn postgres_over_tls(tls: ServerTls) -> Self {
        Self::on_own_port(Box::new(Postgres::over(tls)))
    }

    /// A Redis server of the test's own that speaks TLS alone.
    ///
    /// # Panics
    /// When its program is missing.
    #[must_use]
    pub fn redis_over_tls(tls: ServerTls) -> Self {
        Self::on_own_port(Box::new(Redis::over(tls)))
    }

    /// A PostgreSQL server of the test's own, reached through a PgBouncer.
    ///
    /// # Panics
    /// When one of them is missing.
    #[must_use]
    pub fn postgres_behind_pooler(pooled: Pooled) -> Self {
        Self::on_own_port(Box::new(Pooler::new(pooled, Self::postgres_on_socket())))
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills a server on a socket; what was written stays.
    pub fn stop(&mut self) {
        self.own.as_mut().unwrap().process = None;
    }

    /// Kills all processes of a server on a socket where they are, so that not even its own way of breaking off is gone through.
    pub fn kill(&mut self) {
        self.process().kill();
        self.stop();
    }

    /// Starts a server on a socket again where it was.
    pub fn start_again(&mut self) {
        let own = self.own.as_mut().unwrap();
        own.process = Some(Process::start(&own.software.program(own.folder.path(), None)).unwrap());
    }

    /// Stops it where it is: what is asked of it gets no answer.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process().resume();
    }

    fn on_port(software: impl Software + 'static) -> Self {
        match named(software.variable()) {
            Some(url) => Self { url, own: None },
            None => Self::on_own_port(Box::new(software)),
        }
    }

    fn on_own_port(software: Box<dyn Software>) -> Self {
        let folder = process::folder();
        software.prepare(folder.path());
        let (process, port) = Process::start_on_port(|port| software.program(folder.path(), Some(port)));
        let url = software.url(folder.path(), Some(port));
        Self { url, own: Some(Own { software, folder, process: Some(process) }) }
    }

    fn on_socket(software: impl Software + 'static) -> Self {
        let folder = process::folder();
        software.prepare(folder.path());
        let url = software.url(folder.path(), None);
        let own = Own { software: Box::new(software), folder, process: None };
        let mut server = Self { url, own: Some(own) };
        server.start_again();
        server
    }

    fn process(&self) -> &Process {
        self.own.as_ref().and_then(|own| own.process.as_ref()).unwrap()
    }
}

/// A name that nobody else has on a server, such as `t0123456789abcdef`.
#[must_use]
pub fn unique_name() -> String {
    // The keys of the standard library's hash are its only source of randomness.
    format!("t{:016x}", RandomState::new().hash_one(()))
}

#[expect(clippy::disallowed_methods, reason = "the one place where tests are told of running servers")]
fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}
