//! Sources for a Cohere client: the documents of its own request by their ids, pages by their addresses.

use super::documents;
use crate::convert::client::ClientContext;
use crate::convert::form::Citation;
use crate::json::{ArrayWriter, Kind, ObjectWriter, Text, Value, object};

/// The member of the request that citations repeat.
pub(super) const ECHOED: &str = "documents";

/// The documents of the request, each as the source that a citation names.
pub(super) struct Documents {
    sources: Vec<String>,
}

impl Documents {
    /// The documents that the client sent.
    pub(super) fn of(client: &ClientContext) -> Self {
        let raw = client.echoed.iter().find(|(name, _)| name == ECHOED).map(|(_, raw)| raw.as_bytes());
        let value = raw.and_then(|raw| Value::parse(raw).ok());
        let listed = value.as_ref().map(Value::elements).unwrap_or_default();
        Self {
            sources: listed.iter().enumerate().map(|(number, document)| source(number, document)).collect(),
        }
    }

    fn get(&self, number: u64) -> Option<&str> {
        self.sources.get(usize::try_from(number).ok()?).map(String::as_str)
    }

    /// Writes a citation of what stands between two places of a text, counted in characters.
    pub(super) fn write(&self, entry: &mut ObjectWriter<'_>, citation: &Citation<'_>, span: (u64, u64)) {
        entry.number("start", span.0);
        entry.number("end", span.1);
        entry.array("sources", |sources| self.write_source(sources, citation));
    }

    fn write_source(&self, sources: &mut ArrayWriter<'_>, citation: &Citation<'_>) {
        if let Some(source) = citation.document.and_then(|number| self.get(number)) {
            return sources.raw(source);
        }
        sources.object(|source| {
            source.str("type", "document");
            if let Some(number) = citation.document.and_then(|number| usize::try_from(number).ok()) {
                source.str("id", &documents::id_of(number));
            }
            source.object("document", |document| {
                document.text_if("url", citation.url.as_ref());
                document.text_if("title", citation.title.as_ref());
                document.text_if("snippet", citation.quote.as_ref());
            });
        });
    }
}

/// A document with its id, as Cohere repeats it.
fn source(number: usize, document: &Value<'_>) -> String {
    let own_id = document.present("id").and_then(Value::text);
    let id = own_id.unwrap_or_else(|| Text::from(documents::id_of(number)));
    let mut out = Vec::new();
    object(&mut out, |source| {
        source.str("type", "document");
        source.text("id", &id);
        source.object("document", |held| {
            held.text("id", &id);
            let data = document.present("data").unwrap_or(document);
            match data.kind() {
                Kind::Object => {
                    let members = data.members().iter().filter(|(key, _)| key != "id");
                    members.for_each(|(key, value)| held.named(key, value.raw()));
                }
                _ => held.raw("text", data.raw()),
            }
        });
    });
    String::from_utf8(out).unwrap_or_default()
}
