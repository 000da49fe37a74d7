//! `tollgate simulate`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use control::Document;
use domain::Snapshot;
use simulate::{BehaviourSpec, FaultsSpec, Outcome, Problem, Replay, Report, Scenario, Traffic, TrafficSpec};
use store::JournalFiles;

use super::BadInput;
use super::surroundings::{environment, loaded, say, warn};

/// The longest description of traffic or faults, in bytes.
const DESCRIPTION_BYTES_MAX: u64 = 4 << 20;
/// The longest recording of traffic, in bytes.
const RECORDING_BYTES_MAX: u64 = 1 << 30;
/// The names of recordings end so; everything else is a description.
const RECORDINGS: [&str; 3] = ["jsonl", "ndjson", "log"];

/// Says what a configuration would do with traffic and outages. Nothing is called: the very decisions of `tollgate serve` run
/// on virtual time against models of the providers.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The configuration file.
    #[arg(long, default_value = "tollgate.yaml")]
    config: PathBuf,
    /// A description of the traffic, or a recording of it (`.jsonl`, `.ndjson`, `.log`): a JSON object in each line, which is a request or
    /// a line of Tollgate's own log; or the folder of a journal.
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
    /// What the requests of a recording ask for, in place of what they did.
    #[arg(long)]
    model: Option<String>,
    /// Writes a picture of what came of it over time.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

/// What all configurations meet.
struct World {
    traffic: TrafficFile,
    faults: Option<Document<FaultsSpec>>,
}

enum TrafficFile {
    Described(Document<TrafficSpec>),
    Recorded { name: String, text: String },
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
        if self.model.is_some() && matches!(world.traffic, TrafficFile::Described(_)) {
            return Err(anyhow!(
                "--model is for recordings; a description says in its `mix` what is asked for"
            ));
        }
        let replay = Replay { requests_max: self.requests, model: self.model.as_deref() };
        let mut outcomes = Vec::new();
        for file in std::iter::once(&self.config).chain(&self.compare) {
            let loaded = loaded(file)?;
            loaded.warnings.iter().for_each(|warning| warn(warning));
            let scenario = world.scenario(&loaded.snapshot, replay)?;
            outcomes.push(outcome(file, &loaded.snapshot, &scenario, self.seed));
        }
        let report = Report { seed: self.seed, outcomes };
        if let Some(file) = &self.svg {
            let written = std::fs::write(file, simulate::svg(&report));
            written.map_err(|error| anyhow!("{}: the picture cannot be written: {error}", file.display()))?;
        }
        Ok(if self.json { report.to_json().to_string() } else { report.to_string() })
    }
}

impl World {
    fn read(traffic: &Path, faults: Option<&Path>) -> anyhow::Result<Self> {
        let traffic = TrafficFile::read(traffic)?;
        let Some(faults) = faults else { return Ok(Self { traffic, faults: None }) };
        let (name, faults) = text(faults, DESCRIPTION_BYTES_MAX)?;
        Ok(Self { traffic, faults: Some(Document::read(&name, &faults)?) })
    }

    fn scenario(&self, snapshot: &Snapshot, replay: Replay<'_>) -> anyhow::Result<Scenario> {
        let traffic = self.traffic.compiled(snapshot, replay)?;
        let usual = FaultsSpec::default();
        let faults = self.faults.as_ref().map_or(&usual, |faults| &faults.value);
        Scenario::new(traffic, self.traffic.providers(), faults).map_err(|problems| match &self.faults {
            Some(faults) if !problems.faults.is_empty() => errors(faults, problems.faults),
            _ => self.traffic.errors(problems.traffic),
        })
    }
}

impl TrafficFile {
    fn read(file: &Path) -> anyhow::Result<Self> {
        if file.is_dir() {
            return Self::of_journal(file);
        }
        let is_recording =
            file.extension().is_some_and(|ending| RECORDINGS.iter().any(|recording| ending == *recording));
        if is_recording {
            let (name, text) = text(file, RECORDING_BYTES_MAX)?;
            return Ok(Self::Recorded { name, text });
        }
        let (name, text) = text(file, DESCRIPTION_BYTES_MAX)?;
        Ok(Self::Described(Document::read(&name, &text)?))
    }

    fn of_journal(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.display().to_string();
        let unreadable = |error| anyhow!("{name}: the journal cannot be read: {error}");
        let mut text = String::new();
        for line in JournalFiles::in_folder(folder).map_err(unreadable)?.lines() {
            text.push_str(&line.map_err(unreadable)?);
            text.push('\n');
            if u64::try_from(text.len()).is_ok_and(|bytes| bytes > RECORDING_BYTES_MAX) {
                return Err(anyhow!("{name}: the journal has more than {RECORDING_BYTES_MAX} bytes"));
            }
        }
        Ok(Self::Recorded { name, text })
    }

    fn compiled(&self, snapshot: &Snapshot, replay: Replay<'_>) -> anyhow::Result<Traffic> {
        let traffic = match self {
            Self::Described(description) => {
                Traffic::generated(&description.value, replay.requests_max, snapshot)
            }
            Self::Recorded { text, .. } => Traffic::recorded(text, replay, snapshot),
        };
        traffic.map_err(|problems| self.errors(problems))
    }

    fn providers(&self) -> &[BehaviourSpec] {
        match self {
            Self::Described(description) => &description.value.providers,
            Self::Recorded { .. } => &[],
        }
    }

    fn errors(&self, problems: Vec<Problem>) -> anyhow::Error {
        match self {
            Self::Described(description) => errors(description, problems),
            Self::Recorded { name, .. } => {
                let line = |problem: Problem| format!("{name}:{}: {}", problem.path, problem.message);
                anyhow!("{}", problems.into_iter().map(line).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

fn outcome(file: &Path, snapshot: &Snapshot, scenario: &Scenario, seed: u64) -> Outcome {
    let run = |scenario: &Scenario| simulate::run(snapshot, scenario, seed);
    let without_faults = scenario.has_faults().then(|| run(&scenario.without_faults()));
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    Outcome { name, tally: run(scenario), without_faults }
}

/// The name of a file and what it says.
fn text(file: &Path, bytes_max: u64) -> anyhow::Result<(String, String)> {
    let name = file.display().to_string();
    let text = environment().file(file, bytes_max);
    let text = text.map_err(|error| anyhow!("{name}: the file cannot be read: {error}"))?;
    Ok((name, text))
}

fn errors<T>(document: &Document<T>, problems: Vec<Problem>) -> anyhow::Error {
    let problems = problems.into_iter().map(|problem| (problem.path, problem.message));
    anyhow!("{}", document.errors(problems))
}
