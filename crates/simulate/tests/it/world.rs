//! Configurations, traffic and faults from their texts.

use std::io;
use std::path::Path;
use std::sync::Arc;

use control::{Document, Environment, Loader};
use domain::Snapshot;
use simulate::{FaultsSpec, Outcome, Scenario, Tally, Traffic, TrafficSpec};

/// Three providers, and a fallback over them called `reliable`.
pub(crate) const THREE: &str = "
providers:
  openai: { credentials: [sk-1] }
  anthropic: { credentials: [sk-2] }
  groq: { credentials: [sk-3] }
routes:
  reliable:
    strategy: { mode: fallback }
    targets:
      - target: openai/gpt-4o-mini
      - target: anthropic/claude-haiku-4-5
      - target: groq/llama-3.3-70b-versatile
";

/// Nothing is set, and there are no files.
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path, _bytes_max: u64) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

pub(crate) fn snapshot(configuration: &str) -> Arc<Snapshot> {
    let loader = Loader::new("tollgate.yaml", Arc::new(Nothing));
    loader.load_text(configuration, 1).unwrap().snapshot
}

/// A world of these texts for a configuration; what is wrong with them, by path.
pub(crate) fn scenario(snapshot: &Snapshot, traffic: &str, faults: &str) -> Result<Scenario, Vec<String>> {
    let traffic = Document::<TrafficSpec>::read("traffic.yaml", traffic).unwrap().value;
    let faults = match faults {
        "" => FaultsSpec::default(),
        faults => Document::<FaultsSpec>::read("faults.yaml", faults).unwrap().value,
    };
    let lines = |problems: Vec<simulate::Problem>| -> Vec<String> {
        problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    };
    let compiled = Traffic::generated(&traffic, None, snapshot).map_err(lines)?;
    Scenario::new(compiled, &traffic.providers, &faults)
        .map_err(|problems| lines(problems.traffic.into_iter().chain(problems.faults).collect()))
}

/// What comes of a configuration.
pub(crate) fn outcome(configuration: &str, traffic: &str, faults: &str, seed: u64) -> Outcome {
    let snapshot = snapshot(configuration);
    let scenario = scenario(&snapshot, traffic, faults).unwrap();
    let without = scenario.has_faults().then(|| simulate::run(&snapshot, &scenario.without_faults(), seed));
    Outcome {
        name: "it".to_owned(),
        tally: simulate::run(&snapshot, &scenario, seed),
        without_faults: without,
    }
}

pub(crate) fn tally(configuration: &str, traffic: &str, faults: &str) -> Tally {
    outcome(configuration, traffic, faults, 1).tally
}

/// The share of answers that came from targets with this in their name.
pub(crate) fn share(tally: &Tally, name: &str) -> f64 {
    let found = tally.targets.iter().filter(|target| target.name.contains(name));
    found.map(|target| target.answered).sum::<u64>() as f64 / tally.succeeded as f64
}
