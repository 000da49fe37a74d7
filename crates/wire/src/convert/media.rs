//! Translation of images, speech and transcriptions: what clients ask in OpenAI's words, in the words of providers that
//! have others, and the answers back.
//!
//! Unlike conversations these have one client format, so each provider format is one function for the request and one for the
//! answer. What a provider has no place for is named as lost, and refused where the answer would be another one.

mod deepgram;
mod eleven_labs;
mod gemini;
mod image;
mod imagen;
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
use crate::form::Form;
use crate::formats::Usage;
use crate::json::Value;

/// A format that providers are asked for media in, other than OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaFormat {
    /// Google's Imagen: `:predict`.
    Imagen,
    /// Images of Gemini models: `:generateContent`.
    GeminiImages,
    /// Stability AI's models on Amazon Bedrock: `InvokeModel`.
    StabilityImages,
    /// Together AI's images: `POST /v1/images/generations`.
    TogetherImages,
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
}

/// A request in a provider's own format.
#[derive(Debug)]
pub struct MediaTranslation {
    /// Its body, in pieces.
    pub body: SmallVec<[Bytes; 4]>,
    /// The type of its body.
    pub content_type: String,
    /// What follows the path of the endpoint, as its last segment.
    pub segment: Option<String>,
    /// Its query, percent-encoded.
    pub query: Option<String>,
    /// What of the client's request was lost.
    pub losses: Vec<Loss>,
    answer: Answer,
}

/// An answer in the client's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaAnswer {
    /// The type of its body.
    pub content_type: &'static str,
    /// Its body.
    pub body: Vec<u8>,
    /// What it used.
    pub usage: Usage,
}

/// How an answer is read, and what it is to become.
#[derive(Debug, Clone)]
enum Answer {
    /// Audio, which is the same everywhere.
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
pub fn translate(
    request: MediaRequest<'_, '_>,
    format: MediaFormat,
    strictness: Strictness,
) -> Result<MediaTranslation, Objection> {
    match format {
        MediaFormat::Imagen => imagen::request(request, strictness),
        MediaFormat::GeminiImages => gemini::request(request, strictness),
        MediaFormat::StabilityImages => stability::request(request, strictness),
        MediaFormat::TogetherImages => together::request(request, strictness),
        MediaFormat::ElevenLabsSpeech => eleven_labs::speech(request, strictness),
        MediaFormat::DeepgramSpeech => deepgram::speech(request, strictness),
        MediaFormat::ElevenLabsTranscription => eleven_labs::transcription(request, strictness),
        MediaFormat::DeepgramTranscription => deepgram::transcription(request, strictness),
    }
}

impl MediaTranslation {
    /// Whether the answer has to be read whole; audio is passed on as it comes.
    #[must_use]
    pub fn is_read(&self) -> bool {
        !matches!(self.answer, Answer::Audio)
    }

    /// The client's answer of the provider's, at this time in seconds since 1970.
    ///
    /// # Errors
    /// When it is not what the provider's format says: the provider's failure.
    pub fn answer(&self, body: &[u8], created: u64) -> Result<MediaAnswer, Malformed> {
        let value =
            Value::parse(body).map_err(|error| Malformed(format!("the answer is not JSON: {error}")))?;
        match &self.answer {
            Answer::Audio => Err(Malformed("JSON came instead of audio".to_owned())),
            Answer::Images(format, wanted) => {
                let drawn = match format {
                    MediaFormat::Imagen => imagen::answer(&value),
                    MediaFormat::StabilityImages => stability::answer(&value),
                    MediaFormat::TogetherImages => together::answer(&value),
                    _ => gemini::answer(&value),
                };
                image::write(&drawn?, wanted, created)
            }
            Answer::Transcript(format, wanted) => {
                let heard = match format {
                    MediaFormat::DeepgramTranscription => deepgram::answer(&value),
                    _ => eleven_labs::answer(&value),
                };
                Ok(transcript::write(&heard?, wanted))
            }
        }
    }

    /// A request with a JSON body and nothing beside it.
    fn of_json(body: Vec<u8>, losses: Vec<Loss>, answer: Answer) -> Self {
        Self {
            body: SmallVec::from_iter([Bytes::from(body)]),
            content_type: "application/json".to_owned(),
            segment: None,
            query: None,
            losses,
            answer,
        }
    }
}

/// A query of these parameters.
fn query(parameters: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in parameters {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        for byte in value.bytes() {
            match byte {
                // Unreserved (RFC 3986 section 2.3).
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    query.push(char::from(byte))
                }
                _ => query.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    query
}
