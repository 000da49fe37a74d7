//! Child processes: how they are described, waited for with a limit, and told to end.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::{Stopwatch, pause};

/// Prefixes of the variables that `cargo run` sets for this tool. A build script that watches one would run again each
/// time a build is started by this tool and then by hand.
const CARGO_RUN_PREFIXES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_"];

/// `cargo` in the root of the repository.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    for name in variable_names() {
        if CARGO_RUN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end with this tool's own input and output; an error if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", describe(command)))?;
    if status.success() {
        return Ok(());
    }
    bail!("`{}` failed ({status})", describe(command))
}

/// Runs to the end and returns what was written to standard output; an error with standard error's text if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", describe(command)))?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", describe(command), output.status, problem.trim());
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` wrote something that is not UTF-8", describe(command)))
}

/// Program and arguments as one would type them.
pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// A script for the shell; arguments that are added to it are its `$1`, `$2`, ….
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]);
    command
}

/// Whether a program of this name can be started.
pub(crate) fn is_on_path(program: &str) -> bool {
    let mut command = shell(r#"command -v "$1""#);
    command.arg(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Asks a child to end, as a person's Ctrl-C or a service manager would.
pub(crate) fn terminate(child: &Child) -> Result<()> {
    run(shell(r#"kill -TERM "$1""#).arg(child.id().to_string()))
}

/// Waits for a child to end by itself; `None` if it still runs after `wait_max`.
pub(crate) fn wait_bounded(child: &mut Child, wait_max: Duration) -> Result<Option<ExitStatus>> {
    let stopwatch = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if stopwatch.elapsed() >= wait_max {
            return Ok(None);
        }
        pause();
    }
}

/// Ends a child for certain and collects it. What goes wrong is of no interest: it has ended already.
pub(crate) fn kill(child: &mut Child) {
    child.kill().ok();
    child.wait().ok();
}

#[expect(
    clippy::disallowed_methods,
    reason = "only the names, to keep what `cargo run` sets from reaching another cargo"
)]
fn variable_names() -> Vec<String> {
    std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_words() {
        let error = output(&mut shell("echo no such thing >&2; exit 3")).unwrap_err().to_string();
        assert!(error.contains("`sh -c echo no such thing"), "{error}");
        assert!(error.ends_with("no such thing"), "{error}");
    }

    #[test]
    fn a_child_that_ends_is_not_waited_out() {
        let mut child = shell("exit 7").spawn().unwrap();
        let status = wait_bounded(&mut child, Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_child_that_stays_is_given_up_then_ends_on_request() {
        let mut child = shell("exec tail -f /dev/null").spawn().unwrap();
        assert!(wait_bounded(&mut child, Duration::ZERO).unwrap().is_none());
        terminate(&child).unwrap();
        let status = wait_bounded(&mut child, Duration::from_secs(60)).unwrap().unwrap();
        assert!(!status.success());
    }

    #[test]
    fn only_programs_that_exist_are_on_the_path() {
        assert!(is_on_path("sh"));
        assert!(!is_on_path("no-such-program-anywhere"));
    }

    #[test]
    fn cargo_does_not_see_what_cargo_run_set() {
        let command = cargo(Path::new("."));
        let removed = command.get_envs().all(|(_, value)| value.is_none());
        assert!(removed);
    }
}
