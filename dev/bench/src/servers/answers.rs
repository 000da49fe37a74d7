//! The bytes that the fake provider answers, made once: whole answers, and the pieces of streams.

use crate::scenario::Format;

/// The model that every answer names.
pub(crate) const MODEL: &str = "bench-model";

/// What a whole answer says: with the fields around it about 1 KiB, the size of a short chat answer.
const ANSWER: &str = "A gateway stands between its clients and the providers of models. It checks who asks, decides which provider \
may answer, passes the request on, and writes down what it has cost. It should do all of this without being noticed: what it adds \
to the time of an answer has to be small against the time of the answer itself. So this text is here to be carried, nothing more. \
It is as long as a short answer to a short question, about a hundred and fifty tokens in all, and it says the same each time, so \
that two runs of the benchmark differ only in what is measured.";

/// What the chunks of a stream say by turns.
const TOKENS: [&str; 8] = [" a", " gateway", " passes", " each", " word", " on", " as", " it"];

/// The finished answers of all formats.
#[derive(Debug)]
pub(crate) struct Answers {
    chat: FormatAnswers,
    messages: FormatAnswers,
    gemini: FormatAnswers,
    converse: FormatAnswers,
    failure: Vec<u8>,
}

/// One format's whole answer, and the writes of a stream in their order.
#[derive(Debug)]
pub(crate) struct FormatAnswers {
    /// Head and body of a whole answer.
    pub(crate) whole: Vec<u8>,
    /// Head of a stream and its first content chunk, in one write.
    pub(crate) stream_first: Vec<u8>,
    /// Further content chunks, to be sent in turn: the same text again and again looks to some gateways like a model in a loop.
    pub(crate) stream_next: Vec<Vec<u8>>,
    /// Usage, end mark and the end of the body.
    pub(crate) stream_last: Vec<u8>,
}

impl Answers {
    /// Builds them all.
    pub(crate) fn new() -> Self {
        Self {
            chat: chat(),
            messages: messages(),
            gemini: gemini(),
            converse: converse(),
            failure: whole(
                "503 Service Unavailable",
                r#"{"error":{"message":"the fake provider is told to fail","type":"server_error","param":null,"code":null}}"#,
            ),
        }
    }

    /// The answers of one format.
    pub(crate) fn of(&self, format: Format) -> &FormatAnswers {
        match format {
            Format::Chat => &self.chat,
            Format::Messages => &self.messages,
            Format::Gemini => &self.gemini,
            Format::Converse => &self.converse,
        }
    }

    /// The answer of a provider that is down.
    pub(crate) fn failure(&self) -> &[u8] {
        &self.failure
    }
}

/// A JSON answer with its head.
pub(crate) fn whole(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Shapes of the OpenAI API reference, "Create chat completion" and "The chat completion chunk object".
fn chat() -> FormatAnswers {
    let usage = r#"{"prompt_tokens":212,"completion_tokens":84,"total_tokens":296,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;
    let chunk = |choices: &str, usage: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"{MODEL}\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{choices}]{usage}}}\n\n"
        )
    };
    let first = chunk(
        r#"{"index":0,"delta":{"role":"assistant","content":"One"},"logprobs":null,"finish_reason":null}"#,
        "",
    );
    let next = |token: &&str| {
        let delta =
            format!(r#"{{"index":0,"delta":{{"content":"{token}"}},"logprobs":null,"finish_reason":null}}"#);
        http_chunk(chunk(&delta, "").as_bytes())
    };
    let stop = chunk(r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}"#, "");
    let counted = chunk("", &format!(",\"usage\":{usage}"));
    FormatAnswers {
        whole: whole(
            "200 OK",
            &format!(
                r#"{{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"{MODEL}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{ANSWER}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{usage},"service_tier":"default","system_fingerprint":"fp_bench"}}"#
            ),
        ),
        stream_first: stream_first(&first),
        stream_next: TOKENS.iter().map(next).collect(),
        stream_last: stream_last(format!("{stop}{counted}data: [DONE]\n\n").as_bytes()),
    }
}

