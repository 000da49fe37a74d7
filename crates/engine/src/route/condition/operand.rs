//! What a fact may be compared with: an operand that no value of the fact can equal is a mistake, told when it is made.

use domain::Endpoint;
use domain::condition::{Bound, Fact, Number, Scalar};
use serde_json::Value;

use super::super::near;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// What the values of a fact are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Whatever stands in the JSON.
    Any,
    Text,
    Flag,
    Number,
}

fn kind(fact: &Fact) -> Kind {
    match fact {
        Fact::Metadata(_) | Fact::Parameter(_) => Kind::Any,
        Fact::Header(_) | Fact::Pathname | Fact::Endpoint | Fact::Model | Fact::Weekday => Kind::Text,
        Fact::Key | Fact::Workspace | Fact::Team | Fact::User | Fact::Environment => Kind::Text,
        Fact::Region | Fact::LastMessage | Fact::Prompt => Kind::Text,
        Fact::Stream => Kind::Flag,
        Fact::Hour | Fact::EstimatedTokens => Kind::Number,
    }
}

/// A value that the fact can equal.
///
/// # Errors
/// When it cannot, with why.
pub(super) fn scalar(fact: &Fact, value: &Value) -> Result<Scalar, String> {
    let scalar = match value {
        Value::Bool(flag) => Scalar::Flag(*flag),
        Value::String(text) => Scalar::Text(text.clone()),
        Value::Number(digits) => Scalar::Number(number(digits)?),
        Value::Null => return Err("`null` counts as absent; write `$exists`".to_owned()),
        Value::Array(_) | Value::Object(_) => {
            return Err("expected a text, a number, true or false".to_owned());
        }
    };
    match (kind(fact), &scalar) {
        (Kind::Any, _) | (Kind::Flag, Scalar::Flag(_)) => Ok(scalar),
        (Kind::Text, Scalar::Text(text)) => known_text(fact, text).map(|()| scalar),
        (Kind::Number, Scalar::Number(number)) => known_number(fact, *number).map(|()| scalar),
        (Kind::Text, _) => Err(format!("this fact is always a text; write \"{value}\"")),
        (Kind::Flag, _) => Err("this fact is true or false".to_owned()),
        (Kind::Number, _) => Err("this fact is always a number".to_owned()),
    }
}

/// A bound that values of the fact can be beyond.
///
/// # Errors
/// When they cannot, with why.
pub(super) fn bound(fact: &Fact, value: &Value) -> Result<Bound, String> {
    let bound = match value {
        Value::Number(digits) => Bound { number: Some(number(digits)?), text: None },
        Value::String(text) => Bound { number: Number::parse(text), text: Some(text.clone()) },
        _ => return Err("expected a number or a text".to_owned()),
    };
    match (kind(fact), bound.number) {
        (Kind::Flag, _) => Err("this fact is true or false, which has no order".to_owned()),
        (Kind::Number, None) => Err("this fact is always a number".to_owned()),
        (Kind::Number, Some(number)) => known_number(fact, number).map(|()| bound),
        (Kind::Any | Kind::Text, _) => Ok(bound),
    }
}

/// Whether the fact may be a text at all.
pub(super) fn may_be_text(fact: &Fact) -> bool {
    matches!(kind(fact), Kind::Any | Kind::Text)
}

fn number(digits: &serde_json::Number) -> Result<Number, String> {
    Number::parse(&digits.to_string()).ok_or_else(|| format!("{digits} is out of range"))
}

fn known_text(fact: &Fact, text: &str) -> Result<(), String> {
    let unknown = |what: &str, known: Vec<&str>| match known.contains(&text) {
        true => Ok(()),
        false => Err(format!("there is no {what} `{text}`{}", near::suggestion(text, known))),
    };
    match fact {
        Fact::Weekday => unknown("day", WEEKDAYS.into()),
        Fact::Endpoint => unknown("endpoint", Endpoint::ALL.into_iter().map(Endpoint::name).collect()),
        _ => Ok(()),
    }
}

fn known_number(fact: &Fact, number: Number) -> Result<(), String> {
    let of_a_day = Number::Whole(0)..=Number::Whole(24);
    if *fact == Fact::Hour && !of_a_day.contains(&number) {
        return Err("an hour is 0 to 23, in UTC".to_owned());
    }
    Ok(())
}
