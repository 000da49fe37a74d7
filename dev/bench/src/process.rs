//! Child processes: pinned to a core, ended with their owner whatever happens to it, their output kept for messages.

pub(crate) mod pinning;
pub(crate) mod usage;

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::http1::Messages;

/// How long a ready child may take to answer one probe.
const PROBE_MAX: Duration = Duration::from_secs(2);

/// The pause between two probes: it bounds the precision of a start time.
const PROBE_PAUSE: Duration = Duration::from_micros(100);

/// How much of a child's log a message shows.
const LOG_TAIL_BYTES_MAX: u64 = 2000;

/// Proxies from the environment would stand between the gateway and the fake provider.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/// How to start one child.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// The name in messages.
    pub(crate) name: String,
    /// The executable.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// What is added to the environment.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// The core it may use.
    pub(crate) core: usize,
    /// The file for its output.
    pub(crate) log: PathBuf,
}

/// A running child, killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    log: PathBuf,
    started: Instant,
}

impl Launch {
    /// The command with its pin. `setpriv` has the kernel kill the child when this process dies, even by a signal that cannot
    /// be caught; each tool replaces itself, so the child's id stays the same.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "taskset", "--cpu-list", &self.core.to_string()]);
        command.arg(&self.program);
        self.complete(command)
    }

    /// Starts a server whose output goes to its log.
    pub(crate) fn start(&self) -> anyhow::Result<Running> {
        self.spawn(self.command())
    }

    /// The same with no tool before it, whose own start would count: the child inherits the pin of the thread that starts it.
    pub(crate) fn start_bare(&self) -> anyhow::Result<Running> {
        let start = || {
            pinning::pin_this_thread(self.core)?;
            self.spawn(self.complete(Command::new(&self.program)))
        };
        thread::scope(|scope| {
            scope.spawn(start).join().unwrap_or_else(|_| bail!("the thread that starts {} broke", self.name))
        })
    }

    fn complete(&self, mut command: Command) -> Command {
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        // Whatever a server writes into its working folder belongs beside its log.
        if let Some(folder) = self.log.parent() {
            command.current_dir(folder);
        }
        for variable in PROXY_VARIABLES {
            command.env_remove(variable);
        }
        command
    }

    fn spawn(&self, mut command: Command) -> anyhow::Result<Running> {
        let log = File::create(&self.log).with_context(|| format!("cannot create {}", self.log.display()))?;
        let errors = log.try_clone().context("cannot share a log")?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}; are setpriv and taskset installed?", self.name))?;
        Ok(Running { name: self.name.clone(), child, log: self.log.clone(), started })
    }
}

impl Running {
    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Probes `path` until it answers 200, and says how long after the start that was.
    pub(crate) fn wait_ready(
        &mut self,
        address: SocketAddr,
        path: &str,
        limit: Duration,
    ) -> anyhow::Result<Duration> {
        let mut last = String::from("no connection");
        while self.started.elapsed() < limit {
            match probe(address, path) {
                Ok(200) => return Ok(self.started.elapsed()),
                Ok(status) => last = format!("status {status}"),
                Err(error) => last = error.to_string(),
            }
            if let Some(status) = self.child.try_wait().context("cannot ask for a child's state")? {
                bail!(
                    "{} ended before it was ready ({status}); its last output: {}",
                    self.name,
                    self.log_tail()
                );
            }
            thread::sleep(PROBE_PAUSE);
        }
        bail!(
            "{} was not ready after {} s (GET {path}: {last}); its last output: {}",
            self.name,
            limit.as_secs(),
            self.log_tail()
        )
    }

    fn log_tail(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.log).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES_MAX)))?;
            file.take(LOG_TAIL_BYTES_MAX).read_to_end(&mut bytes)
        });
        match read {
            Ok(0) => "(nothing)".to_owned(),
            Ok(_) => String::from_utf8_lossy(&bytes).trim().to_owned(),
            Err(error) => format!("(cannot be read: {error})"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the child has already ended.
        self.child.kill().unwrap_or_default();
        self.child.wait().map(|_| ()).unwrap_or_default();
    }
}

/// A port of the loopback address that was free a moment ago.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .context("cannot find a free port")
}

/// Reads the body of a `GET`.
pub(crate) fn get(address: SocketAddr, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
    let stream = TcpStream::connect_timeout(&address, PROBE_MAX)?;
    stream.set_read_timeout(Some(PROBE_MAX))?;
    let mut messages = Messages::new(stream);
    messages
        .write(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let head = messages.read_head(status)?.context("the connection closed without an answer")?;
    let mut body = Vec::new();
    messages.read_body(head.framing, |payload| {
        body.extend_from_slice(payload);
        ControlFlow::Continue(())
    })?;
    Ok((head.first_line, body))
}

/// The status in a response's first line, 0 when it has none.
pub(crate) fn status(first_line: &[u8]) -> u16 {
    let code = first_line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(code).ok().and_then(|code| code.parse().ok()).unwrap_or_default()
}

fn probe(address: SocketAddr, path: &str) -> anyhow::Result<u16> {
    get(address, path).map(|(status, _)| status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(program: &str, arguments: &[&str], folder: &tempfile::TempDir) -> Launch {
        Launch {
            name: program.to_owned(),
            program: PathBuf::from(program),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment: Vec::new(),
            core: 0,
            log: folder.path().join("log"),
        }
    }

    #[test]
    fn a_status_line_gives_its_code() {
        assert_eq!(status(b"HTTP/1.1 503 Service Unavailable"), 503);
        assert_eq!(status(b"HTTP/1.1 200"), 200);
        assert_eq!(status(b"nonsense"), 0);
    }

    #[test]
    fn a_child_that_ends_early_is_reported_with_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let mut running =
            launch("sh", &["-c", "echo the configuration is wrong; exit 3"], &folder).start().unwrap();
        let error = running
            .wait_ready(free_address().unwrap(), "/", Duration::from_secs(20))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("ended before it was ready") && error.contains("the configuration is wrong"),
            "{error}"
        );
    }

    #[test]
    fn both_ways_of_starting_pin_the_child() {
        let folder = tempfile::tempdir().unwrap();
        let cores = pinning::Cores::of_this_machine().unwrap();
        let mut launch = launch("sleep", &["1000"], &folder);
        launch.core = cores.load;
        let running = launch.start_bare().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap();
        assert!(status.contains(&format!("Cpus_allowed_list:\t{}\n", cores.load)), "{status}");
        launch.program = PathBuf::from("grep");
        launch.arguments = vec!["Cpus_allowed_list".into(), "/proc/self/status".into()];
        let mut running = launch.start().unwrap();
        assert!(running.child.wait().unwrap().success());
        assert!(running.log_tail().ends_with(&format!("\t{}", cores.load)), "{}", running.log_tail());
    }

    #[test]
    fn a_dropped_child_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let running = launch("sleep", &["1000"], &folder).start().unwrap();
        let entry = PathBuf::from(format!("/proc/{}", running.id()));
        assert!(entry.exists());
        drop(running);
        assert!(!entry.exists());
    }
}
