//! What is written down of a request beside its end: what it asked for, and why it went where it went. Made only where somebody wants to know.

use engine::decision::{Attempted, Decision};
use serde_json::value::RawValue;
use telemetry::Particulars;

use crate::attempt::Call;
use crate::metadata;
use crate::region;

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
    pub(crate) fn of(call: &Call) -> Self {
        let particulars = Particulars {
            model: call.facts.model.as_deref().map(Into::into),
            stream: call.facts.stream,
            region: region::asked(&call.headers).map(Into::into),
            metadata: metadata::told(&call.headers, &call.origin.key.subject.labels)
                .and_then(|text| RawValue::from_string(text).ok()),
            body_bytes: u64::try_from(call.document.body().len()).unwrap_or(u64::MAX),
            decision: None,
        };
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
