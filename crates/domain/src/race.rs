//! A race: a second call beside one that takes long, and how many of those there may be.
//!
//! A few slow answers decide how slow a service feels, and a second call costs as much as the first ("The Tail at Scale", Dean and
//! Barroso 2013, hedged requests). So there is a share that second calls never exceed.

use std::sync::Arc;
use std::time::Duration;

use crate::atomic::{AtomicU32, Ordering};
use crate::endpoint::Endpoint;

/// The percentile that a call is late beyond.
const LATE_PERCENT: u32 = 95;
/// What a second call uses up of the allowance, in hundredths of a call.
const PRICE: u32 = 100;
/// Most second calls in a row that are saved up for.
const SAVED_MAX: u32 = 10;

/// When a call is joined by a second one.
#[derive(Debug, Clone)]
pub struct Race {
    /// After what time without content.
    pub after: Patience,
    /// Most second calls, as a share of the first ones, in percent; 1 to 100.
    pub share_percent_max: u32,
    /// What is left of that share. It counts on for as long as its route is in force, which changes nothing that the route says.
    pub allowance: Arc<Allowance>,
}

/// How long a call is waited for before a second one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as 95 of 100 calls of the same target take to their first content.
    P95,
    /// A fixed time.
    Fixed(Duration),
}

/// How many second calls may still be made: each first call adds its share of one.
#[derive(Debug, Default)]
pub struct Allowance(AtomicU32);

impl Race {
    /// The same with nothing saved up.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self { allowance: Arc::default(), ..self.clone() }
    }

    /// How long a call of a target is waited for before it is joined; none while too little is known of the target. `quantile` is the time
    /// within which so many percent of its recent calls were answered.
    pub fn patience(&self, quantile: impl FnOnce(u32) -> Option<Duration>) -> Option<Duration> {
        match self.after {
            Patience::Fixed(time) => Some(time),
            Patience::P95 => quantile(LATE_PERCENT),
        }
    }

    /// A first call is made.
    pub fn called(&self) {
        let earn = |saved: u32| Some((saved + self.share_percent_max).min(SAVED_MAX * PRICE));
        // `earn` never declines.
        let _ = self.allowance.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// Takes a second call out of the allowance, if there is one left.
    #[must_use]
    pub fn take(&self) -> bool {
        let spend = |saved: u32| saved.checked_sub(PRICE);
        self.allowance.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
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

#[cfg(test)]
mod tests {
    use super::{Allowance, Arc, Duration, Endpoint, Patience, Race, SAVED_MAX, may_be_doubled};
    use proptest::prelude::*;

    fn race(share_percent_max: u32) -> Race {
        Race { after: Patience::P95, share_percent_max, allowance: Arc::new(Allowance::default()) }
    }

    #[test]
    fn a_tenth_is_one_in_ten_and_none_before() {
        let race = race(10);
        let taken: Vec<bool> = (0..30)
            .map(|_| {
                race.called();
                race.take()
            })
            .collect();
        let expected: Vec<bool> = (1..=30).map(|call| call % 10 == 0).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_call_is_late_after_a_fixed_time_or_beyond_the_95th_percentile_of_its_target() {
        let time = Duration::from_millis(800);
        let fixed = Race { after: Patience::Fixed(time), ..race(10) };
        assert_eq!(fixed.patience(|_| None), Some(time));
        assert_eq!(race(10).patience(|percent| (percent == 95).then_some(time)), Some(time));
        assert_eq!(race(10).patience(|_| None), None);
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
    fn a_restart_saves_up_anew() {
        let race = race(100);
        race.called();
        assert!(!race.restarted().take());
        assert!(race.take());
    }

    proptest! {
        #[test]
        fn second_calls_never_exceed_their_share(
            share in 1_u32..=100,
            slow in prop::collection::vec(any::<bool>(), 0..600),
            window in 0_usize..600,
        ) {
            let race = race(share);
            let hedged: Vec<bool> = slow.iter().map(|slow| { race.called(); *slow && race.take() }).collect();
            let count = |hedged: &[bool]| u32::try_from(hedged.iter().filter(|hedged| **hedged).count()).unwrap();
            let calls = u32::try_from(hedged.len()).unwrap();
            prop_assert!(count(&hedged) * 100 <= share * calls, "since the beginning");
            let recent = hedged.get(window..).unwrap_or_default();
            let calls = u32::try_from(recent.len()).unwrap();
            prop_assert!(count(recent) * 100 <= share * calls + SAVED_MAX * 100, "of late");
        }
    }
}
