//! Which core runs what, and how many files this process and its children may open.

use std::process::Command;

use anyhow::{Context, bail};

/// How many files a server may need: two per open stream, and some to spare.
const FILES_WANTED: u64 = 20_000;

/// The core of the server under test, and the core of everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cores {
    /// Where the server under test runs, alone as far as this tool can tell.
    pub(crate) server: usize,
    /// Where the fake provider and the load generator run.
    pub(crate) load: usize,
}

impl Cores {
    /// The first two cores that this process may use; with one core, that core for both.
    pub(crate) fn of_this_machine() -> anyhow::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
        let list = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .context("/proc/self/status has no Cpus_allowed_list")?;
        let cores = parse_list(list.trim());
        match cores.as_slice() {
            [] => bail!("/proc/self/status allows no core: {list}"),
            [only] => Ok(Self { server: *only, load: *only }),
            [server, load, ..] => Ok(Self { server: *server, load: *load }),
        }
    }

    /// Whether the load takes its time from the server under test.
    pub(crate) fn are_shared(self) -> bool {
        self.server == self.load
    }
}

/// Pins this process to the load's core, so that its probes take nothing from a server that starts, and raises its limit of
/// open files as far as allowed; children inherit the limit. Returns the limit.
pub(crate) fn settle(cores: Cores) -> anyhow::Result<u64> {
    let id = std::process::id().to_string();
    run("taskset", &["--all-tasks", "--pid", "--cpu-list", &cores.load.to_string(), &id])?;
    let hard = files_limit()?.min(FILES_WANTED);
    run("prlimit", &["--pid", &id, &format!("--nofile={hard}:")])?;
    Ok(hard)
}

/// Pins the calling thread; processes that it starts inherit the pin.
pub(crate) fn pin_this_thread(core: usize) -> anyhow::Result<()> {
    let path = std::fs::read_link("/proc/thread-self").context("cannot read /proc/thread-self")?;
    let id = path.file_name().context("/proc/thread-self leads nowhere")?.to_string_lossy();
    run("taskset", &["--pid", "--cpu-list", &core.to_string(), &id])
}

/// Lets this process sleep to the microsecond instead of the usual 50 (`proc(5)`, `timerslack_ns`); threads inherit it.
pub(crate) fn sleep_precisely() -> anyhow::Result<()> {
    std::fs::write("/proc/self/timerslack_ns", "1").context("cannot set the timer slack")
}

/// Runs a tool to its end; its error output is the message when it fails.
pub(crate) fn run(tool: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run {tool}; is it installed?"))?;
    if !output.status.success() {
        bail!("{tool} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn files_limit() -> anyhow::Result<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").context("cannot read /proc/self/limits")?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .context("there is no limit of open files")?;
    Ok(line.split_whitespace().nth(4).and_then(|word| word.parse().ok()).unwrap_or(FILES_WANTED))
}

/// Reads a list such as `0-2,5`.
fn parse_list(list: &str) -> Vec<usize> {
    let mut cores = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
            cores.extend(first..=last);
        }
    }
    cores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cores_is_read_in_order() {
        assert_eq!(parse_list("0-2,5"), [0, 1, 2, 5]);
        assert_eq!(parse_list("3"), [3]);
        assert!(parse_list("").is_empty());
    }

    #[test]
    fn this_machine_has_a_core_and_a_limit() {
        Cores::of_this_machine().unwrap();
        assert!(files_limit().unwrap() > 0);
    }
}
