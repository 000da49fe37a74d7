//! What some requests may use together: how fast, and how much in money or tokens. An allotment is for the requests that its selector
//! describes, and a request is charged to every one that is for it.

mod selector;

use std::time::Duration;

pub use selector::{Attribute, GROUPS_MAX_DEFAULT, Selector};

use crate::money::Money;
use crate::name::{AllotmentName, RouteName};
use crate::quota::Allowance;

/// What some requests may use together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allotment {
    /// Its name in answers, metrics and the log; unique.
    pub name: AllotmentName,
    /// Which requests it is for, and which of them share.
    pub selector: Selector,
    /// What they may use.
    pub terms: Terms,
    /// What becomes of a request for which nothing is left.
    pub at_limit: AtLimit,
}

/// What requests may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Terms {
    /// So much at a time.
    Rate(RateLimit),
    /// So much in all.
    Budget(Budget),
}

/// How fast requests may come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateLimit {
    /// Each of them holds.
    pub allowances: Vec<Allowance>,
    /// Most requests at once.
    pub concurrency: Option<u32>,
    /// What becomes of requests while the processes that share it cannot ask each other.
    pub on_store_down: StoreDown,
}

/// How much requests may use within a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Of what.
    pub unit: Unit,
    /// How much: pico-dollars or tokens.
    pub amount: i128,
    /// Within what time.
    pub span: Span,
    /// The time zone of calendar spans, by its name in the database of the IANA: `Europe/Zurich`.
    pub time_zone: Box<str>,
    /// What is granted on top for a while.
    pub raises: Vec<Raise>,
    /// At how many percent of it somebody is told, rising.
    pub warn_at: Vec<u8>,
    /// The names of the webhooks that are told of it.
    pub notify: Vec<Box<str>>,
    /// How much of it a request holds until its cost is known.
    pub reserve: Reserve,
    /// What a request counts as whose cost cannot be bounded beforehand.
    pub unknown_cost: UnknownCost,
    /// What an answer counts as of which nobody said what it used.
    pub cut_off: CutOff,
    /// What becomes of requests while the processes that share it cannot ask each other.
    pub on_store_down: StoreDown,
}

impl Budget {
    /// How much it is at a time, in seconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn amount_at(&self, unix_seconds: i64) -> i128 {
        let raises = self.raises.iter().filter(|raise| unix_seconds < raise.until_unix_seconds);
        raises.fold(self.amount, |amount, raise| amount.saturating_add(raise.by))
    }
}

/// What a budget is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Money, in pico-dollars.
    Money,
    /// Tokens of input and output together.
    Tokens,
    /// Tokens of input.
    InputTokens,
    /// Tokens of output.
    OutputTokens,
}

impl Unit {
    /// Its name in metrics and the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Money => "usd",
            Self::Tokens => "tokens",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
        }
    }

    /// An amount for people: `$0.25`, `1000 tokens`.
    #[must_use]
    pub fn show(self, amount: i128) -> String {
        match self {
            Self::Money => format!("${}", Money::from_pico_usd(amount)),
            Self::Tokens => format!("{amount} tokens"),
            Self::InputTokens => format!("{amount} input tokens"),
            Self::OutputTokens => format!("{amount} output tokens"),
        }
    }
}

/// Within what time a budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// Any time of this length.
    Rolling(Duration),
    /// An hour of the clock.
    Hour,
    /// A day of the calendar.
    Day,
    /// A week of the calendar, from Monday on (ISO 8601).
    Week,
    /// A month of the calendar.
    Month,
    /// A quarter of the calendar, from January, April, July and October on.
    Quarter,
    /// All time: it is spent once.
    Once,
}

impl Span {
    /// Its name in answers, messages and the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rolling(_) => "rolling",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Once => "once",
        }
    }
}

/// An addition to a budget that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raise {
    /// How much: pico-dollars or tokens.
    pub by: i128,
    /// When it ends, in seconds since 1970-01-01 00:00 UTC.
    pub until_unix_seconds: i64,
}

/// How much of a budget a request holds until its cost is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reserve {
    /// The most that it can cost. Where less is left, its answer is bounded to what that pays.
    #[default]
    Clamp,
    /// The most that it can cost. Where less is left, it is refused.
    Most,
    /// What requests of its model rarely exceed: one in a hundred may overshoot.
    Expected,
}

/// What a request counts as whose cost cannot be bounded beforehand: its model has no price, it is passed through, or it is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownCost {
    /// It is refused.
    #[default]
    Refuse,
    /// Nothing, unless its cost is known in the end.
    Free,
    /// This much, unless its cost is known in the end.
    Amount(i128),
}

/// What an answer counts as of which nobody said what it used: its client left, or it broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CutOff {
    /// As much as was held for it, which is no less than it cost.
    #[default]
    Held,
    /// Nothing.
    Free,
}

/// What becomes of requests while the processes that share a limit or a budget cannot ask each other what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreDown {
    /// They use up what was granted to their process, and then are refused.
    #[default]
    LastLease,
    /// They are refused.
    Closed,
    /// They are served as long as something is left by what their process knows. Together they may exceed it.
    Open,
}

/// What becomes of a request for which nothing is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AtLimit {
    /// It is refused.
    #[default]
    Refuse,
    /// It waits this long at most, then it is refused.
    Queue(Duration),
    /// It takes another route.
    Downgrade(RouteName),
    /// It is served, and that it should not have been is told.
    Warn,
}
