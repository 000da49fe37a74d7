//! What replicas agree on about one account in one span: what was told of it, and which messages of that are not delivered yet.
//!
//! Both are one value that is replaced only by who has seen it. So what is told is told once, and a message is there from the moment at which
//! somebody claims to tell it until somebody says that it was delivered. Whoever sends a message has taken it for a while; when that is
//! over, it is anybody's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer::AGE_MAX;
use crate::message::Message;
use crate::port::Verdict;
use crate::telling::Telling;

/// For how long a message is taken by who sends it: longer than sending takes.
pub(crate) const TAKEN_FOR: Duration = Duration::from_secs(30);
/// Most tellings that are remembered of an account in a span; there are more only where its amount changes again and again.
const TOLD_MAX: usize = 16;
/// Most messages of an account that wait; of more the oldest are given up.
const MESSAGES_MAX: usize = 64;
/// How much older than a message may be, one is that nobody could deal with.
const AGE_SLACK: Duration = Duration::from_secs(3_600);
/// How long a value is kept that says nothing: until whoever has seen that there was none has noticed.
const EMPTY_KEPT_FOR: Duration = Duration::from_secs(60);

/// What is agreed on about an account in a span. Times are those of the store, in milliseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    told: Vec<Told>,
    messages: Vec<Undelivered>,
    /// Until when what was told is remembered.
    kept_until: u64,
}

/// Something that was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// The threshold; none where nothing is left.
    percent: Option<u8>,
    /// Of which amount, as decimal text.
    limit: Box<str>,
    /// By which process, and in which of its attempts.
    by: Box<str>,
    attempt: u64,
    at: u64,
}

/// A message for one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undelivered {
    pub(crate) id: Box<str>,
    pub(crate) webhook: Box<str>,
    body: Box<str>,
    made_at: u64,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// When it is anybody's to send.
    pub(crate) wakes_at: u64,
    /// Who sends it until then.
    taken_by: Option<Box<str>>,
}

/// Whether a message can be sent now.
#[derive(Debug)]
pub(crate) enum Turn<P> {
    /// Yes, and this is its place among those that are.
    Now(P),
    /// No, but perhaps after a while.
    Later(Duration),
}

/// What was taken to be sent, and what is not sent any more.
#[derive(Debug)]
pub(crate) struct Taken<P> {
    pub(crate) messages: Vec<(Undelivered, P)>,
    pub(crate) given_up: Vec<Undelivered>,
}

/// Who asks, and when by the clock of the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// The process.
    pub(crate) holder: &'a str,
    /// What tells this attempt to tell something from all others, also of the same process.
    pub(crate) attempt: u64,
    pub(crate) now: u64,
}

impl Undelivered {
    /// What is sent.
    pub(crate) fn message(&self) -> Message {
        Message { id: self.id.clone(), body: self.body.clone() }
    }

    /// How old it is.
    pub(crate) fn age(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.made_at))
    }

    fn give(&mut self, asking: Asking<'_>) {
        self.wakes_at = asking.now.saturating_add(milliseconds(TAKEN_FOR));
        self.taken_by = Some(asking.holder.into());
    }
}

impl Entry {
    /// Whether it was told already; then, whether in this very attempt.
    pub(crate) fn was_told(&self, telling: &Telling, asking: Asking<'_>) -> Option<bool> {
        let limit = telling.limit.to_string();
        let covers = |told: &&Told| {
            *told.limit == *limit && !told.is_over(telling.rolling, asking.now) && told.is_of_kind(telling)
        };
        let told = self.told.iter().find(covers)?;
        Some((&*told.by, told.attempt) == (asking.holder, asking.attempt))
    }

