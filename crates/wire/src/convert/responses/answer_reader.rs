//! An answer of a provider.

use super::{item_reader, stop};
use crate::convert::codec::Malformed;
use crate::convert::form::{Answer, Choice, Part, Stop, TokenChance};
use crate::convert::read::Path;
use crate::formats::{ProviderError, Usage};
use crate::json::{Kind, Value};

pub(super) fn read<'a>(answer: &Value<'a>) -> Result<Answer<'a>, Malformed> {
    let output = answer.get("output").filter(|output| output.kind() == Kind::Array);
    let status = answer.get("status").and_then(Value::as_str);
    if let Some(status @ ("failed" | "cancelled" | "queued" | "in_progress")) = status.as_deref() {
        return Err(unfinished(answer, status));
    }
    let output = output.ok_or_else(|| Malformed("the answer has no `output`".to_owned()))?;
    let parts = parts(output.elements())?;
    let text = |key: &str| answer.present(key).and_then(Value::text);
    let logprobs = output.elements().iter().flat_map(logprobs_of_item).collect();
    Ok(Answer {
        id: text("id"),
        model: text("model"),
        created: answer.present("created_at").and_then(Value::as_u64),
        choices: vec![Choice { stop: Some(stop_of(answer, &parts)), parts, logprobs }],
        usage: Usage::of_response(answer).unwrap_or_default(),
        service_tier: text("service_tier"),
    })
}

/// A response that holds no answer, though it came as one.
fn unfinished(answer: &Value<'_>, status: &str) -> Malformed {
    let error = answer.present("error").map(ProviderError::of).unwrap_or_default();
    let message = error.message.map(|message| format!(": {message}")).unwrap_or_default();
    Malformed(format!("the response is {status}{message}"))
}

/// The parts of an output.
pub(super) fn parts<'a>(output: &[Value<'a>]) -> Result<Vec<Part<'a>>, Malformed> {
    let path = Path::ROOT.member("output");
    let mut parts = Vec::new();
    for (index, item) in output.iter().enumerate() {
        let read = item_reader::read(item, &path.element(index));
        let (_, said) = read.map_err(|objection| Malformed(objection.message))?;
        parts.extend(said);
    }
    Ok(parts)
}

fn stop_of<'a>(answer: &Value<'a>, parts: &[Part<'a>]) -> Stop<'a> {
    let (calls, refuses) = stop::calls_and_refuses(parts);
    stop::read(answer, calls, refuses)
}

fn logprobs_of_item<'a>(item: &Value<'a>) -> Vec<TokenChance<'a>> {
    item.present("content").map(Value::elements).unwrap_or_default().iter().flat_map(logprobs).collect()
}

/// `logprobs` of a text or of a piece of one.
pub(super) fn logprobs<'a>(text: &Value<'a>) -> Vec<TokenChance<'a>> {
    text.present("logprobs").map(Value::elements).unwrap_or_default().iter().filter_map(chance).collect()
}

fn chance<'a>(token: &Value<'a>) -> Option<TokenChance<'a>> {
    let top = token.present("top_logprobs").map(Value::elements).unwrap_or_default();
    Some(TokenChance {
        token: token.get("token")?.text()?,
        logprob: token.get("logprob")?.as_number()?,
        bytes: token.present("bytes").map(Value::raw),
        top: top.iter().filter_map(chance).collect(),
    })
}
