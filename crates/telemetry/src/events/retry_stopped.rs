//! A request was not tried again, because the retry budget of its route is spent.

use crate::Telemetry;

/// One attempt that was not made.
#[derive(Debug)]
pub struct RetryStopped<'a> {
    /// The request that was given up.
    pub request_id: &'a str,
    /// The route whose budget is spent; absent for the one that all routes without a name share.
    pub route: Option<&'a str>,
}

impl RetryStopped<'_> {
    /// Counts and logs it.
    pub fn emit(&self, telemetry: &Telemetry) {
        telemetry.meters.retries_stopped.inc();
        if telemetry.logs(true) {
            tracing::warn!(
                target: "tollgate::attempt",
                request_id = self.request_id,
                route = self.route,
                "retry budget spent"
            );
        }
    }
}
