//! An answer of a provider.

use super::{logprobs, message_reader, stop};
use crate::convert::codec::Malformed;
use crate::convert::form::{Answer, Choice, Part};
use crate::convert::read::Path;
use crate::formats::{Usage, cohere};
use crate::json::{Kind, Value};

pub(super) fn read<'a>(answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
    let message = answer.get("message").filter(|message| message.kind() == Kind::Object);
    let message = message.ok_or_else(|| Malformed("the answer has no `message`".to_owned()))?;
    let reason = answer.present("finish_reason").and_then(Value::text);
    if let Some(failure) = reason.as_ref().filter(|reason| cohere::is_failure(&reason.plain())) {
        return Err(Malformed(format!("the model gave up: `finish_reason` is {}", failure.plain())));
    }
    let path = Path::ROOT.member("message");
    let parts = message_reader::assistant(message, &path).map_err(|error| Malformed(error.message))?;
    let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let items = answer.present("logprobs").map(Value::elements).unwrap_or_default();
    Ok(Answer {
        id: answer.present("id").and_then(Value::text),
        model: None,
        created: None,
        choices: vec![Choice {
            parts,
            stop: Some(stop::read(reason, has_calls)),
            logprobs: items.iter().flat_map(logprobs::read).collect(),
        }],
        usage: answer.get("usage").and_then(Usage::of_cohere).unwrap_or_default(),
        service_tier: None,
    })
}
