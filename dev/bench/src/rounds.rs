//! Round after round, case after case, server after server: interleaved, so that what disturbs the machine disturbs all alike.

use std::collections::BTreeSet;
use std::io::Write;

use crate::cases::Case;
use crate::report::Results;
use crate::rig::{Rig, Subject};
use crate::servers::Contender;

/// A run in progress.
pub(crate) struct Rounds<'a> {
    rig: &'a Rig,
    contenders: &'a [Box<dyn Contender>],
    cases: &'a [&'static Case],
    results: Results,
    /// Cases that a server has failed once, or all of them under [`START`]: they are not tried again.
    given_up: BTreeSet<(&'static str, &'static str)>,
}

/// Stands for a server's start where a case's name would be.
const START: &str = "serve";

impl<'a> Rounds<'a> {
    /// Prepares a run of `cases` over `contenders`.
    pub(crate) fn new(
        rig: &'a Rig,
        contenders: &'a [Box<dyn Contender>],
        cases: &'a [&'static Case],
    ) -> Self {
        Self { rig, contenders, cases, results: Results::default(), given_up: BTreeSet::new() }
    }

    /// Runs all rounds; servers are started afresh in each.
    pub(crate) fn run(mut self, rounds: usize) -> Results {
        for round in 0..rounds {
            let mut subjects: Vec<Option<Subject<'a>>> =
                self.contenders.iter().map(|contender| self.rig_start(contender.as_ref())).collect();
            for case in self.cases {
                for turn in 0..subjects.len() {
                    // The order rotates, so that nobody always runs behind the same neighbour.
                    let index = (turn + round) % subjects.len();
                    let Some(slot) = subjects.get_mut(index) else {
                        continue;
                    };
                    if let Some(subject) = slot.take() {
                        progress(&format!(
                            "round {} of {rounds}: {}, {}",
                            round + 1,
                            case.name,
                            subject.contender.name()
                        ));
                        *slot = self.measure(case, subject, round);
                    }
                }
            }
        }
        self.results
    }

    fn rig_start(&mut self, contender: &'a dyn Contender) -> Option<Subject<'a>> {
        if self.given_up.contains(&(START, contender.name())) {
            return None;
        }
        self.rig.start(contender).map_err(|error| self.give_up(START, contender.name(), &error)).ok()
    }

    /// Measures one case; after a failure the server is started again, for its process may be gone.
    fn measure(&mut self, case: &Case, subject: Subject<'a>, round: usize) -> Option<Subject<'a>> {
        let server = subject.contender.name();
        if self.given_up.contains(&(case.name, server)) {
            return Some(subject);
        }
        match (case.measure)(self.rig, &subject) {
            Ok(measured) => {
                for warning in measured.warnings {
                    self.results.warn(case.name, server, &warning);
                }
                for reading in measured.readings {
                    self.results.add(case.name, server, round, &reading);
                }
                Some(subject)
            }
            Err(error) => {
                self.give_up(case.name, server, &error);
                let contender = subject.contender;
                drop(subject);
                self.rig_start(contender)
            }
        }
    }

    fn give_up(&mut self, case: &'static str, server: &'static str, error: &anyhow::Error) {
        let failure = format!("{error:#}");
        progress(&format!("failed: {case}, {server}: {failure}"));
        self.results.fail(case, server, &failure);
        self.given_up.insert((case, server));
    }
}

fn progress(text: &str) {
    // Nobody reading the progress is no reason to stop.
    writeln!(std::io::stderr(), "{text}").unwrap_or_default();
}
