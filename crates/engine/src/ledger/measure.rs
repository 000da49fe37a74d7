//! What a request may take, and took.

use std::time::Duration;

use domain::Money;
use domain::allotment::Unit;
use domain::quota::Counted;
use jiff::Timestamp;

/// A point in time, by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Since any fixed start, never going back: rates go by it.
    pub steady: Duration,
    /// By the calendar: budgets go by it.
    pub wall: Timestamp,
}

/// Tokens of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Of input, those from a cache included.
    pub input: u64,
    /// Of output.
    pub output: u64,
}

impl Tokens {
    /// How much it is of what a rate counts.
    pub(super) fn counted(self, counted: Counted) -> u64 {
        match counted {
            Counted::Requests => 1,
            Counted::Tokens => self.input.saturating_add(self.output),
            Counted::InputTokens => self.input,
            Counted::OutputTokens => self.output,
        }
    }

    /// How much it is of a budget in tokens.
    fn of(self, unit: Unit) -> i128 {
        match unit {
            Unit::Money => 0,
            Unit::Tokens => i128::from(self.input) + i128::from(self.output),
            Unit::InputTokens => self.input.into(),
            Unit::OutputTokens => self.output.into(),
        }
    }
}

/// What a request takes at most; `None` where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bound {
    /// Tokens.
    pub tokens: Option<Tokens>,
    /// Money.
    pub money: Option<Money>,
}

impl Bound {
    /// How much it is of a budget.
    pub(super) fn of(&self, unit: Unit) -> Option<i128> {
        match unit {
            Unit::Money => self.money.map(Money::pico_usd),
            tokens => self.tokens.map(|bound| bound.of(tokens)),
        }
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// The tokens that it is thought to take: rates go by them, and are put right in the end.
    pub thought: Tokens,
    /// What one call takes at most.
    pub most: Bound,
    /// What one call rarely exceeds, for budgets that go by that; `None` while that is not known.
    pub expected: Option<Bound>,
}

/// What a call took; `None` where nobody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Actual {
    /// Tokens.
    pub tokens: Option<Tokens>,
    /// Money.
    pub money: Option<Money>,
}

impl Actual {
    /// Nothing was taken.
    pub const NOTHING: Self = Self { tokens: Some(Tokens { input: 0, output: 0 }), money: Some(Money::ZERO) };

    /// How much it is of a budget.
    pub(super) fn of(&self, unit: Unit) -> Option<i128> {
        Bound { tokens: self.tokens, money: self.money }.of(unit)
    }
}
