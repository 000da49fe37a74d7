//! Documents: Cohere takes texts, and takes them beside the conversation ("Chat", `documents`). Other formats have them
//! among the turns.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::convert::codec::Objection;
use crate::convert::form::{Document, OutputFormat, Part, Prompt, Role, Source, Turn};
use crate::convert::prompt_shape::{Say, dialogue};
use crate::convert::read::{self, Path};
use crate::json::{Kind, ObjectWriter, Text, Value};

/// Before a document's number in an id, as in the ids that Cohere makes itself.
const ID_PREFIX: &str = "doc:";
/// The members that hold a document's text, when it has no more to it than that and a title.
const TEXT_KEYS: [&str; 2] = ["text", "snippet"];

/// The text of a document, if it is one: given as it is, or as the bytes of a kind that is text.
pub(super) fn text_of<'a>(document: &Document<'a>) -> Option<Text<'a>> {
    match &document.source {
        Source::Plain(text) => Some(text.clone()),
        Source::Inline(base64) => {
            let media_type = document.media_type.as_ref()?.plain();
            let is_text = media_type.starts_with("text/") || media_type == "application/json";
            let bytes = BASE64_STANDARD.decode(base64.plain().as_bytes()).ok().filter(|_| is_text)?;
            String::from_utf8(bytes).ok().map(Text::from)
        }
        Source::Url(_) | Source::Upload(_) => None,
    }
}

/// The documents that stand beside the conversation, each with its number among all. An answer in JSON takes none there
/// ("response_format is not supported with RAG"), and a turn of nothing but documents keeps them, for it may not be empty.
pub(super) fn beside<'p, 'a>(prompt: &'p Prompt<'a>) -> Vec<(u64, &'p Document<'a>)> {
    let mut numbers = 0..;
    let mut beside = Vec::new();
    for say in dialogue(prompt) {
        let stay = stay(prompt, &say);
        let documents = say.parts.iter().filter_map(|part| match part {
            Part::Document(document) => Some(document),
            _ => None,
        });
        let numbered = documents.zip(numbers.by_ref()).map(|(document, number)| (number, document));
        beside.extend(numbered.filter(|_| !stay));
    }
    beside
}

/// Whether the documents of a side's say stay in it.
pub(super) fn stay(prompt: &Prompt<'_>, say: &Say<'_, '_>) -> bool {
    let says = |part: &&Part<'_>| match part {
        Part::Text { text, .. } => !text.is_empty(),
        Part::Image(_) => true,
        _ => false,
    };
    prompt.output != OutputFormat::Text || !say.parts.iter().any(says)
}

/// Writes `documents` and whether they are to be cited, which Cohere does unasked.
pub(super) fn write(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let texts: Vec<_> = beside(prompt)
        .into_iter()
        .filter_map(|(number, document)| Some((number, document, text_of(document)?)))
        // An empty document is refused.
        .filter(|(_, _, text)| !text.is_empty())
        .collect();
    if texts.is_empty() {
        return;
    }
    request.array("documents", |array| {
        for (number, document, text) in &texts {
            array.object(|object| {
                object.str("id", &format!("{ID_PREFIX}{number}"));
                object.object("data", |data| write_data(data, document, text));
            });
        }
    });
    if !texts.iter().any(|(_, document, _)| document.cited) {
        request.raw("citation_options", r#"{"mode":"OFF"}"#);
    }
}

/// Writes what a document holds.
pub(super) fn write_data(data: &mut ObjectWriter<'_>, document: &Document<'_>, text: &Text<'_>) {
    data.text_if("title", document.name.as_ref());
    data.text("text", text);
    data.text_if("context", document.context.as_ref());
}

/// The number in an id that was made here or by Cohere.
pub(super) fn number_of(id: &str) -> Option<u64> {
    id.strip_prefix(ID_PREFIX)?.parse().ok()
}

/// The id of a document that has none.
pub(super) fn id_of(number: usize) -> String {
    format!("{ID_PREFIX}{number}")
}

/// Puts the request's documents before what the user says last.
pub(super) fn read_into<'a>(turns: &mut Vec<Turn<'a>>, request: &Value<'a>) -> Result<(), Objection> {
    let path = Path::ROOT.member("documents");
    let cited = citations_wanted(request)?;
    let listed = read::list(request, "documents", &Path::ROOT)?.iter().enumerate();
    let documents = listed
        .map(|(index, value)| read_document(value, cited, &path.element(index)).map(Part::Document))
        .collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        return Ok(());
    }
    let speaks = |turn: &&mut Turn<'_>| {
        turn.role == Role::User && !turn.parts.iter().any(|part| matches!(part, Part::ToolResult(_)))
    };
    match turns.iter_mut().rev().find(speaks) {
        Some(turn) => drop(turn.parts.splice(0..0, documents)),
        None => turns.push(Turn { role: Role::User, parts: documents, name: None }),
    }
    Ok(())
}

