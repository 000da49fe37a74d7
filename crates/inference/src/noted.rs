//! What is written down of a request beside its end: what it asked for, and why it went where it went. Made only where somebody wants to know.

use engine::decision::{Attempted, Decision};
use serde_json::value::RawValue;
use telemetry::Particulars;

/// Longest decision in a record; what a header can hold would be too little for a route of many targets.
const DECISION_BYTES_MAX: usize = 32 * 1024;

/// What is noted of a request while it is under way.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    particulars: Particulars,
    decision: Option<Decision>,
}

impl Noted {
    /// What a request asks for.
    pub(crate) fn of(particulars: Particulars) -> Self {
        Self { particulars, decision: None }
    }

    /// Notes why it goes where it goes.
    pub(crate) fn decides(&mut self, decision: Option<Decision>) {
        self.decision = decision;
    }

    /// Notes what was tried when its stream had broken off.
    pub(crate) fn tries_further(&mut self, attempts: Vec<Attempted>) {
        if let Some(decision) = &mut self.decision {
            decision.attempts.extend(attempts);
        }
    }

    /// All of it.
    pub(crate) fn into_particulars(self) -> Particulars {
        let json = self.decision.map(|decision| decision.to_json(DECISION_BYTES_MAX));
        let decision = json.and_then(|json| RawValue::from_string(json).ok());
        Particulars { decision, ..self.particulars }
    }
}