    /// Claims to tell it, and takes its messages as far as they can be sent now.
    pub(crate) fn claim<P>(
        &mut self,
        telling: &Telling,
        asking: Asking<'_>,
        mut turn: impl FnMut(&Undelivered) -> Turn<P>,
    ) -> Taken<P> {
        let Asking { holder, attempt, now } = asking;
        let limit: Box<str> = telling.limit.to_string().into();
        // What is over, and what this one covers.
        self.told.retain(|told| {
            let is_covered = told.limit == limit && told.percent.is_some() == telling.percent.is_some();
            !is_covered && !told.is_over(telling.rolling, now)
        });
        let surplus = (self.told.len() + 1).saturating_sub(TOLD_MAX);
        self.told.drain(..surplus);
        self.told.push(Told { percent: telling.percent, limit, by: holder.into(), attempt, at: now });
        let kept_for = telling.kept_for.map_or(u64::MAX, milliseconds);
        self.kept_until = self.kept_until.max(now.saturating_add(kept_for));
        let Message { id, body } = &telling.message;
        let mut messages = Vec::new();
        for webhook in &telling.webhooks {
            let (id, body, webhook) = (id.clone(), body.clone(), webhook.clone());
            self.messages.retain(|known| (&known.id, &known.webhook) != (&id, &webhook));
            self.messages.push(Undelivered {
                id,
                webhook,
                body,
                made_at: now,
                attempts: 0,
                wakes_at: now,
                taken_by: None,
            });
        }
        let surplus = self.messages.len().saturating_sub(MESSAGES_MAX);
        let given_up = self.messages.drain(..surplus).collect();
        let new = self.messages.iter_mut().filter(|message| message.id == telling.message.id);
        for message in new {
            messages.extend(message.take_turn(asking, &mut turn));
        }
        Taken { messages, given_up }
    }

    /// Takes what is anybody's to send, as far as it can be sent now.
    pub(crate) fn take<P>(
        &mut self,
        asking: Asking<'_>,
        mut turn: impl FnMut(&Undelivered) -> Turn<P>,
    ) -> Taken<P> {
        let is_too_old = |message: &mut Undelivered| message.age(asking.now) > AGE_MAX + AGE_SLACK;
        let given_up = self.messages.extract_if(.., is_too_old).collect();
        let awake = self.messages.iter_mut().filter(|message| message.wakes_at <= asking.now);
        let messages = awake.filter_map(|message| message.take_turn(asking, &mut turn)).collect();
        Taken { messages, given_up }
    }

    /// A message was sent, and this became of it. What was taken over by somebody else meanwhile is only told when it was delivered all the same.
    pub(crate) fn settle(&mut self, sent: &Undelivered, verdict: &Verdict, asking: Asking<'_>) {
        let is_it = |message: &Undelivered| (&message.id, &message.webhook) == (&sent.id, &sent.webhook);
        match verdict {
            Verdict::Delivered | Verdict::GivenUp { .. } => self.messages.retain(|message| !is_it(message)),
            Verdict::Again { wait, .. } => {
                let is_ours = |message: &&mut Undelivered| message.taken_by.as_deref() == Some(asking.holder);
                let found = self.messages.iter_mut().filter(|message| is_it(message));
                for message in found.filter(is_ours) {
                    message.attempts = message.attempts.saturating_add(1);
                    message.wakes_at = asking.now.saturating_add(milliseconds(*wait));
                    message.taken_by = None;
                }
            }
        }
    }

    /// When somebody has to look at it other than before, with how many messages that is for.
    pub(crate) fn new_wakes(&self, before: &Self) -> BTreeMap<u64, usize> {
        let mut wakes = BTreeMap::new();
        for message in self.messages.iter().filter(|message| !before.wakes_for(message)) {
            *wakes.entry(message.wakes_at).or_default() += 1;
        }
        wakes
    }

    /// Whether somebody has to look at it at a time.
    pub(crate) fn wakes_at(&self, time: u64) -> bool {
        self.messages.iter().any(|message| message.wakes_at == time)
    }

