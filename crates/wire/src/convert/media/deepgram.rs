//! Deepgram (API reference, "Text to speech REST" and "Pre-recorded audio"): everything but the text and the audio is said
//! in the query.

use std::borrow::Cow;

use super::said::Said;
use super::transcript::{Heard, Wanted, Word};
use super::{Answer, MediaBody, MediaFormat, MediaRequest, MediaTranslation, audio_format, file, query};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::json::{Value, object};

/// OpenAI's formats of audio in Deepgram's parameters. OpenAI's `pcm` has 24 kHz (API guide, "Text to speech").
const FORMATS: [(&str, &[(&str, &str)]); 6] = [
    ("mp3", &[("encoding", "mp3")]),
    ("opus", &[("encoding", "opus")]),
    ("aac", &[("encoding", "aac")]),
    ("flac", &[("encoding", "flac")]),
    ("wav", &[("encoding", "linear16"), ("container", "wav"), ("sample_rate", "24000")]),
    ("pcm", &[("encoding", "linear16"), ("container", "none"), ("sample_rate", "24000")]),
];

/// Parameters of Deepgram's own that a client may set beside OpenAI's.
const OWN: [&str; 8] = [
    "diarize",
    "smart_format",
    "punctuate",
    "numerals",
    "filler_words",
    "profanity_filter",
    "keyterm",
    "multichannel",
];

pub(super) fn speech<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let input = said.needed("input")?;
    let model = voice(request.model, &mut said)?;
    let message = "`response_format` must be mp3, opus, aac, flac, wav or pcm";
    let format = audio_format(&mut said, &FORMATS, message)?;
    let speed = said.number("speed")?;
    let mut parameters = vec![("model", &*model)];
    parameters.extend_from_slice(format);
    parameters.extend(speed.as_deref().map(|speed| ("speed", speed)));
    let query = Some(query(parameters));
    let mut body = Vec::new();
    object(&mut body, |body| body.str("text", &input));
    let translation = MediaTranslation::of_json(vec![body.into()], said.losses(strictness)?, Answer::Audio);
    Ok(MediaTranslation { query, ..translation })
}

/// Deepgram's models of speech are voices: `aura-2-thalia-en`. A client names the voice as the model, or as the voice beside
/// the model `aura-2`.
fn voice<'m>(model: &'m str, said: &mut Said<'_, '_>) -> Result<Cow<'m, str>, Objection> {
    let voice = said.text("voice")?.unwrap_or_default();
    if voice.starts_with("aura") {
        return Ok(Cow::Owned(voice.into_owned()));
    }
    if matches!(model, "aura" | "aura-2") {
        return Ok(Cow::Owned(format!("{model}-{voice}-en")));
    }
    if !voice.is_empty() {
        said.lose("voice", "the model is a voice already");
    }
    Ok(Cow::Borrowed(model))
}

/// The file alone is sent, as it came.
pub(super) fn transcription<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let (form, file) = file(&request)?;
    let mut said = Said::of(request.members);
    let wanted = Wanted::take(&mut said)?;
    let mut parameters = vec![("model", Cow::Borrowed(request.model))];
    parameters.push(match said.text("language")? {
        Some(language) => ("language", language),
        None => ("detect_language", Cow::Borrowed("true")),
    });
    for name in OWN {
        let labels = said.labels(name);
        if labels.is_empty() && name == "smart_format" {
            // OpenAI's transcripts have punctuation.
            parameters.push((name, Cow::Borrowed("true")));
        }
        parameters.extend(labels.into_iter().map(|label| (name, label)));
    }
    let media_type = file.media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(MediaTranslation {
        body: MediaBody::File { content: form.pieces(file).collect(), media_type },
        query: Some(query(parameters.iter().map(|(name, value)| (*name, value.as_ref())))),
        ..MediaTranslation::of_json(
            Vec::new(),
            said.losses(strictness)?,
            Answer::Transcript(MediaFormat::DeepgramTranscription, wanted),
        )
    })
}

pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Heard<'a>, Malformed> {
    let channel = answer.at(&["results", "channels"]).and_then(|channels| channels.elements().first());
    let best = channel.and_then(|channel| channel.get("alternatives")?.elements().first());
    let text = best.and_then(|best| best.get("transcript")?.as_str());
    let text = text.ok_or_else(|| Malformed("the answer has no transcript".to_owned()))?;
    let words = best.and_then(|best| best.get("words")).map(Value::elements).unwrap_or_default();
    let read = |word: &Value<'a>| Word::of(word.get("punctuated_word").or_else(|| word.get("word"))?, word);
    let language = channel.and_then(|channel| channel.get("detected_language")?.as_str());
    let duration = answer.at(&["metadata", "duration"]).and_then(Value::as_number);
    Ok(Heard { text, language, duration, words: words.iter().filter_map(read).collect() })
}
