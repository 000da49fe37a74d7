//! OpenAI's legacy text completions (`platform.openai.com/docs/api-reference/completions`).

use serde_json::{Value, json};

use super::conversation::{Content, Conversation, Reply, limit};
use super::failure::Refusal;
use super::fingerprint::{CREATED_SECONDS, Fingerprint, tokens};
use super::frames::{Answer, Frame};
use super::open_ai;

/// Answers a request: one choice for each prompt of a list.
pub(super) fn answer(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let prompts = prompts(body)?;
    let replies: Vec<(usize, Reply)> =
        prompts.into_iter().map(|prompt| reply(body, prompt, fingerprint)).collect();
    let completion = |choices: Vec<Value>| {
        json!({
            "id": fingerprint.id("cmpl-", 0),
            "object": "text_completion",
            "created": CREATED_SECONDS,
            "model": body.get("model").and_then(Value::as_str).unwrap_or_default(),
            "choices": choices,
            "system_fingerprint": "fp_scripted",
        })
    };
    if body.get("stream").and_then(Value::as_bool) == Some(true) {
        return Ok(Answer::Stream(open_ai::events(frames(body, &replies, completion))));
    }
    let whole = |(index, (_, reply)): (usize, &(usize, Reply))| {
        choice(index, &reply.text, Some(finish_reason(reply)))
    };
    let mut answer = completion(replies.iter().enumerate().map(whole).collect());
    answer["usage"] = usage(&replies);
    Ok(Answer::Whole(answer))
}

/// One event for each token of each reply, and the usage where it was asked for.
fn frames(body: &Value, replies: &[(usize, Reply)], completion: impl Fn(Vec<Value>) -> Value) -> Vec<Frame> {
    let chunks = replies.iter().enumerate().flat_map(|(index, (_, reply))| chunks(index, reply));
    let mut frames: Vec<Frame> =
        chunks.map(|choice| Frame::data(&completion(vec![choice])).into_token()).collect();
    if open_ai::includes_usage(body) {
        let mut last = completion(Vec::new());
        last["usage"] = usage(replies);
        frames.push(Frame::data(&last));
    }
    frames
}

fn usage(replies: &[(usize, Reply)]) -> Value {
    let input_tokens = replies.iter().map(|(input_tokens, _)| input_tokens).sum();
    let output_tokens = replies.iter().map(|(_, reply)| reply.output_tokens()).sum();
    open_ai::usage(input_tokens, output_tokens, 0)
}

/// The prompts: a text, a list of texts, or tokens, which count and are echoed as numbers.
fn prompts(body: &Value) -> Result<Vec<String>, Refusal> {
    match body.get("prompt") {
        Some(Value::String(prompt)) => Ok(vec![prompt.clone()]),
        Some(Value::Array(prompts)) if prompts.iter().all(Value::is_number) => {
            Ok(vec![prompts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")])
        }
        Some(Value::Array(prompts)) => Ok(prompts
            .iter()
            .map(|prompt| prompt.as_str().map_or_else(|| prompt.to_string(), str::to_owned))
            .collect()),
        _ => Err(Refusal::field("prompt", "`prompt` must be a text or a list")),
    }
}

/// The tokens of a prompt and the reply to it.
fn reply(body: &Value, prompt: String, fingerprint: Fingerprint) -> (usize, Reply) {
    let mut conversation =
        Conversation { output_tokens_max: limit(body, &["max_tokens"]), ..Conversation::default() };
    conversation.add_message("user", Content { text: prompt, images: 0 });
    (conversation.input_tokens, conversation.reply(fingerprint))
}

fn chunks(index: usize, reply: &Reply) -> Vec<Value> {
    let mut chunks: Vec<Value> =
        tokens(&reply.text).into_iter().map(|token| choice(index, token, None)).collect();
    chunks.push(choice(index, "", Some(finish_reason(reply))));
    chunks
}

fn choice(index: usize, text: &str, finish_reason: Option<&str>) -> Value {
    json!({ "text": text, "index": index, "logprobs": null, "finish_reason": finish_reason })
}

fn finish_reason(reply: &Reply) -> &'static str {
    if reply.truncated { "length" } else { "stop" }
}
