//! Whether a stream says enough in the time in which its provider is waited for.

use std::time::Duration;

use domain::ThroughputMin;

use crate::token_estimate::BYTES_PER_TOKEN;

/// The account of one stream, window by window. A window is full when the provider was waited for so long; time in which nobody
/// waits for it does not count.
#[derive(Debug, Clone)]
pub struct Throughput {
    least: ThroughputMin,
    waited: Duration,
    bytes: u64,
}

impl Throughput {
    /// A stream begins.
    #[must_use]
    pub fn new(least: ThroughputMin) -> Self {
        Self { least, waited: Duration::ZERO, bytes: 0 }
    }

    /// The stream said so many bytes of text.
    pub fn said(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The provider was waited for so long.
    pub fn waited(&mut self, time: Duration) {
        self.waited += time;
    }

    /// How much longer the provider is waited for until the stream is judged.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.least.window.saturating_sub(self.waited)
    }

    /// Whether a window was full and the stream said too little in it. The next one begins.
    pub fn is_too_slow(&mut self) -> bool {
        if !self.patience().is_zero() {
            return false;
        }
        let is_too_slow = !self.suffices_for(self.waited);
        *self = Self::new(self.least);
        is_too_slow
    }

    /// Whether what was said is enough for so much time.
    #[must_use]
    pub fn suffices_for(&self, time: Duration) -> bool {
        let tokens_wanted = u128::from(self.least.tokens_per_second) * time.as_millis();
        u128::from(self.bytes) * 1000 >= tokens_wanted * u128::from(BYTES_PER_TOKEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn stream(tokens_per_second: u32, window: Duration) -> Throughput {
        Throughput::new(ThroughputMin { tokens_per_second, window, hold: None })
    }

    #[test]
    fn a_stream_is_judged_when_its_window_is_full_and_each_window_for_itself() {
        let mut stream = stream(5, 10 * SECOND);
        stream.said(200);
        stream.waited(9 * SECOND);
        assert_eq!((stream.is_too_slow(), stream.patience()), (false, SECOND));
        stream.waited(SECOND);
        assert!(!stream.is_too_slow(), "50 tokens in 10 s are just enough");
        stream.said(199);
        stream.waited(10 * SECOND);
        assert!(stream.is_too_slow(), "what was said before does not count again");
    }

    #[test]
    fn a_wait_that_was_longer_than_the_window_asks_for_as_much_more() {
        let mut stream = stream(5, 10 * SECOND);
        stream.said(399);
        stream.waited(20 * SECOND);
        assert!(stream.is_too_slow());
    }

    proptest! {
        #[test]
        fn a_stream_of_a_steady_rate_is_too_slow_exactly_below_the_least(
            least in 1_u32..200,
            rate in 1_u32..400,
            window in 1_u64..30,
            pieces in 1_u32..50,
        ) {
            let window = Duration::from_secs(window);
            let mut stream = stream(least, window);
            let bytes = u64::from(rate) * window.as_secs() * BYTES_PER_TOKEN;
            for piece in 0..pieces {
                let share = |of: u64| of * u64::from(piece + 1) / u64::from(pieces) - of * u64::from(piece) / u64::from(pieces);
                stream.said(share(bytes));
                prop_assert!(!stream.is_too_slow(), "before its time");
                stream.waited(Duration::from_millis(share(window.as_secs() * 1000)));
            }
            prop_assert_eq!(stream.is_too_slow(), rate < least);
        }
    }
}
