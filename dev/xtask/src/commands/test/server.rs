//! A Tollgate of the debug build for the steps that need one: a fresh folder, a free port, the built-in scripted provider.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::clock::Stopwatch;
use crate::process;

/// The program writes two lines long before this.
const START_MAX: Duration = Duration::from_secs(30);

/// Longer than the grace that `serve` gives to open requests.
const STOP_MAX: Duration = Duration::from_secs(30);

/// Lines that may wait to be read while the program starts.
const WAITING_LINES_MAX: usize = 64;

/// What reaches the program from outside. No provider's credential does: without one it serves its scripted provider.
const VARIABLES_KEPT: &[&str] = &["PATH", "HOME", "TMPDIR"];

/// The suites provoke failures again and again, and each test expects the ones that it provokes.
const WITHOUT_BREAKERS: &str = "\ndefaults: { circuit_breaker: { enabled: false } }\n";

/// A running Tollgate; ended for certain when dropped.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    access: Access,
}

/// How to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
    /// The first key.
    pub(super) key: String,
}

impl Server {
    /// Starts `target/debug/tollgate` and waits until it says where it listens and its first key.
    pub(super) fn start(root: &Path) -> Result<Self> {
        let folder = root.join("target/xtask/serve");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut command = Command::new(root.join("target/debug/tollgate"));
        command.args(["serve", "--config", "tollgate.yaml", "--listen", "127.0.0.1:0"]);
        keep_only(&mut command, VARIABLES_KEPT);
        let server = Self::spawn(&mut command, folder)?;
        // The file was made by the first start, and is read again when it changes.
        let file = server.folder.join("tollgate.yaml");
        File::options().append(true).open(&file)?.write_all(WITHOUT_BREAKERS.as_bytes())?;
        Ok(server)
    }

    fn spawn(command: &mut Command, folder: PathBuf) -> Result<Self> {
        command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(folder.join("stderr.log"))?);
        let mut child =
            command.spawn().with_context(|| format!("cannot start `{}`", process::describe(command)))?;
        let access = announced(&mut child, &folder);
        match access {
            Ok(access) => Ok(Self { child, folder, access }),
            Err(error) => {
                process::kill(&mut child);
                Err(error.context(format!(
                    "`{}` did not start:\n{}",
                    process::describe(command),
                    log(&folder)
                )))
            }
        }
    }

    /// Lets a command reach the server through `TOLLGATE_URL` and `TOLLGATE_KEY`.
    pub(super) fn lend(&self, command: &mut Command) {
        command.env("TOLLGATE_URL", &self.access.url).env("TOLLGATE_KEY", &self.access.key);
    }

    /// Runs `work` and then stops the server. A server that ends badly is a failure, after one of the work.
    pub(super) fn during(self, work: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        work(&self)
            .map_err(|error| error.context(format!("the server's log is in {}", self.folder.display())))?;
        self.stop()
    }

    /// Asks it to end as a service manager would; an error if it does not end, or not with success.
    fn stop(mut self) -> Result<()> {
        process::terminate(&self.child)?;
        match process::wait_bounded(&mut self.child, STOP_MAX)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("the server ended badly on SIGTERM ({status}):\n{}", log(&self.folder)),
            None => {
                bail!("the server still ran {} s after SIGTERM:\n{}", STOP_MAX.as_secs(), log(&self.folder))
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::kill(&mut self.child);
    }
}

fn announced(child: &mut Child, folder: &Path) -> Result<Access> {
    let output = child.stdout.take().context("the server's output is not piped")?;
    let mut log = File::create(folder.join("stdout.log"))?;
    let (sender, lines) = mpsc::sync_channel(WAITING_LINES_MAX);
    // Ends with the server, whose output it must go on reading.
    thread::spawn(move || copy_lines(output, &mut log, &sender));
    read_access(&lines)
}

/// Writes each line to the log, and also hands it on as long as somebody listens.
fn copy_lines(output: impl Read, log: &mut impl Write, sender: &SyncSender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        writeln!(log, "{line}").ok();
        sender.try_send(line).ok();
    }
}

fn read_access(lines: &Receiver<String>) -> Result<Access> {
    let stopwatch = Stopwatch::start();
    let (mut url, mut key) = (None, None);
    loop {
        if let (Some(url), Some(key)) = (&url, &key) {
            return Ok(Access { url: String::clone(url), key: String::clone(key) });
        }
        let left = START_MAX.saturating_sub(stopwatch.elapsed());
        let line = lines.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                anyhow!("no `listening on` and `key` line after {} s", START_MAX.as_secs())
            }
            RecvTimeoutError::Disconnected => anyhow!("it ended before its `listening on` and `key` lines"),
        })?;
        url = url.or_else(|| word_after(&line, "listening on "));
        key = key.or_else(|| word_after(&line, "key "));
    }
}

/// The first word after a label that starts the line.
fn word_after(line: &str, label: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix(label)?;
    rest.split_whitespace().next().map(str::to_owned)
}

fn log(folder: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    format!("{}{}", read("stdout.log"), read("stderr.log"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "hands on what a program needs to run at all, and nothing else"
)]
fn keep_only(command: &mut Command, names: &[&str]) {
    command.env_clear();
    for name in names {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> (tempfile::TempDir, Result<Server>) {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::spawn(&mut process::shell(script), folder.path().to_path_buf());
        (folder, server)
    }

    const ANNOUNCE: &str = "echo 'key tg-abc (shown once)'; echo 'listening on http://127.0.0.1:4711'; ";

    #[test]
    fn a_server_is_reached_by_what_it_announced_and_ends_cleanly() {
        let (_folder, server) =
            start(&format!("trap 'exit 0' TERM; {ANNOUNCE} while :; do sleep 0.01; done"));
        let mut seen = String::new();
        let work = |server: &Server| {
            let mut command = process::shell("echo $TOLLGATE_URL $TOLLGATE_KEY");
            server.lend(&mut command);
            seen = process::output(&mut command)?;
            Ok(())
        };
        server.unwrap().during(work).unwrap();
        assert_eq!(seen, "http://127.0.0.1:4711 tg-abc\n");
    }

    #[test]
    fn a_server_that_ends_badly_is_a_failure() {
        let (_folder, server) =
            start(&format!("trap 'echo late; exit 3' TERM; {ANNOUNCE} while :; do sleep 0.01; done"));
        let error = server.unwrap().during(|_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("ended badly on SIGTERM (exit status: 3)"), "{error}");
    }

    #[test]
    fn a_server_that_does_not_start_shows_its_log() {
        let (_folder, server) = start("echo 'port taken' >&2; exit 1");
        let error = format!("{:#}", server.err().unwrap());
        assert!(error.contains("port taken") && error.contains("it ended before"), "{error}");
    }

    #[test]
    fn the_failure_of_the_work_comes_first() {
        let (folder, server) = start(&format!("{ANNOUNCE} exec tail -f /dev/null"));
        let error = format!("{:#}", server.unwrap().during(|_| bail!("two tests failed")).unwrap_err());
        assert!(error.ends_with("two tests failed"), "{error}");
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
    }

    #[test]
    fn nothing_but_the_named_variables_reaches_the_program() {
        let mut command = Command::new("sh");
        keep_only(&mut command, &["PATH"]);
        let names: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["PATH"]);
    }
}
