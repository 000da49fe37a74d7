//! Where the model found something: Cohere lists it beside the text, with the places in the text that it belongs to.

use super::documents;
use crate::convert::form::{Citation, Part};
use crate::json::Value;

/// The kinds of text that a citation can belong to (`Citation.type`); without one it belongs to the answer's text.
const OF_PLAN: &str = "PLAN";
const OF_TEXT: &str = "TEXT_CONTENT";

/// One citation: Cohere names several sources at once, the form has one for each.
pub(super) fn read<'a>(citation: &Value<'a>) -> Vec<Citation<'a>> {
    let number = |key: &str| citation.get(key).and_then(Value::as_u64);
    let span = number("start").zip(number("end"));
    let sources = citation.present("sources").map(Value::elements).unwrap_or_default();
    sources.iter().map(|source| Citation { span, ..of_source(source) }).collect()
}

/// A document of the request, or what a tool gave.
fn of_source<'a>(source: &Value<'a>) -> Citation<'a> {
    let held = source.present("document").or_else(|| source.present("tool_output"));
    let text = |keys: &[&str]| keys.iter().find_map(|key| held?.present(key)?.text());
    let is_document = source.present("type").and_then(Value::as_str).as_deref() == Some("document");
    let id = source.present("id").and_then(Value::as_str).filter(|_| is_document);
    Citation {
        url: text(&["url"]),
        title: text(&["title"]),
        quote: text(&["text", "snippet"]),
        document: id.and_then(|id| documents::number_of(&id)),
        ..Citation::default()
    }
}

/// Whether a citation belongs to the answer's text, or to the plan for its calls.
pub(super) fn is_of(citation: &Value<'_>, of_plan: bool) -> bool {
    let kind = citation.present("type").and_then(Value::as_str);
    match kind.as_deref() {
        None => true,
        Some(kind) => kind == if of_plan { OF_PLAN } else { OF_TEXT },
    }
}

/// Gives the texts of a message their citations.
pub(super) fn attach<'a>(message: &Value<'a>, texts: &mut [Part<'a>]) {
    for citation in listed(message).iter().filter(|citation| is_of(citation, false)) {
        if let Some(Part::Text { citations, .. }) = text_of(message, citation, texts) {
            citations.extend(read(citation));
        }
    }
}

/// The text that a citation belongs to: the one of its block, else the first.
fn text_of<'t, 'a>(
    message: &Value<'_>,
    citation: &Value<'_>,
    texts: &'t mut [Part<'a>],
) -> Option<&'t mut Part<'a>> {
    let blocks = message.present("content").map(Value::elements).unwrap_or_default();
    let is_thought = |block: &Value<'_>| block.present("thinking").is_some();
    let block = citation.get("content_index").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
    let before = blocks.get(..block.unwrap_or_default()).unwrap_or_default();
    let place = before.iter().filter(|block| !is_thought(block)).count();
    let place = if place < texts.len() { place } else { 0 };
    texts.get_mut(place)
}

/// The citations of the plan for the calls.
pub(super) fn of_plan<'a>(message: &Value<'a>) -> Vec<Citation<'a>> {
    let names_plan = |citation: &&Value<'_>| citation.present("type").is_some() && is_of(citation, true);
    listed(message).iter().filter(names_plan).flat_map(read).collect()
}

fn listed<'v, 'a>(message: &'v Value<'a>) -> &'v [Value<'a>] {
    message.present("citations").map(Value::elements).unwrap_or_default()
}
