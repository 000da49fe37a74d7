//! The one place where this tool reads the clock and waits.

use std::time::{Duration, Instant};

/// Time since it was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that starts now.
    #[expect(clippy::disallowed_methods, reason = "a command line tool that times real processes")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been running.
    #[expect(clippy::disallowed_methods, reason = "a command line tool that times real processes")]
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// Seconds with one decimal, for a line of the report.
    pub(crate) fn seconds(self) -> String {
        format!("{:.1} s", self.elapsed().as_secs_f64())
    }
}

/// Waits a moment between two looks at a process: the standard library has no wait for a child with a limit.
#[expect(
    clippy::disallowed_methods,
    reason = "a child process can only be polled, and no executor is blocked here"
)]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
