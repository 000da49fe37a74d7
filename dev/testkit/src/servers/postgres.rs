//! PostgreSQL, in the newest version that is installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::process::{self, Program};
use super::{ServerTls, Software};

/// Where Debian has what it does not put on the path, by version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Who is let in where TLS is spoken: everybody over it, and on this machine's sockets.
const OVER_TLS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 trust";
/// The same for those who prove who they are.
const CLIENTS: &str = " clientcert=verify-ca";

#[derive(Debug, Default)]
pub(super) struct Postgres {
    tls: Option<ServerTls>,
}

impl Software for Postgres {
    fn variable(&self) -> &'static str {
        "TOLLGATE_TEST_POSTGRES_URL"
    }

    fn prepare(&self, folder: &Path) {
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(self.template()).arg(folder.join("data"));
        process::run(&mut copy);
        if let Some(tls) = &self.tls {
            tls.write(folder);
            let clients = if tls.clients_pem.is_some() { CLIENTS } else { "" };
            process::write(&folder.join("hba"), &format!("{OVER_TLS}{clients}\n"));
        }
    }

    fn program(&self, folder: &Path, port: Option<u16>) -> Program {
        let on_tcp = port.map(|port| ["listen_addresses=127.0.0.1".to_owned(), format!("port={port}")]);
        let on_socket = ["listen_addresses=".to_owned(), "port=5432".to_owned()];
        let mut arguments = vec!["-D".to_owned(), folder.join("data").display().to_string()];
        // Nothing has to outlive the machine.
        let all = [format!("unix_socket_directories={}", folder.display()), "fsync=off".to_owned()];
        let tls = self.tls.as_ref().map(|tls| tls_settings(tls, folder)).unwrap_or_default();
        for setting in all.into_iter().chain(on_tcp.unwrap_or(on_socket)).chain(tls) {
            arguments.extend(["-c".to_owned(), setting]);
        }
        let path = self.programs().join("postgres");
        Program {
            path,
            arguments,
            folder: folder.to_owned(),
            signal: "QUIT",
            ready: "ready to accept connections",
        }
    }

    fn url(&self, folder: &Path, port: Option<u16>) -> String {
        port.map_or_else(
            || format!("postgres://tollgate@localhost/postgres?host={}", folder.display()),
            |port| format!("postgres://tollgate@127.0.0.1:{port}/postgres"),
        )
    }
}

fn tls_settings(tls: &ServerTls, folder: &Path) -> Vec<String> {
    let file = |setting: &str, path: PathBuf| format!("{setting}={}", path.display());
    let mut settings = vec![
        "ssl=on".to_owned(),
        file("ssl_cert_file", ServerTls::certificate(folder)),
        file("ssl_key_file", ServerTls::private_key(folder)),
        file("hba_file", folder.join("hba")),
    ];
    settings.extend(tls.clients(folder).map(|path| file("ssl_ca_file", path)));
    settings
}

impl Postgres {
    pub(super) fn over(tls: ServerTls) -> Self {
        Self { tls: Some(tls) }
    }

    /// An empty database, made by the first test on this machine that needs one: that takes longer than all that a test does with it.
    fn template(&self) -> PathBuf {
        let programs = self.programs();
        let version = programs.parent().and_then(Path::file_name).unwrap().display();
        let template = env::temp_dir().join(format!("tollgate-postgres-{version}-of-{}", process::user()));
        if !template.exists() {
            let folder = process::folder();
            let made = folder.path().join("data");
            let words = process::as_nobody(&programs.join("initdb"));
            let mut make = Command::new(&words[0]);
            make.args(&words[1..]).arg("--pgdata").arg(&made).current_dir(folder.path());
            make.args(["--username=tollgate", "--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8"]);
            process::run(make.arg("--wal-segsize=1"));
            // Another test may have been faster.
            if let Err(error) = fs::rename(&made, &template) {
                assert!(template.exists(), "{error}");
            }
        }
        template
    }

    /// The folder of its programs.
    fn programs(&self) -> PathBuf {
        let version =
            |entry: fs::DirEntry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()));
        let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten().filter_map(version);
        let newest = versions.max().map(|(_, folder)| folder.join("bin/postgres"));
        let postgres = newest.or_else(|| process::on_path("postgres")).unwrap_or_else(|| {
            panic!(
                "missing PostgreSQL: install the package `postgresql`, or have {} name a running server",
                self.variable()
            )
        });
        // The path may hold links to single programs.
        fs::canonicalize(postgres).unwrap().parent().map(Path::to_path_buf).unwrap()
    }
}
