//! The calls of a request whose end is not known: only for those can a provider charge.

use std::sync::Arc;

use crate::atomic::{AtomicU32, Ordering};

/// The calls that were sent and whose end is not known. Whoever sends one notes it here.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU32>);

impl Sent {
    /// A call is sent.
    pub fn begun(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The end of a call is known.
    pub fn ended(&self) {
        let less = |calls: u32| calls.checked_sub(1);
        // One that was never sent has no end either.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// How many there are.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
