//! What the answers of a target use of late, to foretell what a further one will cost.

use domain::Usage;

/// How many answers are remembered: each counts as one of so many.
const ANSWERS_MAX: u32 = 50;
/// What an answer is taken to be of a target that has not answered yet.
const OUTPUT_TOKENS: f64 = 300.0;

/// The habits of one target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    answers: u32,
    /// The part of the input that was read from the provider's prompt cache.
    cached_share: f64,
    output_tokens: f64,
}

impl Default for Habit {
    fn default() -> Self {
        Self { answers: 0, cached_share: 0.0, output_tokens: OUTPUT_TOKENS }
    }
}

impl Habit {
    /// An answer used so much. One that does not say so teaches nothing.
    pub fn learn(&mut self, used: &Usage) {
        let (Some(input), Some(output)) =
            (used.input_tokens.filter(|tokens| *tokens > 0), used.output_tokens)
        else {
            return;
        };
        self.answers = self.answers.saturating_add(1).min(ANSWERS_MAX);
        let part = 1.0 / f64::from(self.answers);
        let cached = float(used.cached_input_tokens.unwrap_or(0).min(input)) / float(input);
        self.cached_share += (cached - self.cached_share) * part;
        self.output_tokens += (float(output) - self.output_tokens) * part;
    }

    /// What a request with so many tokens will use.
    #[must_use]
    pub fn foretold(&self, input_tokens: u64) -> Usage {
        Usage {
            input_tokens: Some(input_tokens),
            cached_input_tokens: Some(whole(float(input_tokens) * self.cached_share).min(input_tokens)),
            output_tokens: Some(whole(self.output_tokens)),
            ..Usage::default()
        }
    }
}

/// A number of tokens, to average it.
#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 tokens nothing depends on the last one")]
pub(crate) fn float(tokens: u64) -> f64 {
    tokens as f64
}

/// An average of tokens, as a number of them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of numbers that are not negative, cut at the bound"
)]
pub(crate) fn whole(tokens: f64) -> u64 {
    tokens.round() as u64
}

#[cfg(test)]
mod tests {
    use super::{Habit, Usage};
    use proptest::prelude::*;

    fn used(input: u64, cached: u64, output: u64) -> Usage {
        Usage {
            input_tokens: Some(input),
            cached_input_tokens: Some(cached),
            output_tokens: Some(output),
            ..Usage::default()
        }
    }

    #[test]
    fn the_first_answer_says_all_and_later_ones_their_part() {
        let mut habit = Habit::default();
        assert_eq!(habit.foretold(1000), used(1000, 0, 300));
        habit.learn(&used(100, 80, 50));
        assert_eq!(habit.foretold(1000), used(1000, 800, 50));
        habit.learn(&used(100, 0, 150));
        assert_eq!(habit.foretold(1000), used(1000, 400, 100));
        habit.learn(&Usage::default());
        assert_eq!(habit.foretold(1000), used(1000, 400, 100));
        (0..500).for_each(|_| habit.learn(&used(100, 20, 10)));
        assert_eq!(habit.foretold(1000), used(1000, 200, 10));
    }

    proptest! {
        #[test]
        fn what_is_foretold_adds_up(answers in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..60), input: u64) {
            let mut habit = Habit::default();
            answers.into_iter().for_each(|(input, cached, output)| habit.learn(&used(input, cached, output)));
            let foretold = habit.foretold(input);
            prop_assert!(foretold.cached_input_tokens <= foretold.input_tokens);
        }
    }
}
