//! Writing `GenerateContentResponse`, whole and chunk by chunk.

use serde_json::{Value, json};

use super::StreamForm;
use crate::scripted::conversation::{Call, Reply};
use crate::scripted::failure::{BROKEN_OFF, google};
use crate::scripted::fingerprint::{Fingerprint, tokens};
use crate::scripted::frames::{Events, Frame, Place};

pub(super) struct Writer<'a> {
    pub(super) model: &'a str,
    pub(super) input_tokens: usize,
    pub(super) reply: &'a Reply,
    /// Whether the client sees what was thought; it counts either way.
    pub(super) shows_thought: bool,
    pub(super) candidates: u64,
    pub(super) fingerprint: Fingerprint,
}

/// A chunk of a stream, and whether it is a token of the text.
struct Chunk {
    body: Value,
    is_token: bool,
}

impl Writer<'_> {
    pub(super) fn whole(&self) -> Value {
        let candidate = |index| candidate(index, &self.parts(), Some(self.finish_reason()));
        self.response(&(0..self.candidates).map(candidate).collect::<Vec<_>>(), self.reply.said_tokens)
    }

    fn parts(&self) -> Vec<Value> {
        let mut parts = Vec::new();
        if self.shows_thought && !self.reply.thought.is_empty() {
            parts.push(thought(&self.reply.thought.concat()));
        }
        if self.reply.calls.is_empty() {
            parts.push(self.signed(json!({ "text": self.reply.text })));
        }
        parts.extend(self.calls());
        parts
    }

    /// Only the first of parallel calls is signed (`ai.google.dev/gemini-api/docs/thought-signatures`).
    fn calls(&self) -> impl Iterator<Item = Value> {
        self.reply.calls.iter().enumerate().map(|(index, call)| {
            let part = function_call(call);
            if index == 0 { self.signed(part) } else { part }
        })
    }

    /// A part with the proof of what was thought before it: base64, as of all bytes in this format.
    fn signed(&self, mut part: Value) -> Value {
        if !self.reply.thought.is_empty() {
            part["thoughtSignature"] = json!(self.fingerprint.id("sign", 0));
        }
        part
    }

    fn finish_reason(&self) -> &'static str {
        if self.reply.truncated { "MAX_TOKENS" } else { "STOP" }
    }

    /// The answer or a part of it, with the tokens that each candidate has by then.
    fn response(&self, candidates: &[Value], said_tokens: usize) -> Value {
        let said_tokens = said_tokens * usize::try_from(self.candidates).unwrap_or(1);
        let thought_tokens = self.reply.thought.len();
        let mut usage = json!({
            "promptTokenCount": self.input_tokens,
            "candidatesTokenCount": said_tokens,
            "totalTokenCount": self.input_tokens + thought_tokens + said_tokens,
        });
        if thought_tokens > 0 {
            usage["thoughtsTokenCount"] = json!(thought_tokens);
        }
        json!({
            "candidates": candidates,
            "usageMetadata": usage,
            "modelVersion": self.model,
            "responseId": self.fingerprint.id("", 0),
        })
    }

    pub(super) fn events(&self, form: StreamForm) -> Events {
        let mut chunks = Vec::new();
        for index in 0..self.candidates {
            self.add_candidate(&mut chunks, index);
        }
        let last = chunks.len().saturating_sub(1);
        let frame = |(number, Chunk { body, is_token }): (usize, Chunk)| {
            let frame = form.frame(&body, Place { opens: number == 0, closes: number == last });
            if is_token { frame.into_token() } else { frame }
        };
        let frames = chunks.into_iter().enumerate().map(frame).collect();
        let error = form.frame(&google(500, BROKEN_OFF), Place { opens: false, closes: true });
        Events { frames, error }
    }

    fn add_candidate(&self, chunks: &mut Vec<Chunk>, index: u64) {
        let mut said = 0;
        let mut push = |part: Value, tokens: usize, finish: Option<&str>| {
            said += tokens;
            let body = self.response(&[candidate(index, &[part], finish)], said);
            chunks.push(Chunk { body, is_token: finish.is_none() });
        };
        if self.shows_thought {
            self.reply.thought.iter().for_each(|token| push(thought(token), 0, None));
        }
        for token in tokens(&self.reply.text) {
            push(json!({ "text": token }), 1, None);
        }
        self.calls().for_each(|call| push(call, 0, None));
        let is_text = self.reply.calls.is_empty();
        let last = json!({ "text": "" });
        let left = if is_text { 0 } else { self.reply.said_tokens };
        push(if is_text { self.signed(last) } else { last }, left, Some(self.finish_reason()));
    }
}

impl StreamForm {
    fn frame(self, body: &Value, place: Place) -> Frame {
        match self {
            Self::Events => Frame::data(body),
            Self::Array => Frame::element(body, place),
        }
    }
}

fn candidate(index: u64, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({ "content": { "parts": parts, "role": "model" }, "index": index });
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    candidate
}

fn thought(text: &str) -> Value {
    json!({ "text": text, "thought": true })
}

fn function_call(call: &Call) -> Value {
    json!({ "functionCall": { "id": call.id, "name": call.name, "args": call.arguments } })
}
