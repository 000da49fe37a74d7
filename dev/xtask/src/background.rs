//! Work that waits for the network while the compiler has the processors: it runs on a thread, writes to a log, and its
//! children end when the run ends early.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail};

use crate::clock::pause;
use crate::process::{describe, kill};

/// How many lines of a log are shown when its command fails.
const LOG_LINES_SHOWN_MAX: usize = 40;

/// Work on another thread. Dropped before it was joined, it ends its children.
pub(crate) struct Background<T> {
    thread: Option<JoinHandle<Result<T>>>,
    leash: Leash,
}

/// Starts commands that can be ended from another thread. Their output goes to one log.
#[derive(Clone)]
pub(crate) struct Leash {
    held: Arc<Mutex<Held>>,
    log: PathBuf,
}

#[derive(Default)]
struct Held {
    is_stopped: bool,
    child: Option<Child>,
}

impl<T: Send + 'static> Background<T> {
    /// Starts `work`, whose commands must all go through the leash. `log` is replaced.
    pub(crate) fn start<W>(log: &Path, work: W) -> Result<Self>
    where
        W: FnOnce(&Leash) -> Result<T> + Send + 'static,
    {
        let leash = Leash::new(log)?;
        let held = leash.clone();
        let thread = thread::spawn(move || work(&held));
        Ok(Self { thread: Some(thread), leash })
    }

    /// Waits for the work and returns what it made.
    pub(crate) fn join(mut self) -> Result<T> {
        let thread = self.thread.take().context("background work is joined once")?;
        thread.join().map_err(|_| anyhow!("background work panicked; see {}", self.leash.log.display()))?
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.leash.stop();
            // Its result no longer matters: the run is over.
            thread.join().ok();
        }
    }
}

impl Leash {
    /// A leash whose commands write to `log`, which is created empty.
    pub(crate) fn new(log: &Path) -> Result<Self> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Self { held: Arc::default(), log: log.to_path_buf() })
    }

    /// Runs to the end; an error with the end of the log if it fails or the leash was pulled.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        self.spawn(command)?;
        let status = self.wait()?;
        if status.success() {
            return Ok(());
        }
        let shown = last_lines(&std::fs::read_to_string(&self.log).unwrap_or_default());
        bail!("`{}` failed ({status}); the end of {}:\n{shown}", describe(command), self.log.display())
    }

    fn spawn(&self, command: &mut Command) -> Result<()> {
        let log = File::options().append(true).open(&self.log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut held = self.lock();
        if held.is_stopped {
            bail!("`{}` was not started: the run has ended", describe(command));
        }
        held.child = Some(command.spawn().with_context(|| format!("cannot start `{}`", describe(command)))?);
        Ok(())
    }

    fn wait(&self) -> Result<ExitStatus> {
        loop {
            if let Some(child) = self.lock().child.as_mut()
                && let Some(status) = child.try_wait()?
            {
                return Ok(status);
            }
            pause();
        }
    }

    fn stop(&self) {
        let mut held = self.lock();
        held.is_stopped = true;
        if let Some(child) = held.child.as_mut() {
            kill(child);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(LOG_LINES_SHOWN_MAX);
    lines.get(first..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::shell;

    #[test]
    fn the_result_comes_back_and_the_output_is_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("logs/work.log");
        let work = Background::start(&log, |leash| {
            leash.run(&mut shell("echo one"))?;
            leash.run(&mut shell("echo two >&2"))?;
            Ok(3)
        });
        assert_eq!(work.unwrap().join().unwrap(), 3);
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_failure_shows_the_end_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let leash = Leash::new(&folder.path().join("work.log")).unwrap();
        let error = leash.run(&mut shell("echo broken wheel; exit 1")).unwrap_err().to_string();
        assert!(error.ends_with("broken wheel"), "{error}");
    }

    #[test]
    fn dropped_work_ends_its_child_and_starts_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("work.log");
        let (started, wait_for_start) = std::sync::mpsc::channel();
        let (result, wait_for_result) = std::sync::mpsc::channel();
        let work = Background::start(&log, move |leash| {
            leash.spawn(&mut shell("exec tail -f /dev/null"))?;
            started.send(()).unwrap();
            let first = leash.wait()?;
            let second = leash.run(&mut shell("true"));
            result.send((first.success(), second.is_ok())).unwrap();
            Ok(())
        })
        .unwrap();
        wait_for_start.recv().unwrap();
        drop(work);
        assert_eq!(wait_for_result.recv().unwrap(), (false, false));
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let text: String = (0..100).map(|line| format!("{line}\n")).collect();
        let shown = last_lines(&text);
        assert_eq!(shown.lines().count(), LOG_LINES_SHOWN_MAX);
        assert!(shown.ends_with("99"));
    }
}
