//! `cargo xtask up`: from a fresh checkout to a served request. Everything after the build is said by Tollgate itself.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, anyhow};

use crate::background::Leash;
use crate::prerequisites::{self, Prerequisite};
use crate::process;

/// What `serve` is told unless the person says it: option and value.
const DEFAULTS: &[(&str, &str)] = &[("--config", "tollgate.yaml"), ("--listen", "127.0.0.1:8080")];

/// Builds and starts Tollgate.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Further arguments of `tollgate serve`
    #[arg(last = true)]
    extra: Vec<String>,
}

/// Becomes Tollgate, so that Ctrl-C and SIGTERM reach it. Returns only if it cannot be started.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    prerequisites::ensure(&[Prerequisite::CCompiler], &Leash::new(&root.join("target/xtask/install.log"))?)?;
    process::run(process::cargo(root).args(["build", "--release", "--locked", "--package", "tollgate"]))?;
    let program = root.join("target/release/tollgate");
    let mut command = Command::new(&program);
    command.current_dir(root).arg("serve").args(serve_arguments(&arguments.extra));
    Err(anyhow!("cannot start {}: {}", program.display(), command.exec()))
}

fn serve_arguments(extra: &[String]) -> Vec<String> {
    let is_given = |option: &str| {
        extra
            .iter()
            .any(|word| word == option || word.split_once('=').is_some_and(|(name, _)| name == option))
    };
    let defaults = DEFAULTS.iter().filter(|(option, _)| !is_given(option));
    let words = defaults.flat_map(|&(option, value)| [option.to_owned(), value.to_owned()]);
    words.chain(extra.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(extra: &str) -> String {
        let extra: Vec<String> = extra.split_whitespace().map(str::to_owned).collect();
        serve_arguments(&extra).join(" ")
    }

    #[test]
    fn a_person_need_not_say_anything() {
        assert_eq!(arguments(""), "--config tollgate.yaml --listen 127.0.0.1:8080");
    }

    #[test]
    fn what_a_person_says_replaces_the_default() {
        assert_eq!(
            arguments("--listen 0.0.0.0:80 --log json"),
            "--config tollgate.yaml --listen 0.0.0.0:80 --log json"
        );
        assert_eq!(
            arguments("--control-listen 127.0.0.1:4100"),
            "--config tollgate.yaml --listen 127.0.0.1:8080 --control-listen 127.0.0.1:4100"
        );
        assert_eq!(arguments("--config=a.yaml"), "--listen 127.0.0.1:8080 --config=a.yaml");
    }
}
