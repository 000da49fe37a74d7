//! Redis and Valkey.

use std::fs;
use std::path::{Path, PathBuf};

use super::process::{self, Program};
use super::{ServerTls, Software};

/// Where `cargo xtask test` puts a Valkey.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/bin/valkey-server");

#[derive(Debug, Default)]
pub(super) struct Redis {
    tls: Option<ServerTls>,
    is_valkey: bool,
}

impl Redis {
    pub(super) fn over(tls: ServerTls) -> Self {
        Self { tls: Some(tls), is_valkey: false }
    }

    pub(super) fn valkey() -> Self {
        Self { tls: None, is_valkey: true }
    }

    fn path(&self, folder: &Path) -> PathBuf {
        let valkey = process::on_path("valkey-server");
        if self.is_valkey {
            return valkey.unwrap_or_else(|| folder.join("valkey-server"));
        }
        process::on_path("redis-server").or(valkey).unwrap_or_else(|| {
            panic!(
                "missing Redis: install the package `redis-server`, or have {} name a running server",
                self.variable()
            )
        })
    }
}

impl Software for Redis {
    fn variable(&self) -> &'static str {
        if self.is_valkey { "TOLLGATE_TEST_VALKEY_URL" } else { "TOLLGATE_TEST_REDIS_URL" }
    }

    fn prepare(&self, folder: &Path) {
        if let Some(tls) = &self.tls {
            tls.write(folder);
        }
        // Nobody may come by the folder that it is in.
        if self.is_valkey && process::on_path("valkey-server").is_none() {
            fs::copy(TOOLS, folder.join("valkey-server")).unwrap_or_else(|_| {
                panic!(
                    "missing Valkey: `cargo xtask test --only nextest` fetches it; or install `valkey-server`, or have {} name a running one",
                    self.variable()
                )
            });
        }
    }

    fn program(&self, folder: &Path, port: Option<u16>) -> Program {
        let socket = folder.join("socket").display().to_string();
        let on_tcp = port.map(|port| match &self.tls {
            Some(tls) => tls_arguments(tls, folder, port),
            None => vec!["--port".to_owned(), port.to_string()],
        });
        let on_socket = ["--port", "0", "--unixsocket", &socket].map(str::to_owned).to_vec();
        // It notes each change before it answers.
        let mut arguments =
            ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir"].map(str::to_owned).to_vec();
        arguments.push(folder.display().to_string());
        arguments.extend(on_tcp.unwrap_or(on_socket));
        let path = self.path(folder);
        Program {
            path,
            arguments,
            folder: folder.to_owned(),
            signal: "KILL",
            ready: "ready to accept connections",
        }
    }

    fn url(&self, folder: &Path, port: Option<u16>) -> String {
        port.map_or_else(
            || format!("redis+unix://{}", folder.join("socket").display()),
            |port| format!("{}://127.0.0.1:{port}", if self.tls.is_some() { "rediss" } else { "redis" }),
        )
    }
}

fn tls_arguments(tls: &ServerTls, folder: &Path, port: u16) -> Vec<String> {
    let path = |path: PathBuf| path.display().to_string();
    let mut arguments: Vec<_> = ["--port", "0", "--tls-port"].map(str::to_owned).into();
    arguments.push(port.to_string());
    arguments.extend(["--tls-cert-file".to_owned(), path(ServerTls::certificate(folder))]);
    arguments.extend(["--tls-key-file".to_owned(), path(ServerTls::private_key(folder))]);
    arguments.push("--tls-auth-clients".to_owned());
    match tls.clients(folder) {
        Some(clients) => arguments.extend(["yes".to_owned(), "--tls-ca-cert-file".to_owned(), path(clients)]),
        None => arguments.push("no".to_owned()),
    }
    arguments
}
