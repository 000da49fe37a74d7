//! Runs seeds, and says where something did not hold.

use std::process::ExitCode;

use clap::Parser;
use sim::{Scenario, run};

/// Simulates fleets that share budgets.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// How many replicas there are.
    #[arg(long, default_value_t = 5)]
    replicas: usize,
    /// Says what happens, event by event.
    #[arg(long)]
    trace: bool,
}

#[expect(clippy::print_stdout, reason = "it tells whoever runs it")]
fn main() -> ExitCode {
    let Arguments { seeds, from, replicas, trace } = Arguments::parse();
    let scenario = Scenario { replicas, ..Scenario::FLEET };
    let (mut served, mut refused, mut wrong) = (0, 0, 0_usize);
    for seed in from..from.saturating_add(seeds) {
        let report = run(&scenario, seed, trace);
        report.lines.iter().for_each(|line| println!("{line}"));
        for finding in &report.findings {
            println!("seed {seed}: {finding}");
        }
        served += report.served;
        refused += report.refused;
        wrong += report.findings.len();
    }
    println!("{seeds} seeds: {served} requests served, {refused} refused, {wrong} findings");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
