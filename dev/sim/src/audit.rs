//! What is really spent, known to nobody in the simulation: by it the replicas are judged.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::scenario::{OF_A_KEY, OF_A_SPAN, SPAN, TOTAL};

const HOUR: i64 = 3_600;

/// A request that was let through.
#[derive(Debug, Clone)]
struct Charged {
    begun: Duration,
    /// The hour in which it began, by the clock of its replica.
    hour: i64,
    key: &'static str,
    /// What it holds, or took. A request whose replica was killed may have taken all that was held.
    amount: i128,
}

/// The truth.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// In the order in which they began.
    charged: Vec<Charged>,
    total: i128,
    by_key: BTreeMap<(i64, &'static str), i128>,
    pub(crate) findings: Vec<String>,
}

impl Audit {
    /// A request is let through. It is known by the number that is said.
    pub(crate) fn holds(
        &mut self,
        key: &'static str,
        amount: i128,
        now: Duration,
        unix_second: i64,
    ) -> usize {
        let hour = unix_second.div_euclid(HOUR);
        self.charged.push(Charged { begun: now, hour, key, amount });
        self.add(hour, key, amount);
        let within = self.charged.iter().rev().take_while(|charged| now - charged.begun < SPAN);
        let of_span: i128 = within.map(|charged| charged.amount).sum();
        let of_key = self.by_key.get(&(hour, key)).copied().unwrap_or_default();
        for (what, used, most) in
            [("all", self.total, TOTAL), ("a span", of_span, OF_A_SPAN), ("a key", of_key, OF_A_KEY)]
        {
            if used > most {
                self.findings.push(format!("{used} of {most} are used of what is for {what} at {now:?}"));
            }
        }
        self.charged.len() - 1
    }

    /// A request took so much.
    pub(crate) fn took(&mut self, number: usize, amount: i128) {
        let Some(charged) = self.charged.get_mut(number) else { return };
        let (hour, key, less) = (charged.hour, charged.key, amount - charged.amount);
        charged.amount = amount;
        self.add(hour, key, less);
    }

    /// Whether a request fits that begins now, where what is older than a span counts for up to two slots more.
    pub(crate) fn has_room(&self, key: &str, amount: i128, now: Duration, unix_second: i64) -> bool {
        let long = SPAN + SPAN / 30;
        let within = self.charged.iter().rev().take_while(|charged| now - charged.begun < long);
        let of_span: i128 = within.map(|charged| charged.amount).sum();
        let hour = unix_second.div_euclid(HOUR);
        let of_key = self.by_key.iter().find(|((at, of), _)| *at == hour && *of == key);
        let of_key = of_key.map(|(_, used)| *used).unwrap_or_default();
        self.total + amount <= TOTAL && of_span + amount <= OF_A_SPAN && of_key + amount <= OF_A_KEY
    }

    /// What is left of what all requests may cost.
    pub(crate) fn left(&self) -> i128 {
        TOTAL - self.total
    }

    fn add(&mut self, hour: i64, key: &'static str, amount: i128) {
        self.total += amount;
        *self.by_key.entry((hour, key)).or_default() += amount;
    }
}
