//! Which of a provider's credentials to use: they rotate, and one that was refused or is over its quota rests while
//! the others serve.

use std::time::Duration;

use domain::atomic::{AtomicU64, AtomicUsize, Ordering};
use domain::{Credential, CredentialId, FailureClass};
use smallvec::SmallVec;

/// How long a refused credential (401, 403) rests. Long enough not to hammer a revoked key, short enough that a
/// repaired account is back within a minute.
const REST_REFUSED: Duration = Duration::from_secs(60);
/// How long a rate-limited credential rests when the provider does not say.
pub(crate) const REST_LIMITED: Duration = Duration::from_secs(5);
/// The longest rest that a provider's `retry-after` can cause.
const REST_MAX: Duration = Duration::from_secs(600);

/// The credentials of one provider, each with its rest. Times are durations since any fixed start.
#[derive(Debug)]
pub struct Bench {
    /// Each a [`Rest`] in one number, so that none is ended by a call that did not disturb it.
    rests: Vec<AtomicU64>,
    next: AtomicUsize,
}

/// Until when a credential rests, in milliseconds, and in the lowest bit whether it was used all the same and has not failed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rest(u64);

impl Rest {
    const NONE: Self = Self(0);
    const DISTURBED: u64 = 1;

    fn until(milliseconds: u64) -> Self {
        Self(milliseconds << 1)
    }

    fn ends(self) -> u64 {
        self.0 >> 1
    }

    fn disturbed(self) -> Self {
        Self(self.0 | Self::DISTURBED)
    }

    fn is_disturbed(self) -> bool {
        self.0 & Self::DISTURBED != 0
    }
}

/// The credentials that one request has tried at one target, as bits; those past the 64th share the last bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tried(u64);

impl Tried {
    /// Those of these bits, which must not be tried.
    #[must_use]
    pub fn barred(bits: u64) -> Self {
        Self(bits)
    }

    /// Every credential.
    #[must_use]
    pub fn all() -> Self {
        Self(u64::MAX)
    }

    /// These and others.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Marks a credential as tried.
    pub fn add(&mut self, index: usize) {
        self.0 |= Self::bit(index);
    }

    /// Whether a credential was tried.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        self.0 & Self::bit(index) != 0
    }

    fn bit(index: usize) -> u64 {
        1 << index.min(63)
    }
}

/// A credential that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Its place in the provider's list.
    pub index: usize,
    /// Whether it should be resting, but so do all the others.
    pub resting: bool,
}

impl Bench {
    /// A bench of `count` credentials, none of which rests.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { rests: (0..count).map(|_| AtomicU64::new(Rest::NONE.0)).collect(), next: AtomicUsize::new(0) }
    }

    /// The next credential in turn that does not rest and was not tried; when all rest, the one that is back soonest.
    /// `None` when every one was tried.
    #[must_use]
    pub fn choose(&self, tried: Tried, now: Duration) -> Option<Choice> {
        let (count, now) = (self.rests.len(), milliseconds(now));
        let first = if count > 1 { self.next.fetch_add(1, Ordering::Relaxed) % count } else { 0 };
        let untried = (0..count).map(|step| (first + step) % count).filter(|index| !tried.has(*index));
        let seen = untried.map(|index| (index, self.rest(index)));
        let (index, rest) = seen.min_by_key(|(_, rest)| rest.ends().saturating_sub(now))?;
        let resting = rest.ends() > now;
        if let Some(known) = self.rests.get(index).filter(|_| resting) {
            // Another rest than the one that was seen is not disturbed: what this call tells says nothing about it.
            let (relaxed, disturbed) = (Ordering::Relaxed, rest.disturbed().0);
            let _ = known.compare_exchange(rest.0, disturbed, relaxed, relaxed);
        }
        Some(Choice { index, resting })
    }

    /// Whether an untried credential is ready to serve at once.
    #[must_use]
    pub fn has_fresh(&self, tried: Tried, now: Duration) -> bool {
        (0..self.rests.len()).any(|index| !tried.has(index) && !self.rests(index, now))
    }

    /// Whether a credential rests.
    #[must_use]
    pub fn rests(&self, index: usize, now: Duration) -> bool {
        self.rest(index).ends() > milliseconds(now)
    }

    /// The ids of the credentials that one request may be sent with: the preferred one, then those in turn that it has not tried and that do
    /// not rest.
    #[must_use]
    pub fn in_turn(
        &self,
        own: &[Credential],
        (preferred, tried): (usize, Tried),
        now: Duration,
    ) -> SmallVec<[CredentialId; 2]> {
        let others = (1..own.len()).map(|step| (preferred + step) % own.len());
        let others = others.filter(|index| !tried.has(*index) && !self.rests(*index, now));
        std::iter::once(preferred)
            .chain(others)
            .filter_map(|index| Some(own.get(index)?.id.clone()))
            .collect()
    }

    /// Lets a credential rest if the failure was its own.
    pub fn failed(&self, index: usize, class: FailureClass, wish: Option<Duration>, now: Duration) {
        let time = match class {
            FailureClass::Credential => REST_REFUSED,
            FailureClass::RateLimited => wish.unwrap_or(REST_LIMITED).min(REST_MAX),
            _ => return,
        };
        let until = milliseconds(now + time);
        self.change(index, |rest| Some(Rest::until(rest.ends().max(until))));
    }

    /// A credential has served. That ends its rest where it was used in spite of it; an answer to a call that began before the rest
    /// did says nothing about now.
    pub fn served(&self, index: usize) {
        self.change(index, |rest| rest.is_disturbed().then_some(Rest::NONE));
    }

    /// How many credentials rest now.
    #[must_use]
    pub fn resting(&self, now: Duration) -> usize {
        (0..self.rests.len()).filter(|index| self.rests(*index, now)).count()
    }

    fn rest(&self, index: usize) -> Rest {
        self.rests.get(index).map_or(Rest::NONE, |rest| Rest(rest.load(Ordering::Relaxed)))
    }

    fn change(&self, index: usize, change: impl Fn(Rest) -> Option<Rest>) {
        if let Some(rest) = self.rests.get(index) {
            let change = |rest| change(Rest(rest)).map(|rest| rest.0);
            // Whoever declines leaves it as it is.
            let _ = rest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        }
    }
}

