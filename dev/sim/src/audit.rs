//! What is really spent, known to nobody in the simulation: by it the replicas are judged.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::quota::Allowance;

use crate::replica::Request;
use crate::scenario::{
    CREDENTIALS, OF_A_CREDENTIAL, OF_A_KEY, OF_A_SPAN, PERMITS, REQUESTS, SPAN, TOKENS, TOTAL,
};

const HOUR: i64 = 3_600;

/// A request that was let through.
#[derive(Debug, Clone)]
struct Charged {
    begun: Duration,
    /// The hour in which it began, by the clock of its replica.
    hour: i64,
    key: &'static str,
    credential: &'static str,
    is_under_way: bool,
    /// What it holds, or took. A request whose replica was killed may have taken all that was held.
    amount: i128,
}

/// What is owed of an allowance: what was taken of it and has not come back.
#[derive(Debug)]
struct Owed {
    allowance: Allowance,
    /// In nanoseconds × count, up to a time.
    owed: i128,
    as_of: Duration,
}

impl Owed {
    fn of(allowance: Allowance) -> Self {
        Self { allowance, owed: 0, as_of: Duration::ZERO }
    }

    /// So much is taken, or given back; says whether it is still no more than can be taken at once.
    fn take(&mut self, amount: i128, now: Duration) -> bool {
        self.owed = self.left_at(now) + amount * self.unit();
        (self.owed, self.as_of) = (self.owed.max(0), now);
        self.owed <= self.whole()
    }

    /// Whether so much can be taken, where what comes back in a while does not count yet.
    fn has_room(&self, amount: i128, within: Duration, now: Duration) -> bool {
        self.left_at(now) + amount * self.unit() + scaled(within, self.allowance.count) <= self.whole()
    }

    fn left_at(&self, now: Duration) -> i128 {
        (self.owed - scaled(now - self.as_of, self.allowance.count)).max(0)
    }

    fn unit(&self) -> i128 {
        scaled(self.allowance.per, 1)
    }

    fn whole(&self) -> i128 {
        scaled(self.allowance.per, self.allowance.count)
    }
}

fn scaled(time: Duration, count: u64) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX) * i128::from(count)
}

/// The truth.
#[derive(Debug)]
pub(crate) struct Audit {
    /// In the order in which they began.
    charged: Vec<Charged>,
    total: i128,
    by_key: BTreeMap<(i64, &'static str), i128>,
    by_credential: BTreeMap<&'static str, i128>,
    requests: Owed,
    tokens: Owed,
    under_way: u32,
    pub(crate) findings: Vec<String>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            charged: Vec::new(),
            total: 0,
            by_key: BTreeMap::new(),
            by_credential: BTreeMap::new(),
            requests: Owed::of(REQUESTS),
            tokens: Owed::of(TOKENS),
            under_way: 0,
            findings: Vec::new(),
        }
    }
}

impl Audit {
    /// A request of a key is let through, with a credential. It is known by the number that is said.
    pub(crate) fn holds(
        &mut self,
        (key, credential): (&'static str, &'static str),
        amount: i128,
        now: Duration,
        unix_second: i64,
    ) -> usize {
        let hour = unix_second.div_euclid(HOUR);
        self.charged.push(Charged { begun: now, hour, key, credential, is_under_way: true, amount });
        self.add(hour, (key, credential), amount);
        let within = self.charged.iter().rev().take_while(|charged| now - charged.begun < SPAN);
        let of_span: i128 = within.map(|charged| charged.amount).sum();
        let of_key = self.by_key.get(&(hour, key)).copied().unwrap_or_default();
        let of_credential = self.of_credential(credential);
        for (what, used, most) in [
            ("all", self.total, TOTAL),
            ("a span", of_span, OF_A_SPAN),
            ("a key", of_key, OF_A_KEY),
            ("a credential", of_credential, OF_A_CREDENTIAL),
        ] {
            if used > most {
                self.findings.push(format!("{used} of {most} are used of what is for {what} at {now:?}"));
            }
        }
        self.under_way += 1;
        let is_slow_enough = self.requests.take(1, now) & self.tokens.take(amount, now);
        if !is_slow_enough || self.under_way > PERMITS {
            let finding = format!("requests come too fast at {now:?}: {} are under way", self.under_way);
            self.findings.push(finding);
        }
        self.charged.len() - 1
    }

    /// A request took so much.
    pub(crate) fn took(&mut self, number: usize, amount: i128, now: Duration) {
        let Some(charged) = self.charged.get_mut(number) else { return };
        let Charged { hour, key, credential, .. } = *charged;
        let less = amount - charged.amount;
        (charged.amount, charged.is_under_way) = (amount, false);
        self.add(hour, (key, credential), less);
        self.tokens.take(less, now);
        self.under_way -= 1;
    }

    /// So many requests ended with their replica, which was killed.
    pub(crate) fn killed(&mut self, requests: usize) {
        self.under_way -= u32::try_from(requests).unwrap_or(u32::MAX);
    }

    /// Whether a request fits into what can be taken at once, where what came back or was given back `within` a time does not count yet.
    pub(crate) fn is_slow_enough(&self, amount: i128, within: Duration, now: Duration) -> bool {
        let is_room = self.requests.has_room(1, within, now) && self.tokens.has_room(amount, within, now);
        is_room && self.under_way < PERMITS
    }

    /// Whether a request fits that begins now, where what is older than a span counts for up to two slots more, and for as long as it takes until
    /// that is heard.
    pub(crate) fn has_room(
        &self,
        request: &Request,
        heard_in: Duration,
        now: Duration,
        unix_second: i64,
    ) -> bool {
        let Request { key, most: amount, .. } = *request;
        let long = SPAN + SPAN / 30 + heard_in;
        let within = self.charged.iter().rev().take_while(|charged| now - charged.begun < long);
        let of_span: i128 = within.map(|charged| charged.amount).sum();
        let hour = unix_second.div_euclid(HOUR);
        let of_key = self.by_key.iter().find(|((at, of), _)| *at == hour && *of == key);
        let of_key = of_key.map(|(_, used)| *used).unwrap_or_default();
        let has_credential = CREDENTIALS.iter().any(|credential| {
            // Whatever is under way may be held of each.
            let elsewhere = |charged: &&Charged| charged.is_under_way && charged.credential != *credential;
            let held: i128 = self.charged.iter().filter(elsewhere).map(|charged| charged.amount).sum();
            self.of_credential(credential) + held + amount <= OF_A_CREDENTIAL
        });
        has_credential
            && self.total + amount <= TOTAL
            && of_span + amount <= OF_A_SPAN
            && of_key + amount <= OF_A_KEY
    }

    /// What is left of what all requests may cost.
    pub(crate) fn left(&self) -> i128 {
        TOTAL - self.total
    }

    /// What is left of what those of each credential may cost.
    pub(crate) fn left_of_credentials(&self) -> impl Iterator<Item = (Option<&'static str>, i128)> + '_ {
        let left = |credential: &'static str| OF_A_CREDENTIAL - self.of_credential(credential);
        CREDENTIALS.into_iter().map(move |credential| (Some(credential), left(credential)))
    }

    fn of_credential(&self, credential: &str) -> i128 {
        self.by_credential.get(credential).copied().unwrap_or_default()
    }

    fn add(&mut self, hour: i64, (key, credential): (&'static str, &'static str), amount: i128) {
        self.total += amount;
        *self.by_key.entry((hour, key)).or_default() += amount;
        *self.by_credential.entry(credential).or_default() += amount;
    }
}
