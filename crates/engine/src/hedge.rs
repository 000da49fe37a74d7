//! When a slow call is joined by a second one, and what may be charged of a call that nobody hears the end of.

use std::time::Duration;

use domain::race::{Patience, Race};
use domain::{Endpoint, FailureClass, TimeoutStage};

/// The percentile that a call is late beyond.
const LATE_PERCENT: u32 = 95;

/// How long a call of a target is waited for before it is joined; none while too little is known of the target. `quantile` is the time within
/// which so many percent of its recent calls were answered.
pub fn patience(race: &Race, quantile: impl FnOnce(u32) -> Option<Duration>) -> Option<Duration> {
    match race.after {
        Patience::Fixed(time) => Some(time),
        Patience::P95 => quantile(LATE_PERCENT),
    }
}

/// Whether nothing but an answer comes of a request, so that asking twice does no harm: no session begins and nothing is kept. A request is bound
/// where it goes on from what is kept, or has uploads that would have to be sent twice.
pub fn may_be_doubled(endpoint: Endpoint, is_bound: bool, is_stored: impl FnOnce() -> bool) -> bool {
    match endpoint {
        Endpoint::Realtime => false,
        Endpoint::Responses => !is_bound && !is_stored(),
        _ => !is_bound,
    }
}

/// Whether a provider may charge for a call that failed so, without an answer of its own: it has been sent, and what became of it nobody
/// knows. Errors are not charged for.
#[must_use]
pub fn may_be_charged(class: FailureClass) -> bool {
    match class {
        FailureClass::Timeout(stage) => stage != TimeoutStage::Connect,
        FailureClass::Broken => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(after: Patience) -> Race {
        Race { after, share_percent_max: 10, allowance: std::sync::Arc::default() }
    }

    #[test]
    fn a_call_is_late_after_a_fixed_time_or_beyond_the_95th_percentile_of_its_target() {
        let time = Duration::from_millis(800);
        assert_eq!(patience(&race(Patience::Fixed(time)), |_| None), Some(time));
        let asked = |percent| (percent == 95).then_some(time);
        assert_eq!(patience(&race(Patience::P95), asked), Some(time));
        assert_eq!(patience(&race(Patience::P95), |_| None), None);
    }

    #[test]
    fn what_is_kept_or_bound_is_not_asked_for_twice() {
        let chat = |is_bound| may_be_doubled(Endpoint::ChatCompletions, is_bound, || true);
        assert!(chat(false) && !chat(true));
        let response = |is_bound, is_stored| may_be_doubled(Endpoint::Responses, is_bound, || is_stored);
        assert!(response(false, false) && !response(false, true) && !response(true, false));
        assert!(!may_be_doubled(Endpoint::Realtime, false, || false));
    }

    #[test]
    fn only_what_was_sent_and_got_no_answer_may_be_charged() {
        use FailureClass::{Broken, Caller, Connect, Overloaded, Provider, RateLimited, Timeout};
        assert!(
            [Timeout(TimeoutStage::FirstToken), Timeout(TimeoutStage::Total), Broken]
                .into_iter()
                .all(may_be_charged)
        );
        let free = [Timeout(TimeoutStage::Connect), Connect, Caller, Overloaded, Provider, RateLimited];
        assert!(!free.into_iter().any(may_be_charged));
    }
}
