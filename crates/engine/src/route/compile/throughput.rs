//! The least that a stream has to say, checked.

use std::time::Duration;

use domain::ThroughputMin;

use super::super::spec::ThroughputSpec;
use super::Compiler;

const WINDOW: Duration = Duration::from_secs(10);
/// Models say several tokens at a time; in less time than this, that would decide.
const WINDOW_MIN: Duration = Duration::from_millis(100);
const TOKENS_PER_SECOND_MAX: u32 = 10_000;

impl Compiler<'_> {
    pub(super) fn throughput(&mut self, spec: &ThroughputSpec, path: &str) -> Option<ThroughputMin> {
        let window = spec.window.map_or(WINDOW, |span| span.0);
        let hold = spec.hold.map(|span| span.0).filter(|hold| !hold.is_zero());
        if spec.tokens_per_second > TOKENS_PER_SECOND_MAX {
            let message = format!("expected at most {TOKENS_PER_SECOND_MAX} tokens");
            self.report(format!("{path}.tokens_per_second"), message);
        }
        if window < WINDOW_MIN {
            self.report(format!("{path}.window"), "expected at least 100 ms");
        }
        if hold.is_some_and(|hold| hold > window) {
            self.report(format!("{path}.hold"), "a stream is not held back for longer than `window`");
        }
        let tokens_per_second = spec.tokens_per_second;
        (tokens_per_second > 0).then_some(ThroughputMin { tokens_per_second, window, hold })
    }
}