/// Whether answers cite: they do unless `citation_options` says no.
fn citations_wanted(request: &Value<'_>) -> Result<bool, Objection> {
    let path = Path::ROOT;
    let Some(options) = read::object(request, "citation_options", &path)? else { return Ok(true) };
    let mode = read::text(options, "mode", &path.member("citation_options"))?;
    Ok(mode.is_none_or(|mode| !["off", "disabled"].contains(&mode.plain().to_ascii_lowercase().as_str())))
}

fn read_document<'a>(document: &Value<'a>, cited: bool, path: &Path<'_>) -> Result<Document<'a>, Objection> {
    let (text, name) = match document.text() {
        Some(text) => (text, None),
        None => read_data(document, path)?,
    };
    Ok(Document { source: Source::Plain(text), media_type: None, name, context: None, cited, cache: None })
}

/// `data` as a text, whatever it holds.
pub(super) fn data_as_text<'a>(document: &Value<'a>, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    let data = needed_data(document, path)?;
    Ok(data.text().unwrap_or(Text::from(data.raw())))
}

fn needed_data<'v, 'a>(document: &'v Value<'a>, path: &Path<'_>) -> Result<&'v Value<'a>, Objection> {
    let data = document.present("data").ok_or_else(|| read::missing("data", path))?;
    match data.kind() {
        Kind::Object | Kind::String => Ok(data),
        _ => Err(Objection::wanted(path.member("data").to_string(), "an object or a string", data)),
    }
}

/// The text and the title in `data`. What has more members than these is passed on with all of them, as JSON: Cohere shows
/// the model all.
fn read_data<'a>(document: &Value<'a>, path: &Path<'_>) -> Result<(Text<'a>, Option<Text<'a>>), Objection> {
    let data = needed_data(document, path)?;
    if let Some(text) = data.text() {
        return Ok((text, None));
    }
    let title = data.present("title").and_then(Value::text);
    let text = TEXT_KEYS.iter().find_map(|key| data.present(key)?.text());
    let is_all = data.members().len() == 1 + usize::from(title.is_some());
    let text = text.filter(|_| is_all).unwrap_or(Text::from(data.raw()));
    Ok((text, title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(source: Source<'static>, media_type: Option<&'static str>) -> Document<'static> {
        let media_type = media_type.map(Text::from);
        Document { source, media_type, name: None, context: None, cited: false, cache: None }
    }

    #[test]
    fn a_document_is_text_when_its_kind_says_so_and_its_bytes_are() {
        let inline = |base64: &'static str, media_type| {
            text_of(&document(Source::Inline(Text::from(base64)), media_type))
        };
        assert_eq!(inline("aGk=", Some("text/markdown")), Some(Text::from("hi".to_owned())));
        assert_eq!(inline("e30=", Some("application/json")), Some(Text::from("{}".to_owned())));
        assert_eq!(inline("aGk=", Some("application/pdf")), None);
        assert_eq!(inline("aGk=", None), None);
        assert_eq!(inline("/w==", Some("text/plain")), None, "not UTF-8");
        assert_eq!(inline("?", Some("text/plain")), None, "not base64");
        assert_eq!(text_of(&document(Source::Plain(Text::from("x")), None)), Some(Text::from("x")));
        assert_eq!(text_of(&document(Source::Url(Text::from("https://x")), Some("text/plain"))), None);
    }

    #[test]
    fn what_has_more_members_than_a_text_and_a_title_is_passed_on_whole() {
        let read = |json: &'static str| {
            let value = Value::parse(json.as_bytes()).unwrap();
            let (text, title) = read_data(&value, &Path::ROOT).unwrap();
            (text.plain().into_owned(), title.map(|title| title.plain().into_owned()))
        };
        assert_eq!(read(r#"{"data":{"text":"a","title":"t"}}"#), ("a".to_owned(), Some("t".to_owned())));
        assert_eq!(read(r#"{"data":{"snippet":"a"}}"#), ("a".to_owned(), None));
        assert_eq!(read(r#"{"data":"a"}"#), ("a".to_owned(), None));
        let raw = r#"{"text":"a","title":"t","date":1}"#;
        assert_eq!(
            read(r#"{"data":{"text":"a","title":"t","date":1}}"#),
            (raw.to_owned(), Some("t".to_owned()))
        );
        assert_eq!(read(r#"{"data":{"rows":[1]}}"#), (r#"{"rows":[1]}"#.to_owned(), None));
    }

    #[test]
    fn an_id_has_its_documents_number() {
        assert_eq!(number_of(&id_of(7)), Some(7));
        assert_eq!(number_of("doc:x"), None);
        assert_eq!(number_of("7"), None);
    }
}
