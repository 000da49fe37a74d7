//! `cargo xtask test`: everything that continuous integration checks, in order, stopping at the first failure. Downloads
//! and cargo-deny's build run beside the compiler; the tests come last, so that the run ends with the runner's own lines.

mod examples;
mod guide;
pub(crate) mod sdk;
mod server;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::background::{Background, Leash};
use crate::cargo_deny;
use crate::clock::Stopwatch;
use crate::prerequisites::{self, Prerequisite};
use crate::process;
use crate::tidy;
use crate::valkey;
use sdk::Environments;

/// Which steps to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run this step only; may be given several times
    #[arg(long, value_enum)]
    only: Vec<Step>,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Step {
    /// Formatting
    Fmt,
    /// The style guide
    Tidy,
    /// Lints, all of them errors
    Clippy,
    /// Licences, bans and sources of the dependency tree
    Deny,
    /// The binaries and tests that the next steps use
    Build,
    /// The vendors' own clients against a running Tollgate
    Sdk,
    /// Every vendor's client before a provider of every format, and the page about it
    Matrix,
    /// Policies of roles, against Cedar's own authoriser
    Cedar,
    /// Every interleaving of what many requests change at once
    Loom,
    /// The example configurations, and the commands of the guide against a running Tollgate
    Examples,
    /// The Rust tests
    Nextest,
}

/// Runs the steps. Setting up what is missing is part of it.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let steps = selected(&arguments.only);
    let mut preparations = Preparations::start(root, &steps)?;
    for step in steps {
        println!("== {}", step.name());
        let stopwatch = Stopwatch::start();
        if step == Step::Nextest {
            // The runner says by itself how it went, and nothing is printed after it.
            return runner(root);
        }
        if let Err(error) = run_step(step, root, &mut preparations) {
            eprintln!("{error:#}");
            eprintln!("xtask test: {} failed after {}", step.name(), stopwatch.seconds());
            return Ok(ExitCode::FAILURE);
        }
        println!("ok {} {}", step.name(), stopwatch.seconds());
    }
    Ok(ExitCode::SUCCESS)
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// All steps, or those asked for, each once and in the order of the list.
fn selected(only: &[Step]) -> Vec<Step> {
    let all = Step::value_variants().iter().copied();
    all.filter(|step| only.is_empty() || only.contains(step)).collect()
}

/// What is made ready while earlier steps run.
struct Preparations {
    deny: Prepared<PathBuf>,
    sdk: Prepared<Environments>,
}

/// Something that steps need, as far as it is.
#[derive(Default)]
enum Prepared<T> {
    #[default]
    Unwanted,
    Underway(Background<T>),
    Ready(T),
}

impl<T: Send + 'static> Prepared<T> {
    /// Waits for it, the first time; it stays for further steps.
    fn ready(&mut self) -> Result<&T> {
        *self = match std::mem::take(self) {
            Self::Underway(work) => Self::Ready(work.join()?),
            known => known,
        };
        match self {
            Self::Ready(prepared) => Ok(prepared),
            _ => bail!("a step was not prepared"),
        }
    }
}

impl Preparations {
    fn start(root: &Path, steps: &[Step]) -> Result<Self> {
        let logs = root.join("target/xtask");
        prerequisites::ensure(&needed(steps), &Leash::new(&logs.join("install.log"))?)?;
        if steps.contains(&Step::Nextest) {
            valkey::ensure(root, &Leash::new(&logs.join("valkey.log"))?)?;
        }
        let mut preparations = Self { deny: Prepared::Unwanted, sdk: Prepared::Unwanted };
        if steps.contains(&Step::Deny) {
            let root = root.to_path_buf();
            let work = move |leash: &Leash| cargo_deny::ensure(&root, leash);
            preparations.deny = Prepared::Underway(Background::start(&logs.join("cargo-deny.log"), work)?);
        }
        if steps.iter().any(|step| matches!(step, Step::Sdk | Step::Matrix)) {
            let root = root.to_path_buf();
            let work = move |leash: &Leash| sdk::prepare(&root, leash);
            preparations.sdk = Prepared::Underway(Background::start(&logs.join("sdk.log"), work)?);
        }
        Ok(preparations)
    }
}

/// What the steps cannot do without.
fn needed(steps: &[Step]) -> Vec<Prerequisite> {
    let mut needed = vec![Prerequisite::CCompiler];
    if steps.iter().any(|step| matches!(step, Step::Nextest | Step::Examples | Step::Sdk)) {
        needed.push(Prerequisite::Postgres);
    }
    if steps.contains(&Step::Nextest) {
        needed.extend([Prerequisite::PgBouncer, Prerequisite::Redis]);
    }
    needed
}

