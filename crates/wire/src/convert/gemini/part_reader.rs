//! Parts, of a request or of an answer: objects with one member that is the content, and others beside it.

use std::borrow::Cow;

use super::names::{self, camel};
use super::{media, thoughts};
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Foreign, Part, Seal, Thought};
use crate::convert::read::Path;
use crate::json::{Kind, Text, Value};

/// The members that are the content of a part.
const CONTENTS: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// A part, taken apart.
pub(super) struct RawPart<'v, 'a> {
    /// Its content, and what that is called; none where the part has none.
    pub(super) content: Option<(Cow<'v, str>, &'v Value<'a>)>,
    /// Whether it is thinking.
    pub(super) is_thought: bool,
    /// The proof of the thinking before it.
    pub(super) seal: Option<Seal<'a>>,
    /// How closely to look at it.
    pub(super) resolution: Option<&'v Value<'a>>,
    /// What else it says.
    pub(super) others: Vec<(Cow<'v, str>, &'v Value<'a>)>,
}

impl<'v, 'a> RawPart<'v, 'a> {
    /// Takes a part apart.
    pub(super) fn of(part: &'v Value<'a>) -> Self {
        let mut raw =
            Self { content: None, is_thought: false, seal: None, resolution: None, others: Vec::new() };
        for (key, value) in part.members().iter().filter(|(_, value)| value.kind() != Kind::Null) {
            let key = camel(key);
            match key.as_ref() {
                content if CONTENTS.contains(&content) => raw.content = Some((key, value)),
                "thought" => raw.is_thought = value.as_bool() == Some(true),
                "thoughtSignature" => raw.seal = value.text().and_then(thoughts::read),
                "mediaResolution" => raw.resolution = Some(value),
                _ => raw.others.push((key, value)),
            }
        }
        raw
    }

    /// The text, where that is the content.
    pub(super) fn text(&self) -> Option<Text<'a>> {
        self.content.as_ref().filter(|(key, _)| key == "text").and_then(|(_, value)| value.text())
    }

    /// The call of a function, where that is the content.
    pub(super) fn call(&self) -> Option<&'v Value<'a>> {
        self.content.as_ref().filter(|(key, _)| key == "functionCall").map(|(_, value)| *value)
    }
}

/// A call of a function: its id, where it has one, its name and its input.
pub(super) struct RawCall<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Text<'a>,
    pub(super) input: Text<'a>,
}

/// Reads `functionCall`.
pub(super) fn call<'a>(call: &Value<'a>, path: &Path<'_>) -> Result<RawCall<'a>, Objection> {
    Ok(RawCall {
        id: names::text(call, "id", path)?.filter(|id| !id.is_empty()),
        name: names::needed_text(call, "name", path)?,
        input: Text::from(names::object(call, "args", path)?.map_or("{}", Value::raw)),
    })
}

/// Reads a part that is no call and no result. Its seal is a bare thought after it, unless it is thinking itself.
pub(super) fn read<'a>(
    part: &Value<'a>,
    raw: RawPart<'_, 'a>,
    path: &Path<'_>,
) -> Result<Vec<Part<'a>>, Objection> {
    let Some((key, value)) = raw.content else { return Ok(bare(raw.seal).into_iter().collect()) };
    let path = path.member(&key);
    let content = match key.as_ref() {
        "text" if raw.is_thought => {
            let text = value.text().filter(|text| !text.is_empty());
            let thought = Thought { text, seal: raw.seal, ..Thought::default() };
            return Ok(vec![Part::Thought(thought)]);
        }
        "text" => {
            let text = value.text().ok_or_else(|| Objection::wanted(path.to_string(), "a string", value))?;
            Some(Part::text(text)).filter(|_| value.has_substance())
        }
        "inlineData" => Some(media::read_inline(value, &path)?),
        "fileData" => media::read_file(value, &path)?.or_else(|| Some(foreign(&key, part))),
        _ => Some(foreign(&key, part)),
    };
    let content = content.map(|content| looked_at(content, raw.resolution));
    Ok(content.into_iter().chain(bare(raw.seal)).collect())
}

/// What is to be said of thinking of which there is only the proof.
pub(super) fn bare(seal: Option<Seal<'_>>) -> Option<Part<'_>> {
    seal.map(|seal| Part::Thought(Thought { seal: Some(seal), ..Thought::default() }))
}

/// A part that only Google knows.
pub(super) fn foreign<'a>(kind: &str, part: &Value<'a>) -> Part<'a> {
    Part::Foreign(Foreign { format: Format::Gemini, kind: Text::from(kind.to_owned()), raw: part.raw() })
}

fn looked_at<'a>(mut part: Part<'a>, resolution: Option<&Value<'a>>) -> Part<'a> {
    if let (Part::Image(image), Some(resolution)) = (&mut part, resolution) {
        image.detail = media::detail(resolution);
    }
    part
}
