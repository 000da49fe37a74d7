//! Conditions on a request, as compiled: which fact of it is asked, and what it has to be.

mod number;
mod text_pattern;

use http::HeaderName;

pub use number::Number;
pub use text_pattern::{PATTERN_BYTES_MAX, SUBJECT_BYTES_MAX, TextPattern};

/// What has to hold of a request.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Each of these.
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// A value of the fact passes the test. A fact without value passes none.
    Holds {
        /// Which.
        fact: Fact,
        /// What its value has to be.
        test: Test,
    },
}

/// What a value has to be.
#[derive(Debug, Clone)]
pub enum Test {
    /// There at all.
    Present,
    /// One of these.
    OneOf(Vec<Scalar>),
    /// Beyond a bound.
    Compares(Order, Bound),
    /// A text in which the pattern is found.
    Matches(TextPattern),
}

/// On which side of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Below it.
    Below,
    /// At or below it.
    AtMost,
    /// Above it.
    Above,
    /// At or above it.
    AtLeast,
}

/// A bound: a number, or a text that values are compared with letter by letter. A text that reads as a number is both.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// For values that are numbers or read as such.
    pub number: Option<Number>,
    /// For other texts.
    pub text: Option<String>,
}

/// A value without parts.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

/// Something that is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A value in the metadata that the client sent along.
    Metadata(Vec<Step>),
    /// A value in the request's body.
    Parameter(Vec<Step>),
    /// A header.
    Header(HeaderName),
    /// The path of the request's URL.
    Pathname,
    /// The name of the key.
    Key,
    /// The name of the key's workspace.
    Workspace,
    /// The name of the key's team.
    Team,
    /// The name of the key's user.
    User,
    /// What the key is for.
    Environment,
    /// The regions that the request is bound to, as they are written: names, or patterns with `*`.
    Region,
    /// The name of the endpoint.
    Endpoint,
    /// The model as the client named it.
    Model,
    /// Whether the answer is to be streamed.
    Stream,
    /// The hour of the day in UTC, 0 to 23.
    Hour,
    /// The day of the week in UTC, `monday` to `sunday`.
    Weekday,
    /// The size of the body as tokens.
    EstimatedTokens,
    /// The text of the last message that the user wrote.
    LastMessage,
    /// All text of the prompt.
    Prompt,
}

/// One step of the way to a value in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The member of an object.
    Member(String),
    /// The element of a list at this place from the front.
    FromFront(usize),
    /// The element of a list at this place from the back; 0 is the last.
    FromBack(usize),
    /// Every element of a list.
    Every,
}
