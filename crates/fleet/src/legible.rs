//! Whether what replicas tell each other can be read. It is looked at several times a second, so what cannot be read is told once, until it can
//! be again.

use std::sync::atomic::{AtomicBool, Ordering};

use telemetry::Telemetry;
use telemetry::events::StoreFailed;

/// What became of the last look.
#[derive(Debug, Default)]
pub(crate) struct Legible {
    was_unread: AtomicBool,
}

impl Legible {
    /// What was read, if it could be; `what` is a plural.
    pub(crate) fn read<T>(
        &self,
        read: Result<T, serde_json::Error>,
        what: &str,
        telemetry: &Telemetry,
    ) -> Option<T> {
        let was_unread = self.was_unread.swap(read.is_err(), Ordering::Relaxed);
        if let Err(error) = &read
            && !was_unread
        {
            let detail = format!("what replicas say of {what} cannot be read: {error}");
            StoreFailed { detail: &detail }.emit(telemetry);
        }
        read.ok()
    }
}
