//! The guide is true: its commands are run as written. A block fenced as `sh run` is a script; a block fenced as
//! `text expect` directly after it holds lines that its output must have.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::examples::files_ending;
use super::server::Server;
use crate::markdown;
use crate::process;

/// A reader would not wait longer for any of these.
const SCRIPT_MAX: Duration = Duration::from_secs(60);

/// Runs the scripts of every page of `docs/guide` against one server.
pub(super) fn run(root: &Path) -> Result<()> {
    let mut scripts = Vec::new();
    for path in files_ending(&root.join("docs/guide"), &[".md"])? {
        let text = std::fs::read_to_string(&path)?;
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        scripts.extend(scripts_of(&shown, &text)?);
    }
    if scripts.is_empty() {
        bail!("docs/guide has no block fenced as `sh run`, so nothing shows that it is true");
    }
    let output = root.join("target/xtask/guide.log");
    Server::start(root)?.during(|server| {
        for script in &scripts {
            script.run(root, &output, |command| server.lend(command))?;
        }
        println!("{} scripts of the guide did as they say", scripts.len());
        Ok(())
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Script {
    place: String,
    body: String,
    expected: Vec<String>,
}

fn scripts_of(path: &str, text: &str) -> Result<Vec<Script>> {
    let mut scripts: Vec<Script> = Vec::new();
    let mut is_after_script = false;
    for block in markdown::blocks(text) {
        let place = format!("{path}:{}", block.line);
        let is_script = block.info == "sh run";
        if is_script {
            scripts.push(Script { place, body: block.body, expected: Vec::new() });
        } else if block.info == "text expect" {
            let owner = scripts.last_mut().filter(|_| is_after_script && block.follows_directly);
            let owner =
                owner.with_context(|| format!("{place}: `text expect` must directly follow `sh run`"))?;
            let lines = block.body.lines().map(str::trim).filter(|line| !line.is_empty());
            owner.expected.extend(lines.map(str::to_owned));
        }
        is_after_script = is_script;
    }
    Ok(scripts)
}

impl Script {
    /// Runs it in the root of the repository, with the debug build first on the path, and compares what it wrote.
    fn run(&self, root: &Path, output: &Path, lend: impl FnOnce(&mut Command)) -> Result<()> {
        let log = File::create(output)?;
        let mut command = Command::new("bash");
        command.args([
            "-euo",
            "pipefail",
            "-c",
            r#"PATH="$PWD/target/debug:$PATH"; eval "$1""#,
            "bash",
            &self.body,
        ]);
        command.current_dir(root).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        lend(&mut command);
        let mut child = command.spawn().context("cannot start bash")?;
        let status = process::wait_bounded(&mut child, SCRIPT_MAX)?;
        if status.is_none() {
            process::kill(&mut child);
        }
        let written = String::from_utf8_lossy(&std::fs::read(output)?).into_owned();
        match status {
            Some(status) if status.success() => self.compare(&written),
            Some(status) => bail!("{}: the script failed ({status}):\n{written}", self.place),
            None => {
                bail!("{}: the script still ran after {} s:\n{written}", self.place, SCRIPT_MAX.as_secs())
            }
        }
    }

    fn compare(&self, written: &str) -> Result<()> {
        let has_line = |expected: &str| written.lines().any(|line| line.contains(expected));
        match self.expected.iter().find(|expected| !has_line(expected)) {
            None => Ok(()),
            Some(expected) => bail!("{}: the output does not have `{expected}`:\n{written}", self.place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_script(body: &str, expected: &[&str]) -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let expected = expected.iter().map(|&line| line.to_owned()).collect();
        let script = Script { place: "docs/guide/a.md:3".to_owned(), body: body.to_owned(), expected };
        script.run(folder.path(), &folder.path().join("log"), |command| {
            command.env("TOLLGATE_KEY", "tg-abc");
        })
    }

    #[test]
    fn scripts_have_their_expectations_and_other_blocks_are_left_alone() {
        let text = "```sh run\na\n```\n\n```text expect\nb\n\n c\n```\n```sh\nd\n```\n```sh run\ne\n```\n";
        let scripts = scripts_of("g.md", text).unwrap();
        let seen: Vec<(&str, usize)> =
            scripts.iter().map(|script| (script.place.as_str(), script.expected.len())).collect();
        assert_eq!(seen, [("g.md:1", 2), ("g.md:13", 0)]);
        assert_eq!(scripts[0].expected, ["b", "c"]);
    }

    #[test]
    fn an_expectation_without_its_script_is_an_error() {
        for text in ["```text expect\na\n```\n", "```sh run\na\n```\nwords\n```text expect\nb\n```\n"] {
            assert!(scripts_of("g.md", text).unwrap_err().to_string().contains("must directly follow"));
        }
    }

    #[test]
    fn a_script_sees_the_key_and_its_output_is_compared() {
        run_script("echo \"key is $TOLLGATE_KEY\"\necho done >&2\n", &["tg-abc", "done"]).unwrap();
        let error = run_script("echo one\n", &["two"]).unwrap_err().to_string();
        assert!(error.starts_with("docs/guide/a.md:3: the output does not have `two`"), "{error}");
    }

    #[test]
    fn a_script_fails_at_its_first_failing_command() {
        for body in ["false\necho on\n", "false | true\n", "echo $UNSET_VARIABLE\n"] {
            let error = run_script(body, &[]).unwrap_err().to_string();
            assert!(error.contains("the script failed"), "{body}: {error}");
        }
    }
}