fn run_step(step: Step, root: &Path, preparations: &mut Preparations) -> Result<()> {
    match step {
        Step::Fmt => process::run(process::cargo(root).args(["fmt", "--all", "--check"])),
        Step::Tidy => tidy_step(root),
        Step::Clippy => process::run(process::cargo(root).args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ])),
        Step::Deny => {
            let program = preparations.deny.ready()?;
            process::run(&mut cargo_deny::check(program, root, &["licenses", "bans", "sources"]))
        }
        Step::Build => build(root),
        Step::Sdk => {
            build(root)?;
            sdk::run(root, preparations.sdk.ready()?)
        }
        Step::Matrix => {
            build(root)?;
            sdk::compare_matrix(root, preparations.sdk.ready()?)
        }
        Step::Cedar => cedar(root),
        Step::Loom => loom(root),
        Step::Examples => {
            build(root)?;
            examples::run(root)?;
            guide::run(root)
        }
        Step::Nextest => bail!("the runner is started by itself"),
    }
}

fn tidy_step(root: &Path) -> Result<()> {
    let report = tidy::check(root)?;
    for finding in &report.findings {
        eprintln!("{finding}");
    }
    println!("{}", report.summary);
    if report.findings.is_empty() {
        return Ok(());
    }
    bail!("{} findings; exceptions go to dev/xtask/tidy.allow with a reason", report.findings.len())
}

/// Builds the binaries as the runner will want them: with the tests, so that features are the same and nothing is built
/// twice.
pub(crate) fn build(root: &Path) -> Result<()> {
    process::run(process::cargo(root).args([
        "build",
        "--quiet",
        "--workspace",
        "--bins",
        "--tests",
        "--locked",
    ]))
}

/// A package of its own, with the versions and the built crates of the workspace.
fn cedar(root: &Path) -> Result<()> {
    let manifest = root.join("tests/cedar/Cargo.toml");
    let mut command = process::cargo(root);
    command.args(["test", "--quiet", "--locked", "--target-dir", "target", "--manifest-path"]);
    process::run(command.arg(manifest))
}

/// In a folder of its own: a flag for the compiler is one for every crate. Without backtraces, for which the stacks of the model checker are too
/// small: a test that fails would wait for ever instead.
fn loom(root: &Path) -> Result<()> {
    let mut command = process::cargo(root);
    command.args(["test", "--quiet", "--locked", "--target-dir", "target/loom"]);
    command.args(["--package", "engine", "--test", "interleavings"]);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "--cfg loom");
    process::run(command.env("CARGO_PROFILE_DEV_DEBUG", "false").env("RUST_BACKTRACE", "0"))
}

fn runner(root: &Path) -> Result<ExitCode> {
    let mut command = process::cargo(root);
    if process::is_on_path("cargo-nextest") {
        command.args(["nextest", "run", "--workspace", "--locked"]);
    } else {
        command.args(["test", "--workspace", "--locked"]);
    }
    let status =
        command.status().with_context(|| format!("cannot start `{}`", process::describe(&command)))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_runs_and_the_runner_is_last() {
        let steps = selected(&[]);
        assert_eq!(steps.len(), Step::value_variants().len());
        assert_eq!(steps.first(), Some(&Step::Fmt));
        assert_eq!(steps.last(), Some(&Step::Nextest));
    }

    #[test]
    fn what_was_prepared_is_there_for_every_step_that_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let work = Background::start(&folder.path().join("log"), |_: &Leash| Ok(7)).unwrap();
        let mut prepared = Prepared::Underway(work);
        assert_eq!((*prepared.ready().unwrap(), *prepared.ready().unwrap()), (7, 7));
        assert!(Prepared::<u8>::Unwanted.ready().is_err());
    }

    #[test]
    fn databases_are_needed_by_the_tests_alone() {
        assert_eq!(needed(&[Step::Fmt]), [Prerequisite::CCompiler]);
        assert!(needed(&selected(&[])).contains(&Prerequisite::Postgres));
    }

    #[test]
    fn chosen_steps_run_once_in_the_usual_order() {
        assert_eq!(selected(&[Step::Deny, Step::Fmt, Step::Deny]), [Step::Fmt, Step::Deny]);
    }
}
