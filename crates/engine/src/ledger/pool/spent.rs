//! What was spent, and in a rolling span when: in the span's slots by the clock of the store.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ledger::{encoding, slots};

/// What was spent within a span.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ledger) struct Spent {
    #[serde(with = "encoding::amount")]
    total: i128,
    /// By the number of the slot; empty where the span is not a rolling one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "encoding::amounts")]
    slots: BTreeMap<i64, i128>,
}

impl Spent {
    /// Of a span that ends as a whole.
    pub(in crate::ledger) fn in_all(total: i128) -> Self {
        Self { total, slots: BTreeMap::new() }
    }

    /// Of a rolling span, by how many slots ago it was spent. The clocks of whoever spent it and of the store do not agree on when a slot
    /// begins, so that it counts as if it had been spent up to a slot later.
    pub(in crate::ledger) fn by_age(
        ages: impl Iterator<Item = (i64, i128)>,
        span: Duration,
        at_most: Duration,
    ) -> Self {
        let next = slots::after(span, at_most);
        let mut spent = Self::default();
        for (age, amount) in ages {
            spent.spend(Some(next.saturating_sub(age)), amount);
        }
        spent
    }

    pub(super) fn total(&self) -> i128 {
        self.total
    }

    pub(super) fn spend(&mut self, slot: Option<i64>, amount: i128) {
        self.total = self.total.saturating_add(amount);
        if let Some(slot) = slot.filter(|_| amount != 0) {
            *self.slots.entry(slot).or_default() += amount;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        for (slot, amount) in &other.slots {
            *self.slots.entry(*slot).or_default() += amount;
        }
    }

    /// Forgets what is out of a rolling span; says how much that was.
    pub(super) fn forget(&mut self, span: Duration, at: Duration) -> i128 {
        let kept = self.slots.split_off(&slots::oldest_kept(span, at));
        let forgotten = std::mem::replace(&mut self.slots, kept).values().sum();
        self.total = self.total.saturating_sub(forgotten);
        forgotten
    }
}
