//! Translation of images, speech and transcriptions: what clients ask in OpenAI's words, in the words of providers that
//! have others, and the answers back.
//!
//! Unlike conversations these have one client format, so each provider format is one function for the request and one for the
//! answer. What a provider has no place for is named as lost, and refused where the answer would be another one.

mod deepgram;
mod eleven_labs;
mod fireworks;
mod gemini;
mod image;
mod replicate;
mod said;
mod size;
mod stability;
#[cfg(test)]
mod tests;
mod together;
mod transcript;

use bytes::Bytes;
use smallvec::SmallVec;

use super::codec::{Malformed, Objection};
use super::losses::Loss;
use super::translation::Strictness;
use crate::form::{Form, FormEdit, Part};
use crate::formats::Usage;
use crate::json::Value;
use crate::percent;
use said::Said;

/// The type of answers that are JSON.
const JSON: &str = "application/json";

/// A format that providers are asked for media in, other than OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaFormat {
    /// Images of Gemini models: `:generateContent`.
    GeminiImages,
    /// Stability AI's models on Amazon Bedrock: `InvokeModel`.
    StabilityImages,
    /// Together AI's images: `POST /v1/images/generations`.
    TogetherImages,
    /// Fireworks' images of FLUX.1: `POST /v1/workflows/{model}/text_to_image`.
    FireworksImages,
    /// Fireworks' images of FLUX.1 Kontext, drawn and changed: `POST /v1/workflows/{model}`.
    KontextImages,
    /// Images of models on Replicate: `POST /v1/predictions`.
    ReplicateImages,
    /// ElevenLabs speech: `POST /v1/text-to-speech/{voice}`.
    ElevenLabsSpeech,
    /// Deepgram speech: `POST /v1/speak`.
    DeepgramSpeech,
    /// ElevenLabs transcriptions: `POST /v1/speech-to-text`.
    ElevenLabsTranscription,
    /// Deepgram transcriptions: `POST /v1/listen`.
    DeepgramTranscription,
}

/// What a client asks.
#[derive(Debug, Clone, Copy)]
pub struct MediaRequest<'r, 'a> {
    /// The request as JSON; of a form, its fields.
    pub members: &'r Value<'a>,
    /// The form, where it came as one.
    pub form: Option<&'r Form>,
    /// The model, as the provider calls it.
    pub model: &'r str,
    /// Seconds since 1970, which answers with images tell.
    pub created: u64,
}

/// A request in a provider's own format.
#[derive(Debug)]
pub struct MediaTranslation<'r> {
    /// Its body.
    pub body: MediaBody<'r>,
    /// What stands in the path of the endpoint where others have the model.
    pub voice: Option<String>,
    /// Its query, percent-encoded.
    pub query: Option<String>,
    /// Whether the answer is to come as it is made, where the provider has a path of its own for that.
    pub is_streamed: bool,
    /// What of the client's request was lost.
    pub losses: Vec<Loss>,
    /// What makes the client's answer of the provider's.
    pub reader: MediaReader,
}

/// What is sent.
#[derive(Debug)]
pub enum MediaBody<'r> {
    /// JSON: the first request, and those for further images where a provider makes one at a time. What is the same in all
    /// of them is there once.
    Json(Vec<Bytes>),
    /// The client's form with other fields.
    Form(FormEdit<'r>),
    /// The client's file alone, in pieces.
    File {
        /// Its content.
        content: SmallVec<[Bytes; 4]>,
        /// Its type.
        media_type: String,
    },
}

/// An answer that is not there yet, and how it is asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// What stands in the path of results where requests have the model; the model where none.
    pub in_path: Option<String>,
    /// The JSON that is posted; where none, the result is fetched.
    pub body: Option<Bytes>,
}

/// How answers are read, and what they are to become.
#[derive(Debug, Clone)]
pub struct MediaReader(Answer);

/// Why answers became none for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// One is not what the provider's format says: the provider's failure.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The provider does not want to answer this; the text is its reason.
    #[error("{0}")]
    Refused(String),
}

#[derive(Debug, Clone)]
enum Answer {
    /// Audio, which is the same everywhere and is passed on as it comes.
    Audio,
    /// Images.
    Images(MediaFormat, image::Wanted),
    /// A transcript.
    Transcript(MediaFormat, transcript::Wanted),
}

/// Translates a request.
///
/// # Errors
/// When the request is not what OpenAI's format says, or cannot be carried.
pub fn translate<'r>(
    request: MediaRequest<'r, '_>,
    format: MediaFormat,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    match format {
        MediaFormat::GeminiImages => gemini::request(request, strictness),
        MediaFormat::StabilityImages => stability::request(request, strictness),
        MediaFormat::TogetherImages => together::request(request, strictness),
        MediaFormat::FireworksImages => fireworks::request(request, strictness),
        MediaFormat::KontextImages => fireworks::kontext(request, strictness),
        MediaFormat::ReplicateImages => replicate::request(request, strictness),
        MediaFormat::ElevenLabsSpeech => eleven_labs::speech(request, strictness),
        MediaFormat::DeepgramSpeech => deepgram::speech(request, strictness),
        MediaFormat::ElevenLabsTranscription => eleven_labs::transcription(request, strictness),
        MediaFormat::DeepgramTranscription => deepgram::transcription(request, strictness),
    }
}