/// As many as a [`Rest`] can hold: with its bit, some 290 million years.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::{Bench, Choice, Duration, FailureClass, Tried};

    const START: Duration = Duration::from_secs(100);

    fn order(bench: &Bench, now: Duration, times: usize) -> Vec<usize> {
        (0..times).filter_map(|_| bench.choose(Tried::default(), now)).map(|choice| choice.index).collect()
    }

    #[test]
    fn credentials_take_turns() {
        assert_eq!(order(&Bench::new(3), START, 6), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn a_refused_credential_rests_a_minute_while_the_others_serve() {
        let bench = Bench::new(3);
        bench.failed(1, FailureClass::Credential, None, START);
        assert!(!order(&bench, START, 9).contains(&1));
        assert!(order(&bench, START + Duration::from_secs(61), 9).contains(&1));
    }

    #[test]
    fn a_limited_credential_rests_as_long_as_asked_but_ten_minutes_at_most() {
        let bench = Bench::new(2);
        bench.failed(0, FailureClass::RateLimited, Some(Duration::from_secs(9)), START);
        assert_eq!(bench.resting(START + Duration::from_secs(8)), 1);
        assert_eq!(bench.resting(START + Duration::from_secs(9)), 0);
        bench.failed(0, FailureClass::RateLimited, Some(Duration::from_secs(86_400)), START);
        assert_eq!(bench.resting(START + Duration::from_secs(600)), 0);
    }

    #[test]
    fn failures_of_others_rest_no_credential() {
        let bench = Bench::new(1);
        for class in
            [FailureClass::Caller, FailureClass::Provider, FailureClass::ModelMissing, FailureClass::Connect]
        {
            bench.failed(0, class, None, START);
        }
        assert_eq!(bench.resting(START), 0);
    }

    #[test]
    fn when_all_rest_the_soonest_back_is_used_and_marked() {
        let bench = Bench::new(2);
        bench.failed(0, FailureClass::Credential, None, START);
        bench.failed(1, FailureClass::RateLimited, Some(Duration::from_secs(3)), START);
        assert_eq!(bench.choose(Tried::default(), START), Some(Choice { index: 1, resting: true }));
        assert!(!bench.has_fresh(Tried::default(), START));
    }

    #[test]
    fn only_a_call_that_began_during_its_rest_ends_it() {
        let bench = Bench::new(1);
        let (early, wish) = (bench.choose(Tried::default(), START).unwrap(), Some(Duration::from_secs(20)));
        bench.failed(0, FailureClass::RateLimited, wish, START);
        bench.served(early.index);
        assert_eq!(bench.resting(START), 1);
        let late = bench.choose(Tried::default(), START).unwrap();
        assert!(late.resting);
        bench.served(late.index);
        assert_eq!(bench.resting(START), 0);
        let _disturbed = bench.choose(Tried::default(), START);
        bench.failed(0, FailureClass::RateLimited, wish, START);
        bench.served(early.index);
        assert_eq!(bench.resting(START), 1, "nobody has disturbed this rest");
    }

    #[test]
    fn a_barred_credential_is_not_chosen_even_when_all_others_rest() {
        let bench = Bench::new(3);
        let barred = Tried::barred(0b101);
        assert!((0..9).all(|_| bench.choose(barred, START).map(|choice| choice.index) == Some(1)));
        bench.failed(1, FailureClass::Credential, None, START);
        assert_eq!(bench.choose(barred, START).map(|choice| choice.index), Some(1));
        assert!(!bench.has_fresh(barred, START));
        assert_eq!(bench.choose(Tried::barred(0b111), START), None);
    }

    #[test]
    fn a_request_never_tries_one_credential_twice() {
        let bench = Bench::new(2);
        let mut tried = Tried::default();
        tried.add(0);
        assert_eq!(bench.choose(tried, START).map(|choice| choice.index), Some(1));
        tried.add(1);
        assert_eq!(bench.choose(tried, START), None);
    }
}
