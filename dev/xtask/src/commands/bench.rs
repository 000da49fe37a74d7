//! `cargo xtask bench`: builds what is measured and what measures, both for release, and hands over.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::background::Leash;
use crate::prerequisites::{self, Prerequisite};
use crate::process;

/// Everything is passed on to the benchmark; see `cargo xtask bench -- --help`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Arguments of the benchmark
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds and runs the benchmark; its failure is this command's.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    prerequisites::ensure(&[Prerequisite::CCompiler], &Leash::new(&root.join("target/xtask/install.log"))?)?;
    process::run(process::cargo(root).args([
        "build",
        "--release",
        "--locked",
        "--package",
        "tollgate",
        "--package",
        "bench",
    ]))?;
    process::run(&mut benchmark(root, arguments))?;
    Ok(ExitCode::SUCCESS)
}

fn benchmark(root: &Path, arguments: &Arguments) -> Command {
    let mut command = Command::new(root.join("target/release/bench"));
    command.current_dir(root).args(["--tollgate", "target/release/tollgate"]).args(&arguments.rest);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmark_is_told_what_to_measure_and_gets_the_rest() {
        let arguments = Arguments { rest: vec!["--quick".to_owned()] };
        let command = benchmark(Path::new("/r"), &arguments);
        assert_eq!(
            process::describe(&command),
            "/r/target/release/bench --tollgate target/release/tollgate --quick"
        );
    }
}