impl MediaFormat {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::GeminiImages,
        Self::StabilityImages,
        Self::TogetherImages,
        Self::FireworksImages,
        Self::KontextImages,
        Self::ReplicateImages,
        Self::ElevenLabsSpeech,
        Self::DeepgramSpeech,
        Self::ElevenLabsTranscription,
        Self::DeepgramTranscription,
    ];

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::GeminiImages => "Gemini images",
            Self::StabilityImages => "Stability AI on Bedrock",
            Self::TogetherImages => "Together images",
            Self::FireworksImages => "Fireworks FLUX.1",
            Self::KontextImages => "Fireworks FLUX.1 Kontext",
            Self::ReplicateImages => "Replicate images",
            Self::ElevenLabsSpeech => "ElevenLabs speech",
            Self::DeepgramSpeech => "Deepgram speech",
            Self::ElevenLabsTranscription => "ElevenLabs transcriptions",
            Self::DeepgramTranscription => "Deepgram transcriptions",
        }
    }
}

impl MediaReader {
    /// The type of the client's answer.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match &self.0 {
            Answer::Audio | Answer::Images(..) => JSON,
            Answer::Transcript(_, wanted) => wanted.content_type(),
        }
    }

    /// Whether answers may come that are none yet.
    #[must_use]
    pub fn may_be_unfinished(&self) -> bool {
        matches!(self.0, Answer::Images(MediaFormat::KontextImages | MediaFormat::ReplicateImages, _))
    }

    /// How the provider is asked again, where its answer is none yet.
    #[must_use]
    pub fn unfinished(&self, answer: &[u8]) -> Option<Unfinished> {
        let read: fn(&Value<'_>) -> Option<Unfinished> = match &self.0 {
            Answer::Images(MediaFormat::KontextImages, _) => fireworks::unfinished,
            Answer::Images(MediaFormat::ReplicateImages, _) => replicate::unfinished,
            _ => return None,
        };
        read(&Value::parse(answer).ok()?)
    }

    /// The client's answer of the provider's answers, one for each request, and what they used.
    ///
    /// # Errors
    /// When they are not what the provider's format says, or refuse to answer.
    pub fn answer(&self, answers: &[&[u8]]) -> Result<(Vec<u8>, Usage), Unanswered> {
        let answers = answers.iter().map(|body| Value::parse(body)).collect::<Result<Vec<_>, _>>();
        let answers = answers.map_err(|error| Malformed(format!("the answer is not JSON: {error}")))?;
        match &self.0 {
            Answer::Audio => Err(Malformed("JSON came instead of audio".to_owned()).into()),
            Answer::Images(format, wanted) => {
                let drawn = image::together(answers.iter().map(|answer| match format {
                    MediaFormat::StabilityImages => stability::answer(answer),
                    MediaFormat::TogetherImages => together::answer(answer),
                    MediaFormat::FireworksImages => fireworks::answer(answer),
                    MediaFormat::KontextImages => fireworks::kontext_answer(answer),
                    MediaFormat::ReplicateImages => replicate::answer(answer),
                    _ => gemini::answer(answer),
                }))?;
                Ok(image::write(&drawn, wanted))
            }
            Answer::Transcript(format, wanted) => {
                let answer = answers.first().ok_or_else(|| Malformed("there is no answer".to_owned()))?;
                let heard = match format {
                    MediaFormat::DeepgramTranscription => deepgram::answer(answer)?,
                    _ => eleven_labs::answer(answer)?,
                };
                Ok(transcript::write(&heard, wanted))
            }
        }
    }
}

impl MediaTranslation<'_> {
    /// Requests with JSON bodies and nothing beside them.
    fn of_json(bodies: Vec<Bytes>, losses: Vec<Loss>, answer: Answer) -> Self {
        Self {
            body: MediaBody::Json(bodies),
            voice: None,
            query: None,
            is_streamed: false,
            losses,
            reader: MediaReader(answer),
        }
    }
}

/// The form and its file, which a transcription is nothing without.
fn file<'r>(request: &MediaRequest<'r, '_>) -> Result<(&'r Form, &'r Part), Objection> {
    let form = request.form.ok_or_else(|| Objection::new("file", "send the audio as a file of a form"))?;
    let file = form.parts().iter().find(|part| part.name == "file" && part.is_file());
    Ok((form, file.ok_or_else(|| Objection::new("file", "`file` is missing"))?))
}

/// A query of these parameters.
fn query<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pair = |(name, value)| format!("{name}={}", percent::encode(value));
    parameters.into_iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The provider's word for the audio format that is asked for, of those that it has by OpenAI's names; mp3 when none is.
fn audio_format<T: Copy>(
    said: &mut Said<'_, '_>,
    known: &[(&str, T)],
    message: &'static str,
) -> Result<T, Objection> {
    said.usual("stream_format", &["audio"]);
    said.refuse("stream_format", "speech in events")?;
    let wanted = said.text("response_format")?;
    let wanted = wanted.as_deref().unwrap_or("mp3");
    let found = known.iter().find(|(format, _)| *format == wanted);
    found.map(|(_, word)| *word).ok_or_else(|| Objection::new("response_format", message))
}
