//! The laws of translation, as assertions over any bytes. Property tests and the fuzz target call the same functions.

use bytes::Bytes;
use serde_json::value::RawValue;
use wire::convert::{
    ChatMembers, ClientContext, Format, StreamSource, StreamTranslation, Strictness, Target, Translation,
    translate,
};
use wire::formats::{EventKind, Usage, WireError};
use wire::framing::Splitter;
use wire::json::Value;

const FRAME_BYTES_MAX: usize = 1 << 20;

/// How much larger a translation may be than what it was made of: an event of a few bytes has a large envelope in some
/// formats, and some repeat the whole text in their last events.
const GROWTH_MAX: usize = 64;
/// What is there beside it: the events that begin and end a stream.
const ENVELOPE_BYTES_MAX: usize = 64 << 10;

/// A translation whose request says nothing special.
pub(crate) fn plain(client: Format, provider: Format) -> Translation {
    translated(smallest(client), client, provider).expect("the smallest request reaches every provider")
}

/// The smallest request of a format.
fn smallest(format: Format) -> &'static [u8] {
    match format {
        Format::Chat | Format::Cohere => br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
        Format::Responses => br#"{"model":"m","input":"hi"}"#,
        Format::Messages => br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#,
        Format::Gemini => br#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
        Format::Converse => br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#,
    }
}

fn translated(request: &[u8], client: Format, provider: Format) -> Option<Translation> {
    let value = Value::parse(request).ok()?;
    let chat = ChatMembers { of_openai: true, takes_stream_options: true, takes_reasoning_details: true };
    let target = Target { model: "m", output_tokens_max: Some(1_000), chat };
    translate(&value, client, &[provider], &target, Strictness::Lenient, ClientContext::default()).ok()
}

/// Any request becomes JSON of a bounded size, or is refused.
pub(crate) fn a_request_is_translated_or_refused(request: &[u8], client: Format, provider: Format) {
    if let Some(translation) = translated(request, client, provider) {
        is_bounded_json(&translation.body, request.len());
    }
}

/// Any answer becomes JSON of a bounded size, or is the provider's failure.
pub(crate) fn an_answer_is_translated_or_malformed(answer: &[u8], client: Format, provider: Format) {
    if let Ok((body, _)) = plain(client, provider).answer(answer) {
        is_bounded_json(&body, answer.len());
    }
}

/// Any stream becomes whole events of a bounded size, which do not depend on how it was cut into chunks.
pub(crate) fn a_stream_becomes_whole_events(stream: &[u8], cuts: &[usize], client: Format, provider: Format) {
    let translation = plain(client, provider);
    let whole = relayed(&translation, [stream]);
    assert_eq!(relayed(&translation, crate::laws::chunks(stream, cuts)), whole);
    assert!(whole.len() <= bound(stream.len()), "{} bytes of {}", whole.len(), stream.len());
    let mut splitter = Splitter::new(client.event_stream().framing(), bound(stream.len()));
    splitter.push(Bytes::from(whole)).expect("the events are of the client's framing");
    assert!(splitter.finish().bytes.is_empty(), "half an event");
}

/// Whatever a client got of a stream, and whatever another provider says then: the client gets whole events of a bounded size.
pub(crate) fn a_stream_is_gone_on_with_in_whole_events(
    (client, begun): (Format, &[u8]),
    (provider, rest): (Format, &[u8]),
) {
    let framing = client.event_stream().framing();
    let mut stream = StreamTranslation::following(client, &ClientContext::default(), FRAME_BYTES_MAX);
    let mut unheard = Vec::new();
    let heard = match Splitter::new(framing, FRAME_BYTES_MAX).push(Bytes::copy_from_slice(begun)) {
        Ok(batch) => batch,
        Err(broken) => *broken.before,
    };
    heard.frames().for_each(|frame| stream.follow(frame, &mut unheard));
    let Some(said) = stream.said() else { return };
    assert!(!said.is_empty() && said.len() <= begun.len(), "{said}");
    stream.go_on(StreamSource::of(provider), false, &Usage::default());
    let told = relayed_by(&mut stream, provider, [rest]);
    let made_of = begun.len() + rest.len();
    assert!(told.len() <= bound(made_of), "{} bytes of {made_of}", told.len());
    let mut splitter = Splitter::new(framing, bound(made_of));
    splitter.push(Bytes::from(told)).expect("the events are of the client's framing");
    assert!(splitter.finish().bytes.is_empty(), "half an event");
}

/// What the client gets of a stream in these chunks, up to a failure and with its error event.
pub(crate) fn relayed<'a>(translation: &Translation, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    relayed_by(&mut translation.stream(), translation.provider(), chunks)
}

fn relayed_by<'a>(
    stream: &mut StreamTranslation,
    provider: Format,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let mut splitter = Splitter::new(provider.event_stream().framing(), FRAME_BYTES_MAX);
    let mut out = Vec::new();
    for chunk in chunks {
        let (batch, is_broken) = match splitter.push(Bytes::copy_from_slice(chunk)) {
            Ok(batch) => (batch, false),
            Err(broken) => (*broken.before, true),
        };
        for frame in batch.frames() {
            if matches!(stream.frame(frame, &mut out).kind, EventKind::Error(_) | EventKind::Malformed) {
                stream.error(&FAILURE, &mut out);
                return out;
            }
        }
        if is_broken {
            stream.error(&FAILURE, &mut out);
            return out;
        }
    }
    stream.end(&mut out);
    out
}

/// A failure of the provider.
pub(crate) const FAILURE: WireError<'_> = WireError {
    status: 502,
    code: "TG3004",
    kind: "server_error",
    message: "the provider failed",
    param: None,
    request_id: None,
    retry_after: None,
};

fn is_bounded_json(body: &[u8], made_of: usize) {
    assert!(serde_json::from_slice::<&RawValue>(body).is_ok(), "{}", String::from_utf8_lossy(body));
    assert!(body.len() <= bound(made_of), "{} bytes of {made_of}", body.len());
}

fn bound(made_of: usize) -> usize {
    made_of * GROWTH_MAX + ENVELOPE_BYTES_MAX
}
