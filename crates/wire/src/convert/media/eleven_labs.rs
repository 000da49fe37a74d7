//! ElevenLabs (API reference, "Create speech" and "Create transcript").

use std::borrow::Cow;

use super::said::Said;
use super::transcript::{Heard, Wanted, Word};
use super::{Answer, MediaBody, MediaFormat, MediaRequest, MediaTranslation, audio_format, file, query};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::form::FormEdit;
use crate::json::{Value, object};

/// OpenAI's formats of audio by ElevenLabs' names: codec, sample rate, bit rate. OpenAI's `pcm` has 24 kHz (API guide, "Text
/// to speech").
const FORMATS: [(&str, &str); 4] =
    [("mp3", "mp3_44100_128"), ("opus", "opus_48000_128"), ("wav", "wav_24000"), ("pcm", "pcm_24000")];

/// Members of ElevenLabs' own that a client may set beside OpenAI's.
const OWN: [&str; 8] = [
    "language_code",
    "seed",
    "previous_text",
    "next_text",
    "apply_text_normalization",
    "apply_language_text_normalization",
    "pronunciation_dictionary_locators",
    "audio_effects",
];

/// The fields of a transcription that ElevenLabs has, with OpenAI's names for them or, where it has none, their own.
const FIELDS: [(&str, &str); 7] = [
    ("language_code", "language"),
    ("temperature", "temperature"),
    ("seed", "seed"),
    ("diarize", "diarize"),
    ("num_speakers", "num_speakers"),
    ("tag_audio_events", "tag_audio_events"),
    ("no_verbatim", "no_verbatim"),
];

/// The voice is part of the path; what is left of its settings is set beside the speed.
pub(super) fn speech<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let input = said.needed("input")?;
    let voice = voice(&mut said)?;
    let message = "this provider answers with `mp3`, `opus`, `wav` or `pcm` alone";
    let format = audio_format(&mut said, &FORMATS, message)?;
    let speed = said.number("speed")?;
    let settings = said.take("voice_settings").map(|settings| settings.members()).unwrap_or_default();
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.str("text", &input);
        body.str("model_id", request.model);
        body.object_if("voice_settings", |voice| {
            settings.iter().for_each(|(name, value)| voice.named(name, value.raw()));
            if !settings.iter().any(|(name, _)| name == "speed") {
                voice.raw_if("speed", speed.as_deref());
            }
        });
        for name in OWN {
            body.raw_if(name, said.take(name).map(|value| value.raw()));
        }
    });
    let translation = MediaTranslation::of_json(vec![body.into()], said.losses(strictness)?, Answer::Audio);
    Ok(MediaTranslation {
        voice: Some(voice.into_owned()),
        query: Some(query([("output_format", format)])),
        // A file of this kind tells its length at its beginning, so it is not streamed.
        is_streamed: !format.starts_with("wav"),
        ..translation
    })
}

/// A voice by its id, alone or in an object (OpenAI API reference, "Create speech").
fn voice<'a>(said: &mut Said<'_, 'a>) -> Result<Cow<'a, str>, Objection> {
    let voice = said.take("voice");
    let id = voice.and_then(|voice| voice.get("id").unwrap_or(voice).as_str()).filter(|id| !id.is_empty());
    id.ok_or_else(|| Objection::new("voice", "`voice` must be the id of a voice of ElevenLabs"))
}

/// The client's own form, with its fields renamed; the file stays where it is.
pub(super) fn transcription<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let (form, _) = file(&request)?;
    let mut said = Said::of(request.members);
    let wanted = Wanted::take(&mut said)?;
    let mut edit = FormEdit::new(form);
    for part in form.parts().iter().filter(|part| part.name != "file") {
        edit.remove(&part.name);
    }
    let mut set = |name: &str, raw: &str| {
        edit.set(name, raw.as_bytes()).map_err(|error| Objection::new(name, error.to_string()))
    };
    set("model_id", &serde_json::Value::from(request.model).to_string())?;
    for (theirs, ours) in FIELDS {
        if let Some(value) = said.take(ours) {
            set(theirs, value.raw())?;
        }
    }
    Ok(MediaTranslation {
        body: MediaBody::Form(edit),
        ..MediaTranslation::of_json(
            Vec::new(),
            said.losses(strictness)?,
            Answer::Transcript(MediaFormat::ElevenLabsTranscription, wanted),
        )
    })
}

pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Heard<'a>, Malformed> {
    let text = answer.get("text").and_then(Value::as_str);
    let text = text.ok_or_else(|| Malformed("the answer has no text".to_owned()))?;
    let words = answer.get("words").map(Value::elements).unwrap_or_default();
    let is_word = |word: &&Value<'a>| word.get("type").and_then(Value::as_str).as_deref() != Some("spacing");
    let read = |word: &Value<'a>| Word::of(word.get("text")?, word);
    let words: Vec<Word<'a>> = words.iter().filter(is_word).filter_map(read).collect();
    let duration = answer.present("audio_duration_secs").and_then(Value::as_number);
    let language = answer.get("language_code").and_then(Value::as_str);
    Ok(Heard { text, language, duration, words })
}
