//! What a call takes of a quota while it is under way.

use std::sync::Arc;

use domain::{CredentialId, Usage};
use engine::quota::{Cost, Granted};

use super::{Shape, tell_next};
use crate::Clock;

/// A call that a quota has granted. Where nobody says what it used, it used what was thought.
pub struct Spend {
    clock: Clock,
    shape: Arc<Shape>,
    /// `None` once its end is told.
    granted: Option<Granted>,
}

impl Spend {
    pub(super) fn new(clock: Clock, shape: Arc<Shape>, granted: Granted) -> Self {
        Self { clock, shape, granted: Some(granted) }
    }

    /// The credential that it was granted for.
    pub fn credential(&self) -> Option<&CredentialId> {
        self.granted.as_ref().map(|granted| &granted.credential)
    }

    pub(super) fn granted(&self) -> Option<&Granted> {
        self.granted.as_ref()
    }

    /// It failed: a request was made, and no tokens were used.
    pub fn failed(mut self) {
        self.end(Some(Cost::default()));
    }

    /// It has ended, with what the provider reported.
    pub fn ended(mut self, usage: &Usage) {
        let reported = usage.input_tokens.is_some() || usage.output_tokens.is_some();
        self.end(reported.then(|| Cost {
            input: usage.input_tokens.unwrap_or_default(),
            cached_input: usage.cached_input_tokens.unwrap_or_default(),
            output: usage.output_tokens.unwrap_or_default(),
        }));
    }

    fn end(&mut self, used: Option<Cost>) {
        if let Some(granted) = self.granted.take() {
            let now = self.clock.now();
            let mut shaper = self.shape.shaper.lock();
            shaper.ended(&granted, used, now);
            tell_next(&shaper);
        }
    }
}

impl Drop for Spend {
    fn drop(&mut self) {
        self.end(None);
    }
}
