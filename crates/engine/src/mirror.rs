//! Which requests are copied: a share of them, never too many at a time, and for no more than the day's money.

use domain::Money;
use domain::mirror::MirrorPolicy;

/// The account of one node's copies.
#[derive(Debug, Clone, Default)]
pub struct MirrorAccount {
    /// What is saved up for a copy, in hundredths.
    owed: u32,
    in_flight: u32,
    /// The day that is counted, in days since 1970 (UTC).
    day: i64,
    spent: Money,
}

/// What a copy uses up of the share, in hundredths.
const PRICE: u32 = 100;

impl MirrorAccount {
    /// A request is answered. Whether it is one of those that are copied.
    pub fn is_due(&mut self, policy: &MirrorPolicy) -> bool {
        self.owed = (self.owed + policy.share_percent).min(2 * PRICE - 1);
        let is_due = self.owed >= PRICE;
        if is_due {
            self.owed -= PRICE;
        }
        is_due
    }

    /// Begins a copy, unless too many are under way or the day's money is spent.
    #[must_use]
    pub fn begin(&mut self, policy: &MirrorPolicy, day: i64) -> bool {
        self.turn_to(day);
        let is_spent = policy.usd_per_day_max.is_some_and(|most| self.spent >= most);
        if is_spent || self.in_flight >= policy.in_flight_max {
            return false;
        }
        self.in_flight += 1;
        true
    }

    /// A copy has ended, and cost so much.
    pub fn ended(&mut self, cost: Money, day: i64) {
        self.turn_to(day);
        self.in_flight = self.in_flight.saturating_sub(1);
        // A sum beyond all measure is more than any bound.
        self.spent = self.spent.checked_add(cost).unwrap_or(self.spent);
    }

    /// What the copies of the day have cost so far.
    #[must_use]
    pub fn spent(&self) -> Money {
        self.spent
    }

    /// A clock that goes back does not give a day's money again.
    fn turn_to(&mut self, day: i64) {
        if day > self.day {
            (self.day, self.spent) = (day, Money::ZERO);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(share_percent: u32, in_flight_max: u32, usd: Option<u32>) -> MirrorPolicy {
        MirrorPolicy { share_percent, in_flight_max, usd_per_day_max: usd.map(Money::from_usd) }
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let (mut account, policy) = (MirrorAccount::default(), policy(100, 2, None));
        assert_eq!([0; 3].map(|_| account.begin(&policy, 1)), [true, true, false]);
        account.ended(Money::ZERO, 1);
        assert!(account.begin(&policy, 1));
    }

    #[test]
    fn the_days_money_is_spent_until_the_next_day() {
        let (mut account, policy) = (MirrorAccount::default(), policy(100, 10, Some(5)));
        assert!(account.begin(&policy, 1));
        account.ended(Money::from_usd(4), 1);
        assert!(account.begin(&policy, 1), "a dollar is left");
        account.ended(Money::from_usd(4), 1);
        assert!(!account.begin(&policy, 1));
        assert!(!account.begin(&policy, 0), "a clock that goes back changes nothing");
        assert!(account.begin(&policy, 2));
        assert_eq!(account.spent(), Money::ZERO);
    }

    proptest! {
        #[test]
        fn the_share_is_kept_to_one_request(share in 1_u32..=100, requests in 0_u32..2_000) {
            let (mut account, policy) = (MirrorAccount::default(), policy(share, 1, None));
            let copied = (0..requests).filter(|_| account.is_due(&policy)).count();
            prop_assert_eq!(u32::try_from(copied).unwrap(), requests * share / 100);
        }

        #[test]
        fn what_is_spent_never_exceeds_the_bound_by_more_than_what_was_under_way(
            costs in prop::collection::vec(0_u32..5, 0..100),
            most in 1_u32..20,
            in_flight_max in 1_u32..4,
        ) {
            let (mut account, policy) = (MirrorAccount::default(), policy(100, in_flight_max, Some(most)));
            let mut under_way = Vec::new();
            for cost in costs {
                if account.begin(&policy, 7) {
                    under_way.push(cost);
                } else if let Some(cost) = under_way.pop() {
                    account.ended(Money::from_usd(cost), 7);
                }
                prop_assert!(u32::try_from(under_way.len()).unwrap() <= in_flight_max);
                prop_assert!(account.spent() < Money::from_usd(most + in_flight_max * 5));
            }
        }
    }
}
