//! Tollgate refused a request before any provider was called.

use domain::{ApiKey, ErrorCode, TeamName};

use crate::Telemetry;
use crate::meters::CodeLabels;

/// One refusal.
#[derive(Debug)]
pub struct RequestRefused<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The client's key, when it was known.
    pub key: Option<&'a ApiKey>,
    /// Why.
    pub code: ErrorCode,
    /// Why, in words.
    pub message: &'a str,
}

impl RequestRefused<'_> {
    /// Counts it, logs it and writes it down.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.refusals.get_or_create(&CodeLabels { code: self.code.code() }).inc();
        if telemetry.logs(true) {
            let subject = self.key.map(|key| &key.subject);
            tracing::info!(
                target: "tollgate::request",
                request_id = self.request_id,
                key = self.key.map(|key| key.name.as_str()),
                workspace = subject.map(|subject| subject.workspace.name.as_str()),
                team = subject.and_then(|subject| subject.team.as_ref()).map(TeamName::as_str),
                user = subject.and_then(|subject| subject.user.as_ref()).map(|user| user.name.as_str()),
                code = self.code.code(),
                status = self.code.status(),
                message = self.message,
                "request refused"
            );
        }
        if let Some(records) = telemetry.records.get() {
            records.refused(self);
        }
    }
}
