//! OpenAI's legacy text completions (`platform.openai.com/docs/api-reference/completions`).

use serde_json::{Value, json};

use super::chat::usage;
use super::conversation::{Content, Conversation, Reply, limit};
use super::failure::{Refusal, open_ai};
use super::fingerprint::{CREATED_SECONDS, Fingerprint, tokens};
use super::frames::{Answer, Events, Frame};

/// Answers a request: one choice for each prompt of a list.
pub(super) fn answer(body: &Value, fingerprint: Fingerprint) -> Result<Answer, Refusal> {
    let prompts = prompts(body)?;
    let stream = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let model = body.get("model").and_then(Value::as_str).unwrap_or_default();
    let replies: Vec<(usize, Reply)> = prompts
        .into_iter()
        .map(|prompt| reply(body, prompt, fingerprint))
        .collect();
    let input_tokens = replies.iter().map(|(input, _)| input).sum();
    let output_tokens = replies.iter().map(|(_, reply)| reply.output_tokens).sum();
    let usage = usage(input_tokens, output_tokens);
    let completion = |choices: Vec<Value>| {
        json!({
            "id": fingerprint.id("cmpl-", 0),
            "object": "text_completion",
            "created": CREATED_SECONDS,
            "model": model,
            "choices": choices,
            "system_fingerprint": "fp_scripted",
        })
    };
    if stream {
        let include_usage = body
            .pointer("/stream_options/include_usage")
            .and_then(Value::as_bool)
            == Some(true);
        let chunks = replies
            .iter()
            .enumerate()
            .flat_map(|(index, (_, reply))| chunks(index, reply));
        let mut frames: Vec<Frame> = chunks
            .map(|choice| Frame::data(&completion(vec![choice])).into_token())
            .collect();
        if include_usage {
            let mut last = completion(Vec::new());
            last["usage"] = usage;
            frames.push(Frame::data(&last));
        }
        frames.push(Frame::done());
        let error = open_ai(
            "server_error",
            "scripted failure in the middle of the stream",
            None,
            None,
        );
        return Ok(Answer::Stream(Events {
            frames,
            error: Frame::data(&error),
        }));
    }
    let choices = replies
        .iter()
        .enumerate()
        .map(|(index, (_, reply))| choice(index, &reply.text, Some(finish_reason(reply))));
    let mut whole = completion(choices.collect());
    whole["usage"] = usage;
    Ok(Answer::Whole(whole))
}

/// The prompts: a text, a list of texts, or tokens, which count and are echoed as numbers.
fn prompts(body: &Value) -> Result<Vec<String>, Refusal> {
    match body.get("prompt") {
        Some(Value::String(prompt)) => Ok(vec![prompt.clone()]),
        Some(Value::Array(prompts)) if prompts.iter().all(Value::is_number) => Ok(vec![
            prompts
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        ]),
        Some(Value::Array(prompts)) => Ok(prompts
            .iter()
            .map(|prompt| prompt.as_str().map_or_else(|| prompt.to_string(), str::to_owned))
            .collect()),
        _ => Err(Refusal::field("prompt", "`prompt` must be a text or a list")),
    }
}

fn reply(body: &Value, prompt: String, fingerprint: Fingerprint) -> (usize, Reply) {
    let mut conversation = Conversation {
        output_tokens_max: limit(body, &["max_tokens"]),
        ..Conversation::default()
    };
    conversation.add_message(
        "user",
        Content {
            text: prompt,
            images: 0,
        },
    );
    (conversation.input_tokens, conversation.reply(fingerprint))
}

fn chunks(index: usize, reply: &Reply) -> Vec<Value> {
    let mut chunks: Vec<Value> = tokens(&reply.text)
        .into_iter()
        .map(|token| choice(index, token, None))
        .collect();
    chunks.push(choice(index, "", Some(finish_reason(reply))));
    chunks
}

fn choice(index: usize, text: &str, finish_reason: Option<&str>) -> Value {
    json!({ "text": text, "index": index, "logprobs": null, "finish_reason": finish_reason })
}

fn finish_reason(reply: &Reply) -> &'static str {
    if reply.truncated { "length" } else { "stop" }
}