    fn wakes_for(&self, sought: &Undelivered) -> bool {
        let is_it = |message: &&Undelivered| (&message.id, &message.webhook) == (&sought.id, &sought.webhook);
        self.messages.iter().find(is_it).is_some_and(|message| message.wakes_at == sought.wakes_at)
    }

    /// How long it is of use; for ever where none.
    pub(crate) fn kept_for(&self, now: u64) -> Option<Duration> {
        if self.kept_until == u64::MAX {
            return None;
        }
        let kept_for = Duration::from_millis(self.kept_until.saturating_sub(now)).max(EMPTY_KEPT_FOR);
        let undelivered = if self.messages.is_empty() { Duration::ZERO } else { AGE_MAX + 2 * AGE_SLACK };
        Some(kept_for.max(undelivered))
    }
}

impl Undelivered {
    fn take_turn<P>(
        &mut self,
        asking: Asking<'_>,
        turn: &mut impl FnMut(&Self) -> Turn<P>,
    ) -> Option<(Self, P)> {
        match turn(self) {
            Turn::Now(place) => {
                self.give(asking);
                Some((self.clone(), place))
            }
            Turn::Later(wait) => {
                self.wakes_at = asking.now.saturating_add(milliseconds(wait));
                self.taken_by = None;
                None
            }
        }
    }
}

impl Told {
    /// Whether it says as much of the same: of thresholds, the highest that was told.
    fn is_of_kind(&self, telling: &Telling) -> bool {
        match (self.percent, telling.percent) {
            (Some(told), Some(percent)) => told >= percent,
            (told, percent) => told == percent,
        }
    }

    /// Whether it may be told again.
    fn is_over(&self, rolling: Option<Duration>, now: u64) -> bool {
        rolling.is_some_and(|span| now >= self.at.saturating_add(milliseconds(span)))
    }
}

