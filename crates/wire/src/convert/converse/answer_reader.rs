//! An answer of a provider.

use super::{block_reader, stop};
use crate::convert::codec::Malformed;
use crate::convert::form::{Answer, Choice, Part};
use crate::convert::read::Path;
use crate::formats::Usage;
use crate::json::{Kind, Value};

pub(super) fn read<'a>(answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
    let content =
        answer.at(&["output", "message", "content"]).filter(|content| content.kind() == Kind::Array);
    let content =
        content.ok_or_else(|| Malformed("the answer has no `output.message.content`".to_owned()))?;
    let (output, message) = (Path::ROOT.member("output"), "message");
    let message = output.member(message);
    let path = message.member("content");
    let parts: Vec<Part<'a>> = content
        .elements()
        .iter()
        .enumerate()
        .map(|(index, block)| block_reader::block(block, &path.element(index)))
        .collect::<Result<_, _>>()
        .map_err(|error| Malformed(error.message))?;
    let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let sequence = answer.at(&["additionalModelResponseFields", "stop_sequence"]).and_then(Value::text);
    let reason = answer.present("stopReason").and_then(Value::text);
    let stop = reason.map(|reason| stop::read(reason, sequence, has_calls));
    Ok(Answer {
        id: None,
        model: None,
        created: None,
        choices: vec![Choice { parts, stop, logprobs: Vec::new() }],
        usage: Usage::of_metadata(answer).unwrap_or_default(),
        service_tier: answer.at(&["serviceTier", "type"]).and_then(Value::text),
    })
}
