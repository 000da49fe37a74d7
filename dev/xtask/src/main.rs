//! The project's own commands, started as `cargo xtask COMMAND`: everything that a person or continuous integration runs
//! by hand is here, so that a fresh checkout needs cargo and nothing else.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod background;
mod cargo_deny;
mod clock;
mod commands;
mod markdown;
mod prerequisites;
mod prices;
mod process;
mod repository;
mod tidy;
mod valkey;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build Tollgate and start it on 127.0.0.1:8080
    Up(commands::up::Arguments),
    /// Run everything that continuous integration checks
    Test(commands::test::Arguments),
    /// Check the style guide
    Tidy,
    /// Measure added latency, throughput and memory against the floor
    Bench(commands::bench::Arguments),
    /// Look for known vulnerabilities in the dependency tree
    Audit,
    /// Build the catalogue of models and prices from published data
    Prices(commands::prices::Arguments),
    /// Run every vendor's client before a provider of every format, and write docs/reference/matrix.md
    Matrix,
    /// Fold the fragments of changelog.d into CHANGELOG.md
    Changelog(commands::changelog::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let root = repository::find_root(&std::env::current_dir()?)?;
    match arguments.command {
        Command::Up(arguments) => commands::up::run(&root, &arguments),
        Command::Test(arguments) => commands::test::run(&root, &arguments),
        Command::Tidy => commands::tidy::run(&root),
        Command::Bench(arguments) => commands::bench::run(&root, &arguments),
        Command::Audit => commands::audit::run(&root),
        Command::Prices(arguments) => commands::prices::run(&root, &arguments),
        Command::Matrix => commands::matrix::run(&root),
        Command::Changelog(arguments) => commands::changelog::run(&root, &arguments),
    }
}
