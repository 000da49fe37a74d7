//! Redis, or Valkey.

use std::path::Path;

use super::Software;
use super::process::{self, Program};

#[derive(Debug)]
pub(super) struct Redis;

impl Software for Redis {
    fn variable(&self) -> &'static str {
        "TOLLGATE_TEST_REDIS_URL"
    }

    fn prepare(&self, _folder: &Path) {}

    fn program(&self, folder: &Path, port: Option<u16>) -> Program {
        let socket = folder.join("socket").display().to_string();
        let on_tcp = port.map(|port| vec!["--port".to_owned(), port.to_string()]);
        let on_socket = ["--port", "0", "--unixsocket", &socket].map(str::to_owned).to_vec();
        // It notes each change before it answers.
        let mut arguments =
            ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir"].map(str::to_owned).to_vec();
        arguments.push(folder.display().to_string());
        arguments.extend(on_tcp.unwrap_or(on_socket));
        let path = process::on_path("redis-server").or_else(|| process::on_path("valkey-server"));
        let path = path.unwrap_or_else(|| {
            panic!(
                "missing Redis: install the package `redis-server`, or have {} name a running server",
                self.variable()
            )
        });
        Program { path, arguments, folder: folder.to_owned(), signal: "KILL" }
    }

    fn url(&self, folder: &Path, port: Option<u16>) -> String {
        port.map_or_else(
            || format!("redis+unix://{}", folder.join("socket").display()),
            |port| format!("redis://127.0.0.1:{port}"),
        )
    }
}