/// A time as the values have it.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use domain::notice::BudgetNews;

    use super::*;
    use crate::tests::{budget, notice};

    const A: Asking<'static> = Asking { holder: "a", attempt: 0, now: 1_000_000 };
    const B: Asking<'static> = Asking { holder: "b", ..A };

    fn telling(percent: u8) -> Telling {
        Telling::of(&notice(budget(), BudgetNews::Passed { percent })).unwrap()
    }

    fn at_once(_: &Undelivered) -> Turn<()> {
        Turn::Now(())
    }

    fn later(asking: Asking<'static>, time: Duration) -> Asking<'static> {
        Asking { now: asking.now + milliseconds(time), ..asking }
    }

    #[test]
    fn a_threshold_is_told_once_and_those_below_it_are_not_told_after_it() {
        let mut entry = Entry::default();
        assert_eq!(entry.was_told(&telling(80), A), None);
        assert_eq!(entry.claim(&telling(80), A, at_once).messages.len(), 1);
        assert_eq!(
            [entry.was_told(&telling(80), A), entry.was_told(&telling(80), B)],
            [Some(true), Some(false)]
        );
        assert_eq!(entry.was_told(&telling(50), Asking { attempt: 1, ..A }), Some(false));
        assert_eq!(entry.was_told(&telling(90), A), None);
        let exhausted = Telling::of(&notice(budget(), BudgetNews::Exhausted)).unwrap();
        assert_eq!(entry.was_told(&exhausted, A), None, "that is something else");
        entry.claim(&exhausted, A, at_once);
        assert_eq!([entry.was_told(&exhausted, B), entry.was_told(&telling(90), B)], [Some(false), None]);
        let raised = Telling { limit: 999, ..telling(80) };
        assert_eq!(entry.was_told(&raised, A), None, "another amount");
        assert_eq!(entry.was_told(&telling(80), later(A, Duration::from_secs(1 << 40))), Some(true));
    }

    #[test]
    fn in_a_rolling_span_the_same_is_told_again_after_its_length() {
        let rolling = Telling { rolling: Some(Duration::from_secs(60)), ..telling(80) };
        let mut entry = Entry::default();
        entry.claim(&rolling, A, at_once);
        assert_eq!(entry.was_told(&rolling, later(A, Duration::from_secs(59))), Some(true));
        assert_eq!(entry.was_told(&rolling, later(A, Duration::from_secs(60))), None);
    }

    #[test]
    fn a_message_is_taken_by_one_until_its_time_is_over() {
        let mut entry = Entry::default();
        let taken = entry.claim(&telling(80), A, at_once).messages;
        assert!(entry.take(later(B, TAKEN_FOR - Duration::from_millis(1)), at_once).messages.is_empty());
        let over = entry.take(later(B, TAKEN_FOR), at_once).messages;
        assert_eq!(over.len(), 1);
        let again = Verdict::Again { wait: Duration::from_secs(1), why: String::new() };
        let before = entry.clone();
        entry.settle(&taken[0].0, &again, later(A, TAKEN_FOR));
        assert_eq!(entry, before, "it is not theirs any more");
        entry.settle(&taken[0].0, &Verdict::Delivered, later(A, TAKEN_FOR));
        assert!(entry.messages.is_empty(), "delivered is delivered");
        assert_eq!(entry.was_told(&telling(80), B), Some(false), "and told");
    }

    #[test]
    fn what_failed_waits_and_what_cannot_be_sent_now_counts_no_attempt() {
        let mut entry = Entry::default();
        let wait = Duration::from_secs(5);
        assert!(entry.claim(&telling(80), A, |_| Turn::<()>::Later(wait)).messages.is_empty());
        assert_eq!(entry.new_wakes(&Entry::default()), BTreeMap::from([(A.now + 5_000, 1)]));
        assert!(entry.new_wakes(&entry).is_empty() && entry.wakes_at(A.now + 5_000));
        let awake = later(A, wait);
        let (message, ()) = entry.take(awake, at_once).messages.remove(0);
        assert_eq!(message.attempts, 0);
        entry.settle(&message, &Verdict::Again { wait, why: String::new() }, awake);
        let (message, ()) = entry.take(later(awake, wait), at_once).messages.remove(0);
        assert_eq!((message.attempts, message.age(awake.now)), (1, wait));
        entry.settle(&message, &Verdict::GivenUp { why: String::new() }, awake);
        assert!(entry.messages.is_empty());
    }

    #[test]
    fn a_message_that_nobody_deals_with_is_given_up_after_a_day() {
        let mut entry = Entry::default();
        entry.claim(&telling(80), A, |_| Turn::<()>::Later(Duration::from_secs(5)));
        let taken =
            entry.take(later(A, AGE_MAX + 2 * AGE_SLACK), |_| Turn::<()>::Later(Duration::from_secs(5)));
        assert_eq!((taken.given_up.len(), entry.messages.len()), (1, 0));
    }

    #[test]
    fn an_entry_is_bounded_and_kept_as_long_as_it_is_of_use() {
        let mut entry = Entry::default();
        let mut given_up = 0;
        for limit in 0..200 {
            let mut telling = Telling { limit, ..telling(80) };
            telling.message.id = limit.to_string().into();
            given_up += entry.claim(&telling, A, at_once).given_up.len();
        }
        assert_eq!(
            (entry.told.len(), entry.messages.len(), given_up),
            (TOLD_MAX, MESSAGES_MAX, 200 - MESSAGES_MAX)
        );
        let kept_for = telling(80).kept_for.unwrap();
        assert_eq!(entry.kept_for(A.now), Some(kept_for));
        let late = later(A, kept_for - Duration::from_secs(1));
        assert!(entry.kept_for(late.now).unwrap() > AGE_MAX, "what is not delivered yet is kept");
        entry.messages.clear();
        assert_eq!(entry.kept_for(late.now), Some(EMPTY_KEPT_FOR));
        entry.claim(&Telling { kept_for: None, ..telling(80) }, A, at_once);
        assert_eq!(entry.kept_for(A.now), None);
    }
}