/// Shapes of the Anthropic API reference, "Messages" and "Streaming messages".
fn messages() -> FormatAnswers {
    let event = |name: &str, data: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\"{data}}}\n\n");
    let start = event(
        "message_start",
        &format!(
            r#","message":{{"id":"msg_bench","type":"message","role":"assistant","model":"{MODEL}","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":212,"output_tokens":1}}}}"#
        ),
    );
    let block_start = event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#);
    let delta = |token: &str| {
        event(
            "content_block_delta",
            &format!(r#","index":0,"delta":{{"type":"text_delta","text":"{token}"}}"#),
        )
    };
    let block_stop = event("content_block_stop", r#","index":0"#);
    let end = event(
        "message_delta",
        r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":84}"#,
    );
    let stop = event("message_stop", "");
    FormatAnswers {
        whole: whole(
            "200 OK",
            &format!(
                r#"{{"id":"msg_bench","type":"message","role":"assistant","model":"{MODEL}","content":[{{"type":"text","text":"{ANSWER}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":212,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":84,"service_tier":"standard"}}}}"#
            ),
        ),
        stream_first: stream_first(&format!("{start}{block_start}{}", delta("One"))),
        stream_next: TOKENS.iter().map(|token| http_chunk(delta(token).as_bytes())).collect(),
        stream_last: stream_last(format!("{block_stop}{end}{stop}").as_bytes()),
    }
}

/// Shapes of the Gemini API reference, "GenerateContentResponse".
fn gemini() -> FormatAnswers {
    let usage = r#""usageMetadata":{"promptTokenCount":212,"candidatesTokenCount":84,"totalTokenCount":296}"#;
    let answer = |text: &str, finish: &str| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}],"role":"model"}}{finish},"index":0}}],{usage},"modelVersion":"{MODEL}","responseId":"bench"}}"#
        )
    };
    let stop = r#","finishReason":"STOP""#;
    let event = |text: &str, finish: &str| format!("data: {}\r\n\r\n", answer(text, finish));
    FormatAnswers {
        whole: whole("200 OK", &answer(ANSWER, stop)),
        stream_first: stream_first(&event("One", "")),
        stream_next: TOKENS.iter().map(|token| http_chunk(event(token, "").as_bytes())).collect(),
        stream_last: stream_last(event("", stop).as_bytes()),
    }
}

/// Shapes of the Amazon Bedrock API reference, `Converse` and `ConverseStream`.
fn converse() -> FormatAnswers {
    let usage =
        r#""usage":{"inputTokens":212,"outputTokens":84,"totalTokens":296},"metrics":{"latencyMs":1}"#;
    let event = |kind: &str, payload: &str| {
        let mut bytes = Vec::new();
        wire::amazon::event(&mut bytes, kind, payload.as_bytes());
        bytes
    };
    let delta = |token: &str| {
        event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{token}"}}}}"#))
    };
    let start = event("messageStart", r#"{"role":"assistant"}"#);
    let end = [
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event("metadata", &format!("{{{usage}}}")),
    ];
    FormatAnswers {
        whole: whole(
            "200 OK",
            &format!(
                r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"{ANSWER}"}}]}}}},"stopReason":"end_turn",{usage}}}"#
            ),
        ),
        stream_first: [
            stream_head("application/vnd.amazon.eventstream"),
            http_chunk(&[start, delta("One")].concat()),
        ]
        .concat(),
        stream_next: TOKENS.iter().map(|token| http_chunk(&delta(token))).collect(),
        stream_last: stream_last(&end.concat()),
    }
}

fn stream_head(content_type: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .into_bytes()
}

fn stream_first(payload: &str) -> Vec<u8> {
    let mut bytes = stream_head("text/event-stream; charset=utf-8");
    bytes.extend_from_slice(&http_chunk(payload.as_bytes()));
    bytes
}

fn stream_last(payload: &[u8]) -> Vec<u8> {
    let mut bytes = http_chunk(payload);
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

fn http_chunk(payload: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", payload.len()).as_bytes(), payload, b"\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_is_json_of_about_a_kibibyte() {
        let answers = Answers::new();
        for format in Format::ALL {
            let text = String::from_utf8(answers.of(format).whole.clone()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("content-length: {}", body.len())));
            assert!((700..1500).contains(&body.len()), "{} bytes", body.len());
            let value: serde_json::Value = serde_json::from_str(body).unwrap();
            assert!(value["usage"].is_object() || value["usageMetadata"].is_object());
        }
    }

    #[test]
    fn each_event_of_a_stream_is_json() {
        let answers = Answers::new();
        for format in [Format::Chat, Format::Messages, Format::Gemini] {
            let pieces = answers.of(format);
            let text = [&pieces.stream_first[..], &pieces.stream_next.concat(), &pieces.stream_last].concat();
            let text = String::from_utf8(text).unwrap();
            let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            assert!(data.len() >= 4);
            for line in data.iter().filter(|line| **line != "[DONE]") {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        }
    }
}
