//! An answer of a provider.

use super::block_reader;
use super::stop;
use crate::convert::codec::Malformed;
use crate::convert::form::{Answer, Choice};
use crate::convert::read::Path;
use crate::formats::Usage;
use crate::json::{Kind, Value};

pub(super) fn read<'a>(answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
    let content = answer.get("content").filter(|content| content.kind() == Kind::Array);
    let content = content.ok_or_else(|| Malformed("the answer has no `content`".to_owned()))?;
    let path = Path::ROOT.member("content");
    let parts = content
        .elements()
        .iter()
        .enumerate()
        .map(|(index, block)| block_reader::block(block, &path.element(index)))
        .collect::<Result<_, _>>()
        .map_err(|error| Malformed(error.message))?;
    let text = |key: &str| answer.present(key).and_then(Value::text);
    let stop = text("stop_reason").map(|reason| stop::read(reason, text("stop_sequence")));
    Ok(Answer {
        id: text("id"),
        model: text("model"),
        created: None,
        choices: vec![Choice { parts, stop, logprobs: Vec::new() }],
        usage: answer.get("usage").and_then(Usage::of_anthropic).unwrap_or_default(),
        service_tier: answer.at(&["usage", "service_tier"]).and_then(Value::text),
    })
}
