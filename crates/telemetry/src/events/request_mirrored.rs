//! A copy of a request has ended, whose answer nobody gets.

use domain::Usage;

use super::{RequestEnded, milliseconds};
use crate::Telemetry;
use crate::cost::Unpriced;
use crate::meters::{Outcome, operation_name};

/// The end of a copy.
#[derive(Debug)]
pub struct RequestMirrored<'a> {
    /// The copy, told as a request would be. Its status is 0 where there was no answer.
    pub request: RequestEnded<'a>,
    /// The model in metrics: none where the client says which.
    pub own_model: Option<&'a str>,
    /// Why it failed before it was answered.
    pub detail: Option<&'a str>,
}

impl RequestMirrored<'_> {
    /// Counts and logs it, apart from what clients are answered.
    pub fn emit(&self, telemetry: &Telemetry) {
        let RequestEnded { provider, outcome, usage, cost, .. } = &self.request;
        provider.mirrored(outcome.name());
        if *usage != Usage::default() || cost.is_some() {
            provider.mirror_used(self.own_model.unwrap_or("other"), usage, *cost);
        }
        if telemetry.logs(*outcome != Outcome::Done) {
            self.log();
        }
    }

    fn log(&self) {
        let copy = &self.request;
        tracing::info!(
            target: "tollgate::mirror",
            request_id = copy.request_id,
            key = copy.key.name.as_str(),
            operation = operation_name(copy.endpoint),
            provider = copy.provider.name().as_str(),
            model = copy.model,
            mirror = true,
            status = copy.status,
            outcome = copy.outcome.name(),
            detail = self.detail,
            duration_ms = milliseconds(copy.duration),
            input_tokens = copy.usage.input_tokens,
            output_tokens = copy.usage.output_tokens,
            cost_usd = copy.cost.and_then(Result::ok).map(tracing::field::display),
            unpriced = copy.cost.and_then(Result::err).map(Unpriced::name),
            "request mirrored"
        );
    }
}
