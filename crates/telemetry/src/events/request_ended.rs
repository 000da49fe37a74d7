//! A request that reached a provider has ended, exactly once.

use std::time::Duration;

use domain::{ApiKey, Endpoint, EnvironmentName, Money, TeamName, Usage};
use serde_json::value::RawValue;

use super::{microseconds, milliseconds};
use crate::cost::Unpriced;
use crate::meters::{Outcome, operation_name};
use crate::{Particulars, ProviderMeters, Telemetry};

/// The end of a request.
#[derive(Debug)]
pub struct RequestEnded<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The client's key.
    pub key: &'a ApiKey,
    /// What was asked for; `None` for a pass-through.
    pub endpoint: Option<Endpoint>,
    /// The provider that answered, or the last that failed.
    pub provider: &'a ProviderMeters,
    /// The model that was asked of it.
    pub model: Option<&'a str>,
    /// The status that the client saw.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// How many attempts it took.
    pub attempts: u32,
    /// Whether any of them failed.
    pub has_failed_attempts: bool,
    /// From the request's head to the answer's end.
    pub duration: Duration,
    /// From the request's head to the first content of a stream.
    pub first_token: Option<Duration>,
    /// Tollgate's own share, up to the answer's head.
    pub overhead: Duration,
    /// What the provider reported.
    pub usage: Usage,
    /// What it cost, or why that is not known; `None` where nothing is charged for.
    pub cost: Option<Result<Money, Unpriced>>,
    /// What it asked for and why it went where it went, where somebody wants to know.
    pub particulars: Option<&'a Particulars>,
}

impl RequestEnded<'_> {
    /// Counts it, logs it and writes it down.
    pub fn emit(&self, telemetry: &Telemetry) {
        self.provider.ended(self.endpoint, self.outcome, self.duration.as_secs_f64());
        if let Some(first_token) = self.first_token {
            self.provider.first_token(self.endpoint, first_token.as_secs_f64());
        }
        if self.usage != Usage::default() || self.cost.is_some() {
            self.provider.used(self.model.unwrap_or("none"), &self.usage, self.cost);
        }
        if let Some(Ok(cost)) = self.cost {
            telemetry.meters.spending.cost(&self.key.subject, cost);
        }
        telemetry.meters.overhead.observe(self.overhead.as_secs_f64());
        if self.has_failed_attempts && self.outcome == Outcome::Done && self.status < 400 {
            telemetry.meters.rescued.inc();
        }
        if telemetry.logs(self.outcome != Outcome::Done) {
            let is_told = telemetry.logs_decisions();
            self.log(self.particulars.filter(|_| is_told).and_then(|known| known.decision.as_deref()));
        }
        if let Some(records) = telemetry.records.get() {
            let nothing = Particulars::default();
            records.ended(self, self.particulars.unwrap_or(&nothing));
        }
    }

    fn log(&self, decision: Option<&RawValue>) {
        let subject = &self.key.subject;
        tracing::info!(
            target: "tollgate::request",
            request_id = self.request_id,
            key = self.key.name.as_str(),
            workspace = subject.workspace.name.as_str(),
            team = subject.team.as_ref().map(TeamName::as_str),
            user = subject.user.as_ref().map(|user| user.name.as_str()),
            environment = subject.environment.as_ref().map(EnvironmentName::as_str),
            operation = operation_name(self.endpoint),
            provider = self.provider.name().as_str(),
            model = self.model,
            status = self.status,
            outcome = self.outcome.name(),
            attempts = self.attempts,
            duration_ms = milliseconds(self.duration),
            first_token_ms = self.first_token.map(milliseconds),
            overhead_us = microseconds(self.overhead),
            input_tokens = self.usage.input_tokens,
            output_tokens = self.usage.output_tokens,
            cost_usd = self.cost.and_then(Result::ok).map(tracing::field::display),
            unpriced = self.cost.and_then(Result::err).map(Unpriced::name),
            decision = decision.map(RawValue::get),
            "request ended"
        );
    }
}
