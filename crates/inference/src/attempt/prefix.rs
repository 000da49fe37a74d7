//! The beginnings of a request's prompt: the bytes of its members in the order in which providers put them before the model (Anthropic,
//! "Prompt caching": tools, system, messages). Where they lie is known from the scan, so nothing is parsed.

use std::ops::Range;

use engine::Prefix;
use wire::json::Document;

/// What prompts are made of, first things first, as the formats name it.
const MEMBERS: [&str; 10] = [
    "tools",
    "toolConfig",
    "system",
    "instructions",
    "systemInstruction",
    "system_instruction",
    "messages",
    "input",
    "contents",
    "prompt",
];

/// The beginnings of the prompt in a request.
pub(super) fn of(document: &Document) -> Prefix {
    let members = MEMBERS.iter().filter_map(|key| document.member(key).ok().flatten());
    Prefix::of(members.flat_map(|member| parts(document, member.member().value.clone())))
}

/// The bytes of a member, as far as they are looked at.
fn parts(document: &Document, value: Range<usize>) -> impl Iterator<Item = bytes::Bytes> {
    let bytes_max = usize::try_from(Prefix::BYTES_MAX).unwrap_or(usize::MAX);
    document.body().slice(value.start..value.end.min(value.start.saturating_add(bytes_max)))
}

#[cfg(test)]
mod tests {
    use super::{Document, Prefix, of};
    use serde_json::{Value, json};
    use wire::json::ScanLimits;

    fn prefix(request: &Value) -> Prefix {
        let limits = ScanLimits::default();
        of(&Document::parse(request.to_string().into(), limits).unwrap())
    }

    fn chat(system: &str, turns: &[&str]) -> Value {
        let user = |turn: &&str| json!({"role": "user", "content": turn});
        let messages: Vec<_> = [json!({"role": "system", "content": system})]
            .into_iter()
            .chain(turns.iter().map(user))
            .collect();
        json!({"model": "m", "messages": messages})
    }

    #[test]
    fn what_follows_in_a_conversation_begins_as_it_did_before() {
        let system = "You are kind. ".repeat(400);
        let first = prefix(&chat(&system, &["hi"]));
        assert!(first.shortest().is_some());
        assert_eq!(prefix(&chat(&system, &["hi", "and then?"])).shortest(), first.shortest());
        assert_ne!(prefix(&chat(&system.replace("kind", "rude"), &["hi"])).shortest(), first.shortest());
        assert_eq!(prefix(&chat("short", &["hi"])).shortest(), None);
    }

    #[test]
    fn what_is_no_prompt_does_not_count_and_neither_does_the_order_of_members() {
        let long = "x".repeat(5_000);
        let of = |request: &str| prefix(&serde_json::from_str(&request.replace("LONG", &long)).unwrap());
        let one = of(r#"{"model":"m","system":"LONG","messages":[],"temperature":1,"metadata":{"a":"b"}}"#);
        let other = of(r#"{"messages":[],"temperature":0,"stream":true,"system":"LONG","model":"n"}"#);
        assert!(one.shortest().is_some());
        assert_eq!(one, other);
        assert_ne!(one, of(r#"{"tools":[{"name":"t"}],"system":"LONG","messages":[]}"#));
    }
}
