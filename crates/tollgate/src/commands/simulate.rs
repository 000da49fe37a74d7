//! `tollgate simulate`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use control::Document;
use domain::Snapshot;
use simulate::{FaultsSpec, Outcome, Problem, Report, Scenario, Traffic, TrafficSpec};

use super::BadInput;
use super::surroundings::{environment, loaded, say, warn};

/// The longest description of traffic or faults, in bytes.
const DESCRIPTION_BYTES_MAX: u64 = 4 << 20;

/// Says what a configuration would do with traffic and outages. Nothing is called: the very decisions of `tollgate serve` run
/// on virtual time against models of the providers.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The configuration file.
    #[arg(long, default_value = "tollgate.yaml")]
    config: PathBuf,
    /// A description of the traffic.
    #[arg(long)]
    traffic: PathBuf,
    /// A description of what goes wrong.
    #[arg(long)]
    faults: Option<PathBuf>,
    /// A second configuration, shown beside the first in the same world.
    #[arg(long)]
    compare: Option<PathBuf>,
    /// Where all luck begins; the same seed gives the same report, byte for byte.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many requests there are, in place of what the traffic says.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    requests: Option<u64>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// What all configurations meet.
struct World {
    traffic: Document<TrafficSpec>,
    faults: Option<Document<FaultsSpec>>,
}

impl Simulate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let report = self.report().map_err(|error| BadInput::of(&error))?;
        say(report.trim_end());
        Ok(())
    }

    /// # Errors
    /// When something is wrong with what was given.
    fn report(&self) -> anyhow::Result<String> {
        let world = World::read(&self.traffic, self.faults.as_deref())?;
        let mut outcomes = Vec::new();
        for file in std::iter::once(&self.config).chain(&self.compare) {
            let loaded = loaded(file)?;
            loaded.warnings.iter().for_each(|warning| warn(warning));
            let scenario = world.scenario(&loaded.snapshot, self.requests)?;
            outcomes.push(outcome(file, &loaded.snapshot, &scenario, self.seed));
        }
        let report = Report { seed: self.seed, outcomes };
        Ok(if self.json { report.to_json().to_string() } else { report.to_string() })
    }
}

impl World {
    fn read(traffic: &Path, faults: Option<&Path>) -> anyhow::Result<Self> {
        let (name, traffic) = text(traffic)?;
        let traffic = Document::read(&name, &traffic)?;
        let Some(faults) = faults else { return Ok(Self { traffic, faults: None }) };
        let (name, faults) = text(faults)?;
        Ok(Self { traffic, faults: Some(Document::read(&name, &faults)?) })
    }

    fn scenario(&self, snapshot: &Snapshot, requests: Option<u64>) -> anyhow::Result<Scenario> {
        let spec = &self.traffic.value;
        let traffic = Traffic::generated(spec, requests, snapshot);
        let traffic = traffic.map_err(|problems| errors(&self.traffic, problems))?;
        let usual = FaultsSpec::default();
        let faults = self.faults.as_ref().map_or(&usual, |faults| &faults.value);
        Scenario::new(traffic, &spec.providers, faults).map_err(|problems| match &self.faults {
            Some(faults) if !problems.faults.is_empty() => errors(faults, problems.faults),
            _ => errors(&self.traffic, problems.traffic),
        })
    }
}

fn outcome(file: &Path, snapshot: &Snapshot, scenario: &Scenario, seed: u64) -> Outcome {
    let run = |scenario: &Scenario| simulate::run(snapshot, scenario, seed);
    let without_faults = scenario.has_faults().then(|| run(&scenario.without_faults()));
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    Outcome { name, tally: run(scenario), without_faults }
}

/// The name of a file and what it says.
fn text(file: &Path) -> anyhow::Result<(String, String)> {
    let name = file.display().to_string();
    let text = environment().file(file, DESCRIPTION_BYTES_MAX);
    let text = text.map_err(|error| anyhow!("{name}: the file cannot be read: {error}"))?;
    Ok((name, text))
}

fn errors<T>(document: &Document<T>, problems: Vec<Problem>) -> anyhow::Error {
    let problems = problems.into_iter().map(|problem| (problem.path, problem.message));
    anyhow!("{}", document.errors(problems))
}
