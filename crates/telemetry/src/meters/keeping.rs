//! What is told of what the gateway keeps, or has from elsewhere, outside of requests.

use prometheus_client::registry::Registry;

use super::Meters;

impl Meters {
    pub(super) fn register_keeping(&self, registry: &mut Registry) {
        let not_kept = "Answers that were given but could not be kept";
        registry.register("answers_not_kept", not_kept, self.answers_not_kept.clone());
        let failures = "Requests that the store of conversations failed";
        registry.register("store_failures", failures, self.store_failures.clone());
        let failing = "Whether what processes share cannot be read or written (1) or can (0)";
        registry.register("shared_state_failing", failing, self.shared_state_failing.clone());
        let failures = "Secrets that could not be read from their vault again";
        registry.register("secret_fetch_failures", failures, self.secret_fetch_failures.clone());
        let stale = "Secrets in force whose last value stays, since their vault cannot be read";
        registry.register("stale_secrets", stale, self.stale_secrets.clone());
        let failing = "Whether the registry of the control API's objects does not answer (1) or does (0)";
        registry.register("registry_failing", failing, self.registry_failing.clone());
        let failing =
            "Whether what that registry says cannot be written to this process's file (1) or can (0)";
        registry.register("registry_snapshot_failing", failing, self.registry_snapshot_failing.clone());
    }
}
