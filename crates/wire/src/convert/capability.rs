//! What a request needs a model to be able to do.

use super::Format;
use super::feature::{Feature, used};
use super::form::{Part, Prompt, Source};

/// Abilities of models that requests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Using tools.
    pub tools: bool,
    /// Seeing pictures.
    pub vision: bool,
    /// Hearing.
    pub audio: bool,
    /// Watching.
    pub video: bool,
    /// Reading documents.
    pub documents: bool,
    /// Answering in a schema.
    pub schema: bool,
    /// The bytes of text that it has to take in; what is seen or heard does not count.
    pub text_bytes: usize,
}

/// What a prompt needs.
#[must_use]
pub fn needs(prompt: &Prompt<'_>, format: Format) -> Needs {
    let used = used(prompt, format);
    let any = |features: &[Feature]| features.iter().any(|feature| used.contains(feature));
    Needs {
        tools: any(&[Feature::Tools, Feature::FreeTextTools]),
        vision: any(&[Feature::ImageInline, Feature::ImageUrl, Feature::ImageUpload]),
        audio: any(&[Feature::Audio]),
        video: any(&[Feature::Video]),
        documents: any(&[Feature::DocumentInline, Feature::DocumentUrl, Feature::DocumentUpload]),
        schema: any(&[Feature::SchemaOutput]),
        text_bytes: prompt.turns.iter().flat_map(|turn| &turn.parts).map(text_bytes).sum(),
    }
}

fn text_bytes(part: &Part<'_>) -> usize {
    match part {
        Part::Text { text, .. } => text.plain().len(),
        Part::Document(document) => match &document.source {
            Source::Plain(text) => text.plain().len(),
            _ => 0,
        },
        Part::ToolResult(result) => result.parts.iter().map(text_bytes).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Needs, needs};
    use crate::convert::read_prompt;
    use crate::json::Value;

    fn needs_of(request: &str) -> Needs {
        let value = Value::parse(request.as_bytes()).unwrap();
        needs(&read_prompt(&value, Format::Chat).unwrap(), Format::Chat)
    }

    #[test]
    fn a_plain_question_needs_no_ability() {
        let plain = needs_of(r#"{"model":"m","messages":[{"role":"user","content":"h\u00e9 !"}]}"#);
        assert_eq!(plain, Needs { text_bytes: "hé !".len(), ..Needs::default() });
    }

    #[test]
    fn abilities_are_read_from_what_is_asked_and_shown() {
        let all = needs_of(
            r#"{"model":"m","tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
            "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}},
            "messages":[{"role":"user","content":[{"type":"text","text":"look"},
            {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
            {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
            {"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}}]}]}"#,
        );
        let expected = Needs {
            tools: true,
            vision: true,
            audio: true,
            video: false,
            documents: true,
            schema: true,
            text_bytes: 4,
        };
        assert_eq!(all, expected);
    }
}
