//! What a request's route may ask about it. Nothing is read that no condition asks for; the body as a whole only when one
//! asks for something inside of a member.

mod said;

use std::borrow::Cow;
use std::cell::OnceCell;

use domain::condition::{Fact, Number, Step};
use engine::route::condition::{FactValue, Facts};
use http::HeaderName;
use jiff::Timestamp;
use wire::json::{Document, Kind, MemberRef, Value};

use crate::attempt::Call;
use crate::metadata;
use crate::refusal::Refusal;
use crate::region;

/// The facts of one request, at one moment.
pub(crate) struct RequestFacts<'c> {
    call: &'c Call,
    metadata: Option<Value<'c>>,
    body: &'c Body<'c>,
    tree: OnceCell<Option<Value<'c>>>,
    now: Timestamp,
}

/// The request as its client sent it, put together when it is asked for.
pub(crate) struct Body<'c> {
    document: &'c Document,
    whole: OnceCell<Cow<'c, [u8]>>,
}

impl<'c> Body<'c> {
    pub(crate) fn of(call: &'c Call) -> Self {
        Self { document: call.own_document(), whole: OnceCell::new() }
    }

    fn whole(&self) -> &[u8] {
        self.whole.get_or_init(|| self.document.body().range(0..self.document.body().len()))
    }
}

impl<'c> RequestFacts<'c> {
    /// # Errors
    /// 400 when the metadata is no JSON object, or too long.
    pub(crate) fn of(call: &'c Call, body: &'c Body<'c>) -> Result<Self, Refusal> {
        let metadata = metadata::read(&call.headers)?;
        let now = call.origin.gateway.wall_clock();
        Ok(Self { call, metadata, body, tree: OnceCell::new(), now })
    }

    /// What is known of whose the request is goes before what its client says.
    fn metadata(&self, steps: &[Step], passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        if let Some((Step::Member(name), below)) = steps.split_first()
            && let Some(label) = self.call.origin.key.subject.labels.get(name)
        {
            return below.is_empty() && passes(FactValue::Text(label));
        }
        self.metadata.as_ref().is_some_and(|metadata| any_below(metadata, steps, passes))
    }

    fn parameter(&self, steps: &[Step], passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        if let [Step::Member(key)] = steps
            && let Ok(Some(member)) = self.body.document.member(key)
        {
            return member_passes(&member, passes);
        }
        self.tree().is_some_and(|tree| any_below(tree, steps, passes))
    }

