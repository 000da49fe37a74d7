//! Thinking: words with a signature, or bytes that only their provider reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::family::Family;
use super::media;
use crate::convert::codec::Objection;
use crate::convert::form::{Seal, Thought};
use crate::convert::read::{self, Path};
use crate::convert::{Format, seal};
use crate::json::{ObjectWriter, Text, Value};

/// Reads `reasoningContent` of a message.
pub(super) fn read<'a>(content: &Value<'a>, path: &Path<'_>) -> Result<Thought<'a>, Objection> {
    if let Some(data) = read::text(content, "redactedContent", path)? {
        return Ok(Thought { seal: Some(redacted(data)), ..Thought::default() });
    }
    let words = read::needed_object(content, "reasoningText", path)?;
    let path = path.member("reasoningText");
    let signature = read::text(words, "signature", &path)?.filter(|signature| !signature.is_empty());
    Ok(Thought {
        text: Some(read::needed_text(words, "text", &path)?),
        seal: signature.map(|data| seal::from_client(data, Format::Converse, false)),
        ..Thought::default()
    })
}

/// The seal in `redactedContent`, which is base64: another format's may be inside.
pub(super) fn redacted(data: Text<'_>) -> Seal<'_> {
    let inside = media::decoded(&data).filter(|text| text.starts_with(seal::PREFIX));
    match inside {
        Some(text) => seal::from_client(Text::from(text), Format::Converse, true),
        None => Seal { format: Format::Converse, data, is_redacted: true },
    }
}

/// A redacted seal as a client of Bedrock holds it.
pub(super) fn redacted_content<'a>(seal: &'a Seal<'_>) -> Text<'a> {
    let held = seal::to_client(seal, Format::Converse);
    if seal.format == Format::Converse { held } else { Text::from(STANDARD.encode(held.plain().as_bytes())) }
}

/// Whether a model gets a proof back: one that a model of Bedrock gave, and of Claude models elsewhere Claude's signature.
pub(super) fn is_taken(seal: &Seal<'_>, family: Family) -> bool {
    seal.format == Format::Converse || (family.claude().is_some() && seal::is_signature_of_claude(seal))
}

/// Writes thinking for a provider that has signed it.
pub(super) fn write_own(content: &mut ObjectWriter<'_>, thought: &Thought<'_>) {
    match &thought.seal {
        Some(seal) if seal.is_redacted => content.text("redactedContent", &seal.data),
        seal => write_words(content, thought, seal.as_ref().map(|seal| &seal.data)),
    }
}

/// Writes thinking for a client, with whoever's proof in a form that comes back.
pub(super) fn write(content: &mut ObjectWriter<'_>, thought: &Thought<'_>) {
    match &thought.seal {
        Some(seal) if seal.is_redacted && thought.text.is_none() && thought.summary.is_empty() => {
            content.text("redactedContent", &redacted_content(seal));
        }
        Some(seal) => write_words(content, thought, Some(&seal::to_client(seal, Format::Converse))),
        None => write_words(content, thought, None),
    }
}

fn write_words(content: &mut ObjectWriter<'_>, thought: &Thought<'_>, signature: Option<&Text<'_>>) {
    content.object("reasoningText", |object| {
        object.joined("text", |out| {
            for (index, text) in thought.text.iter().chain(&thought.summary).enumerate() {
                if index > 0 {
                    out.extend_from_slice(b"\\n\\n");
                }
                text.write_inner(out);
            }
        });
        object.text_if("signature", signature);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_thought_is_said_beside_the_seal_of_all_of_it() {
        let seal = Seal { format: Format::Responses, data: Text::from("sealed"), is_redacted: true };
        let thought =
            Thought { summary: vec![Text::from("hm")], seal: Some(seal.clone()), ..Thought::default() };
        let mut written = Vec::new();
        crate::json::object(&mut written, |content| write(content, &thought));
        let content = Value::parse(&written).unwrap();
        let back = read(&content, &Path::ROOT).unwrap();
        assert_eq!((back.text.unwrap().plain().as_ref(), back.seal), ("hm", Some(seal)));
    }

    #[test]
    fn a_redacted_seal_comes_back_as_it_went_whoever_made_it() {
        for format in Format::ALL {
            let seal = Seal { format, data: Text::from("c2VjcmV0"), is_redacted: true };
            let held = redacted_content(&seal).plain().into_owned();
            assert!(STANDARD.decode(&held).is_ok(), "{format:?}: {held}");
            assert_eq!(redacted(Text::from(held)), seal);
        }
    }
}
