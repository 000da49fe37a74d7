//! A server as a child process. A shell between stops it when the test is over, however that ends: when the test's process is gone, so
//! is the other end of the shell's input.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Starts `$@`, which says its number before anything else, and ends it with the signal `$1` when told so or when there is no more input. A
/// server that was paused hears of it only when it goes on. The folder `$2` goes, too, when the test was killed and cannot see to it.
const KEEPER: &str = r#"
signal=$1 folder=$2
shift 2
sh -c 'echo "$$"; exec "$@"' sh "$@" 2>&1 &
server=$!
read -r told
kill -s CONT "$server" $(cat "/proc/$server/task/$server/children") 2>/dev/null
kill -s "$signal" "$server" 2>/dev/null
wait "$server"
[ "$told" ] || rm -rf "$folder"
"#;
/// Servers do not run as root, so this one runs them then.
const USER: &str = "nobody";
const USER_ID: u32 = 65_534;
/// Far beyond what is ever needed.
const START_MAX: Duration = Duration::from_secs(60);
/// A port that was free may be taken before the server takes it.
const STARTS_MAX: usize = 5;

/// What to start.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Where it writes.
    pub(super) folder: PathBuf,
    /// What ends it at once.
    pub(super) signal: &'static str,
    /// What it says, in small letters, once it can be asked.
    pub(super) ready: &'static str,
}

/// A server that runs.
#[derive(Debug)]
pub(super) struct Process {
    keeper: Child,
    server: u32,
}

impl Process {
    /// Starts a server on a free port, and says which.
    pub(super) fn start_on_port(program: impl Fn(u16) -> Program) -> (Self, u16) {
        let mut said = String::new();
        for _ in 0..STARTS_MAX {
            let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
            match Self::start(&program(port)) {
                Ok(process) => return (process, port),
                Err(why) => said = why,
            }
        }
        panic!("the server does not start: {said}");
    }

    /// Starts a server, and waits until it can be asked.
    ///
    /// # Errors
    /// What it said when it ended instead.
    pub(super) fn start(program: &Program) -> Result<Self, String> {
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "sh", program.signal])
            .arg(&program.folder)
            .args(as_nobody(&program.path))
            .args(&program.arguments);
        // What ends tests by their group leaves it to see to the server.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().unwrap();
        let mut said = BufReader::new(keeper.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let process = Self { keeper, server: line.trim().parse().unwrap() };
        wait_until_ready(said, program.ready)?;
        Ok(process)
    }

    /// Stops it where it is: what is asked of it gets no answer.
    pub(super) fn pause(&self) {
        self.signal("STOP");
    }

    /// Ends it and its children where they are.
    pub(super) fn kill(&self) {
        let script = r#"kill -s KILL "$1" $(cat "/proc/$1/task/$1/children")"#;
        run(Command::new("sh").args(["-c", script, "sh", &self.server.to_string()]));
    }

    /// Lets it go on.
    pub(super) fn resume(&self) {
        self.signal("CONT");
    }

    /// The server first, so that it has no further children afterwards.
    fn signal(&self, name: &str) {
        for script in
            [r#"kill -s "$1" "$2""#, r#"kill -s "$1" $(cat "/proc/$2/task/$2/children") 2>/dev/null || :"#]
        {
            run(Command::new("sh").args(["-c", script, "sh", name, &self.server.to_string()]));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended in any case.
        let _ = self.keeper.stdin.take().map(|mut input| input.write_all(b"end\n"));
        let _ = self.keeper.wait();
    }
}

/// Reads what a server says until it is ready, and then on, so that it does not get stuck.
fn wait_until_ready(mut said: BufReader<ChildStdout>, ready: &'static str) -> Result<(), String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut all = String::new();
        while !all.to_lowercase().contains(ready) {
            if said.read_line(&mut all).unwrap_or(0) == 0 {
                return tell.send(Err(all));
            }
        }
        let told = tell.send(Ok(()));
        let _ = std::io::copy(&mut said, &mut std::io::sink());
        told
    });
    told.recv_timeout(START_MAX).unwrap_or_else(|_| Err(format!("it was not ready within {START_MAX:?}")))
}

/// A folder that a server may write to.
pub(super) fn folder() -> TempDir {
    let folder = TempDir::with_prefix("tollgate-").unwrap();
    if is_root() {
        run(Command::new("chown").arg(USER).arg(folder.path()));
    }
    folder
}

/// Writes a file for a server, which may hold a secret: one that others may read is refused as a private key.
pub(super) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    if is_root() {
        run(Command::new("chown").arg(USER).arg(path));
    }
}

/// The words that start a program as somebody who is not root.
pub(super) fn as_nobody(program: &Path) -> Vec<String> {
    let program = program.display().to_string();
    if !is_root() {
        return vec![program];
    }
    vec![
        "setpriv".to_owned(),
        format!("--reuid={USER_ID}"),
        format!("--regid={USER_ID}"),
        "--clear-groups".to_owned(),
        program,
    ]
}

/// Runs a command to its end.
pub(super) fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
}

/// Where a program is.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let output = Command::new("sh").args(["-c", r#"command -v "$1""#, "sh", name]).output().unwrap();
    let path = String::from_utf8(output.stdout).unwrap();
    (!path.trim().is_empty()).then(|| PathBuf::from(path.trim()))
}

fn is_root() -> bool {
    user() == 0
}

/// Who runs the test.
pub(super) fn user() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}
