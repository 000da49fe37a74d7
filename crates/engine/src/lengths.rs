//! How the lengths of a target's answers are distributed, to say what one will rarely exceed.

use std::time::Duration;

use crate::times::Times;

/// A token, in the measure of the buckets: the first one holds answers of one token, the last one those of 80,000 and more.
const TOKEN: Duration = Duration::from_millis(10);

/// The lengths of one target's recent answers, in the buckets in which times are kept: a quantile is at most a fifth above the exact one.
#[derive(Debug, Clone, Default)]
pub struct Lengths(Times);

impl Lengths {
    /// An answer had so many tokens.
    pub fn add(&mut self, tokens: u64) {
        self.0.add(TOKEN.saturating_mul(u32::try_from(tokens).unwrap_or(u32::MAX)));
    }

    /// How many tokens so many percent of the recent answers had at most; none while too few are known.
    #[must_use]
    pub fn quantile(&self, percent: u32) -> Option<u64> {
        let bound = self.0.quantile(percent)?;
        u64::try_from(bound.as_nanos().div_ceil(TOKEN.as_nanos())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Lengths;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_never_too_short_and_at_most_a_fifth_too_long(
            mut tokens in prop::collection::vec(1_u64..80_000, 20..400), percent in 1_u32..=100,
        ) {
            let mut lengths = Lengths::default();
            tokens.iter().for_each(|tokens| lengths.add(*tokens));
            tokens.sort_unstable();
            let rank = (tokens.len() * usize::try_from(percent).unwrap()).div_ceil(100);
            let (exact, found) = (tokens[rank - 1], lengths.quantile(percent).unwrap());
            prop_assert!(exact <= found && found <= exact + exact / 5 + 1, "{exact} {found}");
        }
    }

    #[test]
    fn nothing_is_said_of_few_answers() {
        let mut lengths = Lengths::default();
        (0..19).for_each(|_| lengths.add(5));
        assert_eq!(lengths.quantile(99), None);
    }
}
