//! What images and audio used. Models are charged for them by tokens, by the image, by the length of what is heard, or by
//! the character that is spoken, and each answer says what its model is charged by.

use super::Usage;
use crate::json::{Document, Kind, Value};

impl Usage {
    /// Reads the `usage` of an image. What a model of images generates is images where it does not say otherwise (OpenAI API
    /// reference, "Images": `output_tokens` is "the number of image tokens in the output image").
    pub(crate) fn of_images(usage: &Value<'_>) -> Option<Self> {
        let usage = Self::of_openai(usage)?;
        Some(Self { output_image_tokens: usage.output_image_tokens.or(usage.output_tokens), ..usage })
    }

    /// Reads the `usage` of a transcription: tokens, or the seconds that were heard (OpenAI API reference, "The transcription
    /// object"; Mistral has both, with `prompt_audio_seconds`).
    pub(crate) fn of_transcription(usage: &Value<'_>) -> Option<Self> {
        let tokens = Self::of_openai(usage)?;
        let seconds = usage.get("seconds").or_else(|| usage.get("prompt_audio_seconds"));
        let audio = usage.at(&["input_token_details", "audio_tokens"]).and_then(Value::as_u64);
        Some(Self {
            input_audio_tokens: tokens.input_audio_tokens.or(audio),
            audio_milliseconds: seconds.and_then(|seconds| milliseconds_of(&seconds.as_label()?)),
            ..tokens
        })
    }
}

/// Reads what an answer with images used: its `usage`, and how many images there are. None where a second model drew as
/// well, whose tokens have other prices (`svg_usage`).
pub(super) fn usage_of_images(answer: &Document) -> Option<Usage> {
    let member = |key: &str| answer.member(key).ok().flatten();
    if member("svg_usage").is_some_and(|usage| usage.kind() != Kind::Null) {
        return None;
    }
    let list = member("data").filter(|data| data.kind() == Kind::Array);
    let images = list.and_then(|data| Document::of_value(data.raw_bytes()).ok());
    let images = images.and_then(|images| u64::try_from(images.outline().members.len()).ok());
    let raw = member("usage").map(|usage| usage.raw());
    let usage = raw.and_then(|raw| Usage::of_images(&Value::parse(&raw).ok()?));
    if images.is_none() && usage.is_none() {
        return None;
    }
    Some(Usage { images, ..usage.unwrap_or_default() })
}

/// Reads what a transcription used: its `usage`, or the `duration` of a `verbose_json`.
pub(super) fn usage_of_transcription(answer: &Document) -> Option<Usage> {
    let read = |key: &str| Some(answer.member(key).ok().flatten()?.raw());
    let usage = read("usage").and_then(|raw| Usage::of_transcription(&Value::parse(&raw).ok()?));
    if usage.is_some() {
        return usage;
    }
    let duration = read("duration").and_then(|raw| milliseconds_of(&Value::parse(&raw).ok()?.as_label()?))?;
    Some(Usage { audio_milliseconds: Some(duration), ..Usage::default() })
}

/// Counts the characters of a text that is to be spoken, which OpenAI and others charge for (OpenAI pricing, "Transcription
/// and speech": $15 for 1M characters).
pub(super) fn usage_of_speech(request: &Document) -> Usage {
    let input = request.member("input").ok().flatten();
    let characters = input.and_then(|input| u64::try_from(input.as_str()?.chars().count()).ok());
    Usage { characters, ..Usage::default() }
}

/// Seconds in decimal notation as the nearest whole milliseconds; none for what is no length. Read as the decimal that it
/// is, because a binary fraction would not hold it.
pub(crate) fn milliseconds_of(seconds: &str) -> Option<u64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let (thousandths, rest) = fraction.split_at(fraction.len().min(3));
    let thousandths: u64 = format!("{thousandths:0<3}").parse().ok()?;
    let rounding = u64::from(rest.bytes().next().is_some_and(|digit| digit >= b'5'));
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(thousandths + rounding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::ScanLimits;

    fn document(text: &str) -> Document {
        Document::parse(bytes::Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap()
    }

    fn of_images(answer: &str) -> Option<Usage> {
        usage_of_images(&document(answer))
    }

    fn of_transcription(answer: &str) -> Option<Usage> {
        usage_of_transcription(&document(answer))
    }

    #[test]
    fn the_tokens_of_an_image_are_image_tokens_unless_said_otherwise() {
        let used = of_images(
            r#"{"data":[{"b64_json":"AA"}],"usage":{"input_tokens":50,"output_tokens":50,"total_tokens":100,
                "input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#,
        );
        let expected = Usage {
            input_tokens: Some(50),
            input_image_tokens: Some(40),
            output_tokens: Some(50),
            output_image_tokens: Some(50),
            images: Some(1),
            ..Usage::default()
        };
        assert_eq!(used, Some(expected));
        let apart = of_images(
            r#"{"data":[],"usage":{"input_tokens":1,"output_tokens":9,
                "output_tokens_details":{"text_tokens":2,"image_tokens":7}}}"#,
        );
        assert_eq!(apart.unwrap().output_image_tokens, Some(7));
    }

    #[test]
    fn images_are_counted_where_nothing_else_is_reported() {
        let two = Usage { images: Some(2), ..Usage::default() };
        assert_eq!(of_images(r#"{"created":1,"data":[{"url":"u"},{"url":"v"}]}"#), Some(two));
        assert_eq!(of_images(r#"{"created":1}"#), None);
    }

    #[test]
    fn what_two_models_drew_together_has_no_usage() {
        let answer =
            r#"{"data":[{}],"usage":{"input_tokens":1,"output_tokens":2},"svg_usage":{"model":"m"}}"#;
        assert_eq!(of_images(answer), None);
        assert!(of_images(&answer.replace(r#"{"model":"m"}"#, "null")).is_some());
    }

    #[test]
    fn a_transcription_used_tokens_or_seconds() {
        let tokens = of_transcription(
            r#"{"text":"t","usage":{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59,
                "input_token_details":{"text_tokens":0,"audio_tokens":14}}}"#,
        );
        let tokens = tokens.unwrap();
        assert_eq!((tokens.input_tokens, tokens.input_audio_tokens), (Some(14), Some(14)));
        assert_eq!((tokens.output_tokens, tokens.audio_milliseconds), (Some(45), None));
        let heard = |answer: &str| of_transcription(answer).and_then(|used| used.audio_milliseconds);
        assert_eq!(heard(r#"{"text":"t","usage":{"type":"duration","seconds":9}}"#), Some(9_000));
        assert_eq!(heard(r#"{"text":"t","duration":8.470000267028809}"#), Some(8_470));
        assert_eq!(heard(r#"{"text":"t","duration":"3.1"}"#), Some(3_100));
        assert_eq!(heard(r#"{"usage":{"prompt_audio_seconds":203,"prompt_tokens":4}}"#), Some(203_000));
        for unknown in [r#"{"text":"t"}"#, r#"{"duration":-1}"#, r#"{"duration":1e3}"#, r#"{"duration":[]}"#]
        {
            assert_eq!(of_transcription(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_is_spoken_is_counted_in_characters() {
        let characters = |request: &str| usage_of_speech(&document(request)).characters;
        assert_eq!(characters(r#"{"input":"gr\u00fcn\n😀"}"#), Some(6));
        assert_eq!(characters(r#"{"input":7}"#), None);
    }
}
