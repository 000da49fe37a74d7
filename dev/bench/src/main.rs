//! The benchmark: what a gateway adds to a request, set against the least that a proxy on hyper can add.
//!
//! This one executable is the whole bench: it starts itself again as the fake provider, as the floor and as the load generator,
//! so that each can be pinned to a core of its own choice.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock and waits in real time")]

mod cases;
mod http1;
mod load;
mod process;
mod report;
mod request;
mod rig;
mod rounds;
mod scenario;
mod servers;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand, ValueEnum};

use crate::cases::{CASES, Case};
use crate::process::pinning::{Cores, settle, sleep_precisely};
use crate::report::{Heading, Results, machine};
use crate::rig::{Pace, Rig};
use crate::rounds::Rounds;
use crate::servers::{Contender, Floor, LiteLlm, Portkey, Tollgate, fake_provider, floor};

const ROUNDS_FULL: usize = 5;
const ROUNDS_QUICK: usize = 3;
const ROUNDS_MAX: u16 = 50;

/// Measures a gateway against a bare proxy.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// The executable of Tollgate, built with optimisation; without it only the floor and the peers are measured.
    #[arg(long, value_name = "FILE")]
    tollgate: Option<PathBuf>,
    /// Shorter windows and fewer rounds: a look, not figures to keep.
    #[arg(long)]
    quick: bool,
    /// How many rounds; medians are taken over them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(ROUNDS_MAX)))]
    rounds: Option<u16>,
    /// Only this case; may be given more than once.
    #[arg(long = "case", value_name = "NAME", value_parser = CASES.iter().map(|case| case.name).collect::<Vec<_>>())]
    cases: Vec<String>,
    /// Also measures another gateway, which is installed from its registry; may be given more than once.
    #[arg(long = "peer", value_name = "NAME")]
    peers: Vec<Peer>,
    /// Where peers are installed.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    peers_folder: PathBuf,
    /// Also writes the page to this file.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The date on the page; today in UTC if not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
}

/// What this executable is when the bench starts it again.
#[derive(Debug, Clone, Copy, Subcommand)]
enum Part {
    /// The provider behind every server.
    #[command(hide = true)]
    FakeProvider {
        #[arg(long)]
        listen: SocketAddr,
    },
    /// The bare proxy.
    #[command(hide = true)]
    Floor {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        upstream: SocketAddr,
    },
    /// The load generator: a plan on standard input, an outcome on standard output.
    #[command(hide = true)]
    Load,
}

/// Gateways that can be measured beside Tollgate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    /// LiteLLM's proxy, from PyPI.
    Litellm,
    /// Portkey's open gateway, from npm.
    Portkey,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).unwrap_or_else(|error| {
        // Causes in one line and no backtrace: the bench shows what a part of it says here as a server's failure.
        writeln!(std::io::stderr(), "{error:#}").unwrap_or_default();
        ExitCode::FAILURE
    })
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments.part {
        Some(Part::FakeProvider { listen }) => {
            sleep_precisely()?;
            fake_provider::serve(listen)?;
        }
        Some(Part::Floor { listen, upstream }) => floor::serve(listen, upstream)?,
        Some(Part::Load) => load::run()?,
        None => return bench(arguments),
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures, prints the page, and fails when any server has failed any case.
fn bench(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let executable = std::env::current_exe().context("cannot find this executable")?;
    let contenders = contenders(arguments, &executable)?;
    let cores = Cores::of_this_machine()?;
    let files = settle(cores)?;
    let pace = if arguments.quick { Pace::QUICK } else { Pace::FULL };
    let rounds =
        arguments.rounds.map_or(if arguments.quick { ROUNDS_QUICK } else { ROUNDS_FULL }, usize::from);
    let cases: Vec<&'static Case> = CASES
        .iter()
        .filter(|case| arguments.cases.is_empty() || arguments.cases.iter().any(|name| name == case.name))
        .collect();
    let results = {
        let rig = Rig::assemble(executable, cores, pace)?;
        Rounds::new(&rig, &contenders, &cases).run(rounds)
    };
    let page = page(arguments, &results, &contenders, rounds, &notes(&cases, cores, files, pace));
    write!(std::io::stdout(), "{page}").context("cannot print the page")?;
    if let Some(file) = &arguments.write {
        fs::write(file, &page).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if results.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn contenders(arguments: &Arguments, executable: &Path) -> anyhow::Result<Vec<Box<dyn Contender>>> {
    let mut contenders: Vec<Box<dyn Contender>> = vec![Box::new(Floor::new(executable.to_owned()))];
    if let Some(tollgate) = &arguments.tollgate {
        contenders.push(Box::new(Tollgate::new(tollgate)?));
    }
    for (index, peer) in arguments.peers.iter().enumerate() {
        if arguments.peers.iter().take(index).any(|earlier| earlier == peer) {
            bail!("a peer is given twice");
        }
        contenders.push(match peer {
            Peer::Litellm => Box::new(LiteLlm::install(&arguments.peers_folder)?),
            Peer::Portkey => Box::new(Portkey::install(&arguments.peers_folder)?),
        });
    }
    Ok(contenders)
}

fn page(
    arguments: &Arguments,
    results: &Results,
    contenders: &[Box<dyn Contender>],
    rounds: usize,
    notes: &[String],
) -> String {
    let servers: Vec<_> =
        contenders.iter().map(|contender| (contender.name(), contender.description().to_owned())).collect();
    let command_line: Vec<String> = std::env::args().skip(1).collect();
    results.markdown(&Heading {
        date: &arguments.date.clone().unwrap_or_else(machine::today),
        machine: &machine::describe(),
        command_line: format!("bench {}", command_line.join(" ")).trim(),
        rounds,
        servers: &servers,
        notes,
    })
}

/// What a reader has to know to judge the figures.
fn notes(cases: &[&Case], cores: Cores, files: u64, pace: Pace) -> Vec<String> {
    let mut notes: Vec<String> = cases.iter().map(|case| format!("{}: {}", case.name, case.about)).collect();
    notes.push(format!(
        "The server under test runs on core {}, the fake provider and the load generator on core {}; windows of {} ms after {} ms \
of warm-up; at most {files} open files",
        cores.server,
        cores.load,
        pace.window.as_millis(),
        pace.warmup.as_millis()
    ));
    if cores.are_shared() {
        notes.push("Only one core could be used, so the load took its time from the server: ratios only, and with care".to_owned());
    }
    if cfg!(debug_assertions) {
        notes.push(
            "This bench was built without optimisation: the figures say nothing; build it with `--release`"
                .to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn cases_are_chosen_by_name() {
        let arguments =
            Arguments::try_parse_from(["bench", "--case", "chat", "--case", "memory", "--quick"]).unwrap();
        assert_eq!(arguments.cases, ["chat", "memory"]);
        assert!(Arguments::try_parse_from(["bench", "--case", "nonsense"]).is_err());
        assert!(Arguments::try_parse_from(["bench", "--rounds", "0"]).is_err());
    }
}
