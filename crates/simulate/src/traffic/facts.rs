//! What conditions and stickiness may ask about a request that is not there: what its description says.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use domain::condition::{Fact, Number, Step};
use engine::estimated_tokens;
use engine::route::condition::{FactValue, Facts};
use jiff::Timestamp;
use serde_json::Value;

use super::Request;
use crate::luck::{Luck, Purpose, number_of};

/// The facts of one request.
pub(crate) struct RequestFacts<'r> {
    pub(crate) request: &'r Request,
    pub(crate) seed: u64,
    /// What the clock says.
    pub(crate) now: Timestamp,
}

impl RequestFacts<'_> {
    /// A text with each `{1..500}` in it replaced by one of these numbers, the same for the same text of one request.
    fn written<'v>(&self, text: &'v str) -> Cow<'v, str> {
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, range, after)) = next_range(rest) {
            let numbers = [self.request.number, number_of(text), written.len() as u64];
            let count = range.end() - range.start() + 1;
            let drawn = range.start() + Luck::of(self.seed, Purpose::Value, &numbers).below(count);
            written.push_str(before);
            written.push_str(&drawn.to_string());
            rest = after;
        }
        if written.is_empty() {
            return Cow::Borrowed(text);
        }
        written.push_str(rest);
        Cow::Owned(written)
    }

    /// What the newest messages say, as far as the traffic's `params` have any.
    fn said(&self, count: usize) -> Option<String> {
        let messages = self.request.shape.params.get("messages")?.as_array()?;
        let newest = messages.get(messages.len().saturating_sub(count)..)?;
        let texts = newest.iter().filter_map(|message| message.get("content")?.as_str());
        Some(texts.map(|text| self.written(text)).collect::<Vec<_>>().join("\n"))
    }

    fn any_below(
        &self,
        value: &Value,
        steps: &[Step],
        passes: &mut dyn FnMut(FactValue<'_>) -> bool,
    ) -> bool {
        let Some((step, rest)) = steps.split_first() else { return self.value_passes(value, passes) };
        let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let next = match step {
            Step::Member(key) => value.get(key),
            Step::FromFront(place) => elements.get(*place),
            Step::FromBack(place) => elements.iter().rev().nth(*place),
            Step::Every => return elements.iter().any(|element| self.any_below(element, rest, passes)),
        };
        next.is_some_and(|value| self.any_below(value, rest, passes))
    }

    fn value_passes(&self, value: &Value, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        match value {
            Value::Null => false,
            Value::Bool(flag) => passes(FactValue::Flag(*flag)),
            Value::Number(number) => {
                passes(Number::parse(&number.to_string()).map_or(FactValue::Opaque, FactValue::Number))
            }
            Value::String(text) => passes(FactValue::Text(&self.written(text))),
            Value::Array(_) | Value::Object(_) => passes(FactValue::Opaque),
        }
    }
}

impl Facts for RequestFacts<'_> {
    fn any(&self, fact: &Fact, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        let shape = &self.request.shape;
        match fact {
            Fact::Metadata(steps) => match shape.label(steps) {
                Some(label) => passes(FactValue::Text(label)),
                None => self.any_below(&shape.metadata, steps, passes),
            },
            Fact::Parameter(steps) => self.any_below(&shape.params, steps, passes),
            Fact::Header(name) => {
                let mut values = shape.headers.iter().filter(|(header, _)| header == name);
                values.any(|(_, value)| passes(FactValue::Text(&self.written(value))))
            }
            Fact::Pathname => passes(FactValue::Text(&shape.path)),
            Fact::Key => shape.key.as_deref().is_some_and(|key| passes(FactValue::Text(key))),
            Fact::Workspace | Fact::Team | Fact::User | Fact::Environment => {
                shape.named(fact).is_some_and(|name| passes(FactValue::Text(name)))
            }
            Fact::Region => shape.regions().any(|region| passes(FactValue::Text(region))),
            Fact::Endpoint => passes(FactValue::Text(shape.endpoint.name())),
            Fact::Model => passes(FactValue::Text(&shape.model)),
            Fact::Stream => passes(FactValue::Flag(shape.is_stream)),
            Fact::EstimatedTokens => {
                let tokens = estimated_tokens(self.request.body_bytes);
                passes(FactValue::Number(Number::Whole(tokens.into())))
            }
            Fact::LastMessage => self.said(1).is_some_and(|text| passes(FactValue::Text(&text))),
            Fact::Prompt => self.said(usize::MAX).is_some_and(|text| passes(FactValue::Text(&text))),
            // The clock's, which `now` is for.
            Fact::Hour | Fact::Weekday => false,
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// The first `{1..500}` in a text, with what stands before and after it.
fn next_range(text: &str) -> Option<(&str, RangeInclusive<u64>, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    let (first, last) = inside.split_once("..")?;
    let range = first.parse().ok()?..=last.parse().ok()?;
    (!range.is_empty() && *range.end() < u64::MAX).then_some((before, range, after))
}
