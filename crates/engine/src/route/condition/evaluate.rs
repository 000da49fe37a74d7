//! Whether a condition holds for a request.

use std::cmp::Ordering;

use domain::condition::{Bound, Condition, Fact, Number, Order, Scalar, Test};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::Offset;

/// A value of a fact, as a condition sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FactValue<'a> {
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(&'a str),
    /// An object, a list, or a text that cannot be read: it is there, and that is all that can be said.
    Opaque,
}

/// What is known of a request.
pub trait Facts {
    /// Whether any value of the fact passes. A fact that is absent has no value, one that is `null` neither; a fact with
    /// `[*]` in its path, or a header that is repeated, may have several. Those of the clock are not asked for here.
    fn any(&self, fact: &Fact, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool;

    /// When the request came.
    fn now(&self) -> Timestamp;
}

/// Whether a condition holds. It takes time in proportion to the condition and to the values that it asks for.
#[must_use]
pub fn holds(condition: &Condition, facts: &dyn Facts) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| holds(part, facts)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, facts)),
        Condition::Not(opposite) => !holds(opposite, facts),
        Condition::Holds { fact, test } => any_value(fact, facts, &mut |value| passes(test, value)),
    }
}

/// Whether any value of a fact passes, those of the clock included.
pub(crate) fn any_value(
    fact: &Fact,
    facts: &dyn Facts,
    passes: &mut dyn FnMut(FactValue<'_>) -> bool,
) -> bool {
    let time = || Offset::UTC.to_datetime(facts.now());
    match fact {
        Fact::Hour => passes(FactValue::Number(Number::Whole(time().hour().into()))),
        Fact::Weekday => passes(FactValue::Text(name_of(time().weekday()))),
        _ => facts.any(fact, passes),
    }
}

fn name_of(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

fn passes(test: &Test, value: FactValue<'_>) -> bool {
    match (test, value) {
        (Test::Present, _) => true,
        (Test::OneOf(scalars), value) => scalars.iter().any(|scalar| equals(scalar, value)),
        (Test::Compares(order, bound), value) => {
            compare(value, bound).is_some_and(|found| is_on_side(*order, found))
        }
        (Test::Matches(pattern), FactValue::Text(text)) => pattern.is_found_in(text),
        (Test::Matches(_), _) => false,
    }
}

fn equals(scalar: &Scalar, value: FactValue<'_>) -> bool {
    match (scalar, value) {
        (Scalar::Flag(one), FactValue::Flag(other)) => *one == other,
        (Scalar::Number(one), FactValue::Number(other)) => *one == other,
        (Scalar::Text(one), FactValue::Text(other)) => one == other,
        _ => false,
    }
}

/// Where a value lies seen from the bound: as numbers where both read as such, else as texts.
fn compare(value: FactValue<'_>, bound: &Bound) -> Option<Ordering> {
    let number = match value {
        FactValue::Number(number) => Some(number),
        FactValue::Text(text) => Number::parse(text),
        FactValue::Flag(_) | FactValue::Opaque => None,
    };
    match (number, bound.number, value, &bound.text) {
        (Some(number), Some(bound), ..) => number.partial_cmp(&bound),
        (_, _, FactValue::Text(text), Some(bound)) => Some(text.cmp(bound.as_str())),
        _ => None,
    }
}

fn is_on_side(order: Order, found: Ordering) -> bool {
    match order {
        Order::Below => found.is_lt(),
        Order::AtMost => found.is_le(),
        Order::Above => found.is_gt(),
        Order::AtLeast => found.is_ge(),
    }
}