    fn tree(&self) -> Option<&Value<'c>> {
        self.tree.get_or_init(|| Value::parse(self.body.whole()).ok()).as_ref()
    }

    fn text(
        &self,
        of: fn(&Value<'_>) -> Option<String>,
        passes: &mut dyn FnMut(FactValue<'_>) -> bool,
    ) -> bool {
        self.tree().and_then(of).is_some_and(|text| passes(FactValue::Text(&text)))
    }

    /// What the request asks for itself is narrower than what its key and its workspace say.
    fn region(&self, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        match region::asked(&self.call.headers) {
            Some(asked) => passes(FactValue::Text(asked)),
            None => {
                let bound_to = self.call.origin.key.bound_to().iter();
                bound_to.map(|region| FactValue::Text(region.as_str())).any(passes)
            }
        }
    }

    fn header(&self, name: &HeaderName, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        let values = self.call.headers.get_all(name).into_iter();
        let mut values = values.map(|value| value.to_str().map_or(FactValue::Opaque, FactValue::Text));
        values.any(passes)
    }
}

impl Facts for RequestFacts<'_> {
    fn any(&self, fact: &Fact, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        match fact {
            Fact::Metadata(steps) => self.metadata(steps, passes),
            Fact::Parameter(steps) => self.parameter(steps, passes),
            Fact::Header(name) => self.header(name, passes),
            Fact::Pathname => passes(FactValue::Text(self.call.uri.path())),
            Fact::Key => passes(FactValue::Text(self.call.origin.key.name.as_str())),
            Fact::Workspace | Fact::Team | Fact::User | Fact::Environment => {
                self.call.origin.key.subject.named(fact).is_some_and(|name| passes(FactValue::Text(name)))
            }
            Fact::Region => self.region(passes),
            Fact::Endpoint => passes(FactValue::Text(self.call.endpoint.name())),
            Fact::Model => {
                self.call.facts.model.as_deref().is_some_and(|model| passes(FactValue::Text(model)))
            }
            Fact::Stream => passes(FactValue::Flag(self.call.facts.stream)),
            Fact::EstimatedTokens => {
                passes(FactValue::Number(Number::Whole(self.call.estimated_tokens().into())))
            }
            Fact::LastMessage => self.text(said::last_message, passes),
            Fact::Prompt => self.text(said::prompt, passes),
            // The clock's, which `now` is for.
            Fact::Hour | Fact::Weekday => false,
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// Whether any value at the end of the path passes.
fn any_below(value: &Value<'_>, steps: &[Step], passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else { return value_passes(value, passes) };
    let elements = value.elements();
    let next = match step {
        Step::Member(key) => value.get(key),
        Step::FromFront(place) => elements.get(*place),
        Step::FromBack(place) => elements.iter().rev().nth(*place),
        Step::Every => return elements.iter().any(|element| any_below(element, rest, passes)),
    };
    next.is_some_and(|value| any_below(value, rest, passes))
}

fn member_passes(member: &MemberRef<'_>, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
    match member.kind() {
        // What is inside is of no matter, and may be long.
        Kind::Array | Kind::Object => passes(FactValue::Opaque),
        _ => Value::parse(&member.raw()).is_ok_and(|value| value_passes(&value, passes)),
    }
}

fn value_passes(value: &Value<'_>, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Array | Kind::Object => passes(FactValue::Opaque),
        Kind::Bool => passes(value.as_bool().map_or(FactValue::Opaque, FactValue::Flag)),
        Kind::Number => passes(Number::parse(value.raw()).map_or(FactValue::Opaque, FactValue::Number)),
        Kind::String => {
            let text = value.as_str();
            passes(text.as_deref().map_or(FactValue::Opaque, FactValue::Text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::any_below;
    use domain::condition::{Number, Step};
    use engine::route::condition::FactValue;
    use wire::json::Value;

    #[test]
    fn values_are_what_they_are_in_the_text() {
        let text = br#"{"n":12345678901234567890,"t":"a\nb","f":false,"o":{},"z":null,"l":[1,[2],3],"u":"\ud800","big":1e999}"#;
        let tree = Value::parse(text).unwrap();
        let found = |steps: &[Step]| {
            let mut found = Vec::new();
            any_below(&tree, steps, &mut |value| {
                found.push(format!("{value:?}"));
                false
            });
            found
        };
        let member = |key: &str| Step::Member(key.to_owned());
        let shown = |value: FactValue<'_>| vec![format!("{value:?}")];
        assert_eq!(
            found(&[member("n")]),
            shown(FactValue::Number(Number::Whole(12_345_678_901_234_567_890)))
        );
        assert_eq!(found(&[member("t")]), shown(FactValue::Text("a\nb")));
        assert_eq!(found(&[member("f")]), shown(FactValue::Flag(false)));
        for opaque in ["o", "l", "u", "big"] {
            assert_eq!(found(&[member(opaque)]), shown(FactValue::Opaque), "{opaque}");
        }
        assert!(found(&[member("z")]).is_empty());
        assert_eq!(found(&[member("l"), Step::FromBack(0)]), shown(FactValue::Number(Number::Whole(3))));
        assert_eq!(found(&[member("l"), Step::Every]).len(), 3);
        assert_eq!(found(&[member("l"), Step::Every, Step::FromFront(0)]).len(), 1);
    }
}
