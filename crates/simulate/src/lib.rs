//! What a configuration would do: the very `engine` that decides for real requests, run over traffic and outages on virtual time.
//!
//! Pure: a snapshot, a scenario and a seed in, a tally out. No clock, no randomness of the process, no I/O, no `async`.

mod attempt;
mod behaviour;
mod canaries;
mod fault;
mod gateway;
mod luck;
mod plot;
mod problem;
mod quotas;
mod report;
mod run;
mod scenario;
mod series;
mod spread;
mod tally;
mod traffic;

pub use behaviour::{BehaviourSpec, QuotaSpec};
pub use canaries::CanaryTally;
pub use fault::{FaultSpec, FaultsSpec};
pub use plot::svg;
pub use problem::Problem;
pub use report::{Outcome, Report};
pub use run::run;
pub use scenario::{Scenario, ScenarioProblems};
pub use spread::{CountsSpec, TimesSpec};
pub use tally::{Hedges, Tally, TargetTally, Wait, WaitEnd, percentile};
pub use traffic::{Arrival, MixSpec, Replay, Traffic, TrafficSpec};
