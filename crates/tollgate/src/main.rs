//! `tollgate`, the one binary.

use std::process::ExitCode;

use clap::Parser;
use tollgate::commands::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The GenAI gateway between your engineers and every model provider.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    Arguments::parse().command.run()
}
