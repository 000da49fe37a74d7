//! Tollgate refused a request before any provider was called.

use domain::{ErrorCode, KeyName};

use crate::Telemetry;
use crate::meters::CodeLabels;

/// One refusal.
#[derive(Debug)]
pub struct RequestRefused<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The client's key, when it was known.
    pub key: Option<&'a KeyName>,
    /// Why.
    pub code: ErrorCode,
    /// Why, in words.
    pub message: &'a str,
}

impl RequestRefused<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.refusals.get_or_create(&CodeLabels { code: self.code.code() }).inc();
        if telemetry.logs(true) {
            tracing::info!(
                target: "tollgate::request",
                request_id = self.request_id,
                key = self.key.map(KeyName::as_str),
                code = self.code.code(),
                status = self.code.status(),
                message = self.message,
                "request refused"
            );
        }
    }
}
