//! PgBouncer, before a PostgreSQL server.

use std::path::{Path, PathBuf};

use super::process::{self, Program};
use super::{DatabaseServer, Software};

/// Where Debian has it, which is not on everybody's path.
const DEBIAN: &str = "/usr/sbin/pgbouncer";

/// For how long a client has a connection to the server for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooled {
    /// As long as it is there.
    Sessions,
    /// For a transaction.
    Transactions,
}

#[derive(Debug)]
pub(super) struct Pooler {
    pooled: Pooled,
    server: DatabaseServer,
}

impl Pooler {
    /// Before a server on a socket.
    pub(super) fn new(pooled: Pooled, server: DatabaseServer) -> Self {
        Self { pooled, server }
    }
}

impl Software for Pooler {
    fn variable(&self) -> &'static str {
        "TOLLGATE_TEST_POSTGRES_URL"
    }

    fn prepare(&self, folder: &Path) {
        process::write(&folder.join("users"), "\"tollgate\" \"\"\n");
    }

    fn program(&self, folder: &Path, port: Option<u16>) -> Program {
        let path = process::on_path("pgbouncer").unwrap_or_else(|| PathBuf::from(DEBIAN));
        assert!(path.exists(), "missing PgBouncer: install the package `pgbouncer`");
        // It takes its port from there alone.
        let configuration = folder.join("configuration");
        process::write(&configuration, &self.configuration(folder, port.unwrap_or_default()));
        let arguments = vec![configuration.display().to_string()];
        Program { path, arguments, folder: folder.to_owned(), signal: "KILL", ready: "process up" }
    }

    fn url(&self, _folder: &Path, port: Option<u16>) -> String {
        format!("postgres://tollgate@127.0.0.1:{}/postgres", port.unwrap_or_default())
    }
}

impl Pooler {
    /// As short as one can be: what a client says at its start is neither ignored nor let through unseen.
    fn configuration(&self, folder: &Path, port: u16) -> String {
        let folder = folder.display();
        let socket = self.server.url().rsplit_once("?host=").unwrap().1;
        let pooled = match self.pooled {
            Pooled::Sessions => "session",
            Pooled::Transactions => "transaction",
        };
        format!(
            "[databases]\n* = host={socket} port=5432\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = trust\nauth_file = {folder}/users\npool_mode = {pooled}\n"
        )
    }
}
