//! What is measured: each case puts loads on one server and gives readings; the comparison is made elsewhere.

mod bodies;
mod chat;
mod chunks;
mod decision;
mod fallback;
mod first_token;
mod formats;
mod latency;
mod limits;
mod memory;
mod start;

use std::time::Duration;

use crate::load::Outcome;
use crate::rig::{Rig, Subject};
use crate::scenario::Scenario;

/// Every stream that a case asks for; gateways that know providers by name are configured for these.
pub(crate) const STREAMS: [Scenario; 3] = [chunks::ONE, chunks::MANY, first_token::PACED];

/// About the size of an ordinary request.
const BODY_BYTES: usize = 1024;

/// Connections of a closed load: enough to keep one core busy, few enough not to queue for long.
const CONNECTIONS: usize = 32;

/// Below this many answers a median says little.
const ANSWERS_MIN: u64 = 100;

/// A core that is this busy has no time left.
const BUSY: f64 = 0.97;

/// The share of the server's core that others may take before it is worth a word.
const FOREIGN_MAX: f64 = 0.08;

/// One thing to measure.
pub(crate) struct Case {
    /// How it is chosen on the command line, and how its rows start.
    pub(crate) name: &'static str,
    /// One sentence for the list of cases.
    pub(crate) about: &'static str,
    /// Measures one server once.
    pub(crate) measure: fn(&Rig, &Subject<'_>) -> anyhow::Result<Measured>,
}

/// All cases in the order of the table.
pub(crate) const CASES: [Case; 11] = [
    Case {
        name: "chat",
        about: "1 KiB chat completion, not streamed, as fast as 32 connections can",
        measure: chat::measure,
    },
    Case { name: "bodies", about: "request bodies of 1, 16, 100 KiB and 1 MiB", measure: bodies::measure },
    Case {
        name: "latency",
        about: "latency at 200, 1,000, 1,800 and 5,000 requests per second",
        measure: latency::measure,
    },
    Case { name: "first-token", about: "time to the first event of a stream", measure: first_token::measure },
    Case {
        name: "chunks",
        about: "CPU per chunk of a stream that comes in a burst",
        measure: chunks::measure,
    },
    Case {
        name: "formats",
        about: "Anthropic messages, and pairs of formats that are translated",
        measure: formats::measure,
    },
    Case {
        name: "fallback",
        about: "the first target always fails, the second answers",
        measure: fallback::measure,
    },
    Case {
        name: "decision",
        about: "which of ten targets is next, in the bench's own process",
        measure: decision::measure,
    },
    Case {
        name: "limits",
        about: "five limits and budgets of a thousand, held and settled in the bench's own process",
        measure: limits::measure,
    },
    Case { name: "memory", about: "idle, under load, and per open stream", measure: memory::measure },
    Case { name: "start", about: "from the start of the process to the first 200", measure: start::measure },
];

/// What one case found about one server; nothing when the server cannot do it.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// The figures.
    pub(crate) readings: Vec<Reading>,
    /// What limits their worth.
    pub(crate) warnings: Vec<String>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// What was measured, without the case's name.
    pub(crate) name: String,
    /// The figure, in `unit`.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: Unit,
    /// How it is set against the floor's.
    pub(crate) compare: Compare,
}

/// Units of readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Per second.
    PerSecond,
    /// Bytes, shown as KiB or MiB.
    Bytes,
    /// A ratio that is already one.
    Times,
    /// A share, 0 to 1, shown in percent.
    Share,
}

/// How a reading is set against the floor's reading of the same round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// Divided by it.
    Ratio,
    /// Less it.
    Added,
    /// Not at all.
    Alone,
}

impl Measured {
    fn add(&mut self, name: impl Into<String>, value: f64, unit: Unit, compare: Compare) {
        self.readings.push(Reading { name: name.into(), value, unit, compare });
    }

    /// Notes what makes an outcome doubtful: the load at its limit, others on the server's core, too few answers.
    fn doubt(&mut self, what: &str, outcome: &Outcome) {
        if outcome.load_core_busy > BUSY && outcome.server_core_busy < BUSY {
            self.warnings.push(format!(
                "{what}: the load generator and the fake provider were the limit (their core {:.0} % busy, the server's {:.0} %)",
                outcome.load_core_busy * 100.0,
                outcome.server_core_busy * 100.0
            ));
        }
        let own = outcome.server_time.as_secs_f64() / outcome.window.as_secs_f64().max(f64::MIN_POSITIVE);
        if outcome.server_core_busy - own > FOREIGN_MAX {
            self.warnings.push(format!(
                "{what}: others took {:.0} % of the server's core",
                (outcome.server_core_busy - own) * 100.0
            ));
        }
        if outcome.answers < ANSWERS_MIN {
            self.warnings.push(format!("{what}: only {} answers", outcome.answers));
        }
    }
}

fn micros(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}

const fn stream(chunks: u32, interval: Duration) -> Scenario {
    Scenario::Streamed { chunks, interval }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(server_busy: f64, load_busy: f64, answers: u64) -> Outcome {
        Outcome {
            answers,
            window: Duration::from_secs(1),
            server_time: Duration::from_millis(500),
            server_core_busy: server_busy,
            load_core_busy: load_busy,
            ..Outcome::default()
        }
    }

    fn warnings(outcome: &Outcome) -> Vec<String> {
        let mut measured = Measured::default();
        measured.doubt("chat", outcome);
        measured.warnings
    }

    #[test]
    fn a_sound_outcome_raises_no_doubt() {
        assert_eq!(warnings(&outcome(0.55, 0.6, 5000)), Vec::<String>::new());
    }

    #[test]
    fn a_limit_of_the_load_is_said_only_when_the_server_had_time() {
        assert!(warnings(&outcome(0.55, 0.99, 5000))[0].contains("were the limit"));
        let busy = Outcome { server_time: Duration::from_secs(1), ..outcome(1.0, 1.0, 5000) };
        assert!(warnings(&busy).is_empty());
    }

    #[test]
    fn foreign_work_and_few_answers_are_said() {
        assert!(warnings(&outcome(0.8, 0.5, 5000))[0].contains("others took 30 %"));
        assert!(warnings(&outcome(0.5, 0.5, 7))[0].contains("only 7 answers"));
    }

    #[test]
    fn case_names_are_unique() {
        let mut names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CASES.len());
    }
}
