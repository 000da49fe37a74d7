//! Conversations that a gateway keeps: which items an exchange is stored as, and how a request comes to have the stored ones
//! before its own. A provider that keeps nothing gets the whole conversation each time.

use bytes::Bytes;

use crate::convert::seal;
use crate::json::{
    ArrayWriter, Document, Edit, EditError, Kind, MemberRef, ObjectWriter, Segments, Value, array, object,
};

/// Members of a request that point to what was stored.
const POINTERS: [&str; 2] = ["previous_response_id", "conversation"];
/// The prefixes of ids by the type of the item, as OpenAI has them.
const PREFIXES: [(&str, &str); 6] = [
    ("message", "msg"),
    ("reasoning", "rs"),
    ("function_call", "fc"),
    ("function_call_output", "fco"),
    ("custom_tool_call", "ctc"),
    ("custom_tool_call_output", "ctco"),
];

/// An item that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// It as JSON, its id included.
    pub json: String,
}

/// The items of one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// What the request brought, without what it only referred to.
    pub input: Vec<Item>,
    /// What the response gave.
    pub output: Vec<Item>,
}

/// A request that no history can be put before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It names an item that is not stored.
    #[error("`input` refers to the item `{id}`, which is not stored")]
    UnknownItem {
        /// The id of the item.
        id: String,
    },
    /// `input` is neither a string nor a list.
    #[error("`input` must be a string or a list of items, found {found}")]
    NotItems {
        /// What it is.
        found: Kind,
    },
    /// A member occurs twice, or the request is not what was scanned.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// The items of an exchange: the input of the request, each with an id, and the output of the finished response. Items of the
/// input without an id get one that follows from the response's.
#[must_use]
pub fn history_items(request: &Value<'_>, response: &Value<'_>) -> Exchange {
    let id = response.get("id").and_then(Value::as_str).unwrap_or_default();
    let token = id.strip_prefix("resp_").unwrap_or(&id);
    Exchange {
        input: input_items(request, token),
        output: response.present("output").map(|output| items_of(output, token)).unwrap_or_default(),
    }
}

/// The items of a list that a client brings by themselves. Those without an id get one that follows from `token`.
#[must_use]
pub fn items_of(list: &Value<'_>, token: &str) -> Vec<Item> {
    let items = list.elements().iter().enumerate();
    items.map(|(index, item)| stored(item, token, &index.to_string())).collect()
}

/// The ids of the items that a request refers to (`item_reference`) instead of holding them.
///
/// # Errors
/// When `input` occurs twice or is neither a string nor a list.
pub fn references(request: &Document) -> Result<Vec<String>, HistoryError> {
    let Some(input) = input_of(request)? else { return Ok(Vec::new()) };
    match input.kind() {
        Kind::String => return Ok(Vec::new()),
        Kind::Array if !may_name_ids(request) => return Ok(Vec::new()),
        Kind::Array => {}
        found => return Err(HistoryError::NotItems { found }),
    }
    let raw = input.raw_bytes();
    Ok(parsed_input(&raw)?.elements().iter().filter_map(reference).collect())
}

/// Whether a member of the name `id` may be anywhere in a request. Most requests have none, which is seen without reading them.
fn may_name_ids(request: &Document) -> bool {
    let body = request.body();
    // A key may be written with escapes.
    body.contains(br#""id""#) || body.contains(br"\u")
}

/// The request with the items of the conversation so far before its own, oldest first, and with the items that it refers to
/// in their places. What points to stored conversations is taken out. All other bytes stay as they are.
///
/// # Errors
/// When a member to edit occurs twice, `input` is neither a string nor a list, or an item is referred to that is not among
/// `referenced`.
pub fn with_history(
    request: &Document,
    earlier: &[Item],
    referenced: &[Item],
) -> Result<Segments, HistoryError> {
    let raw = raw_input(request)?;
    let input = raw.as_deref().map(parsed_input).transpose()?;
    let mut edit = Edit::new(request);
    let refers =
        input.as_ref().is_some_and(|input| input.elements().iter().any(|item| reference(item).is_some()));
    if !earlier.is_empty() || refers {
        edit.set("input", &joined(earlier, input.as_ref(), referenced)?)?;
    }
    for key in POINTERS {
        edit.remove(key)?;
    }
    Ok(edit.apply())
}

/// The request without thinking that providers of other formats have sealed, which a provider of this format refuses; none
/// when it holds no such thinking. All other bytes stay as they are, but for the space between items.
///
/// # Errors
/// When `input` occurs twice.
pub fn without_foreign_seals(request: &Document) -> Result<Option<Segments>, HistoryError> {
    let Some(raw) = raw_input(request)? else { return Ok(None) };
    // Only a list holds items.
    let Ok(input) = Value::parse(&raw) else { return Ok(None) };
    let (foreign, kept): (Vec<_>, Vec<_>) = input.elements().iter().partition(|item| has_foreign_seal(item));
    if foreign.is_empty() {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(raw.len());
    array(&mut items, |array| kept.iter().for_each(|item| array.raw(item.raw())));
    let mut edit = Edit::new(request);
    edit.set("input", &items)?;
    Ok(Some(edit.apply()))
}

fn has_foreign_seal(item: &Value<'_>) -> bool {
    let seal = item.get("encrypted_content").and_then(Value::as_str);
    seal.is_some_and(|seal| seal.starts_with(seal::PREFIX))
}

fn input_of(request: &Document) -> Result<Option<MemberRef<'_>>, HistoryError> {
    let member = request.member("input").map_err(EditError::from)?;
    Ok(member.filter(|member| member.kind() != Kind::Null))
}

fn raw_input(request: &Document) -> Result<Option<Bytes>, HistoryError> {
    Ok(input_of(request)?.map(|input| input.raw_bytes()))
}

fn parsed_input(raw: &[u8]) -> Result<Value<'_>, HistoryError> {
    // What was scanned is JSON, though it may nest deeper than a request that is translated.
    let input = Value::parse(raw).map_err(|_| HistoryError::NotItems { found: Kind::Array })?;
    match input.kind() {
        Kind::String | Kind::Array => Ok(input),
        found => Err(HistoryError::NotItems { found }),
    }
}

fn joined(earlier: &[Item], input: Option<&Value<'_>>, referenced: &[Item]) -> Result<Vec<u8>, HistoryError> {
    let mut items: Vec<&str> = earlier.iter().map(|item| item.json.as_str()).collect();
    for item in input.map(Value::elements).unwrap_or_default() {
        match reference(item) {
            None => items.push(item.raw()),
            Some(id) => match referenced.iter().find(|known| known.id == id) {
                Some(known) => items.push(&known.json),
                None => return Err(HistoryError::UnknownItem { id }),
            },
        }
    }
    let mut out = Vec::new();
    array(&mut out, |array| {
        items.iter().for_each(|item| array.raw(item));
        if let Some(text) = input.filter(|input| input.kind() == Kind::String) {
            array.object(|message| write_user_message(message, |message| message.raw("content", text.raw())));
        }
    });
    Ok(out)
}

fn write_user_message(message: &mut ObjectWriter<'_>, content: impl FnOnce(&mut ObjectWriter<'_>)) {
    message.str("type", "message");
    message.str("role", "user");
    content(message);
}

/// The id that an item refers to; none for an item that stands for itself.
fn reference(item: &Value<'_>) -> Option<String> {
    let id = item.get("id").and_then(Value::as_str)?;
    let is_reference = match item.present("type") {
        Some(kind) => kind.as_str().as_deref() == Some("item_reference"),
        None => item.present("role").is_none(),
    };
    is_reference.then(|| id.into_owned())
}

fn input_items(request: &Value<'_>, token: &str) -> Vec<Item> {
    let Some(input) = request.present("input") else { return Vec::new() };
    if let Some(text) = input.text() {
        let id = format!("msg_{token}_in0");
        let mut json = Vec::new();
        object(&mut json, |item| {
            item.str("id", &id);
            write_user_message(item, |message| {
                message.array("content", |content| {
                    content.object(|part| {
                        part.str("type", "input_text");
                        part.text("text", &text);
                    });
                });
                message.str("status", "completed");
            });
        });
        return vec![Item { id, json: text_of(json) }];
    }
    let own = input.elements().iter().filter(|item| reference(item).is_none());
    own.enumerate().map(|(index, item)| stored(item, token, &format!("in{index}"))).collect()
}

/// An item as it is stored: with its id, its type, and its content as a list.
fn stored(item: &Value<'_>, token: &str, place: &str) -> Item {
    let kind = item.present("type").and_then(Value::as_str);
    let kind = kind.as_deref().unwrap_or("message");
    let own_id = item.present("id").and_then(Value::as_str);
    let is_whole = kind != "message" || item.get("content").is_some_and(|it| it.kind() == Kind::Array);
    if let Some(id) = own_id.as_deref().filter(|_| is_whole && item.present("type").is_some()) {
        return Item { id: id.to_owned(), json: item.raw().to_owned() };
    }
    let prefix = PREFIXES.iter().find(|(known, _)| *known == kind).map_or("item", |(_, prefix)| prefix);
    let id = own_id.map_or_else(|| format!("{prefix}_{token}_{place}"), std::borrow::Cow::into_owned);
    let mut json = Vec::new();
    object(&mut json, |out| {
        out.str("id", &id);
        out.str("type", kind);
        for (key, value) in item.members().iter().filter(|(key, _)| key != "id" && key != "type") {
            match value.kind() {
                Kind::String if key == "content" => {
                    out.array("content", |content| write_text(content, item, value))
                }
                _ => out.named(key, value.raw()),
            }
        }
    });
    Item { id, json: text_of(json) }
}

fn write_text(content: &mut ArrayWriter<'_>, message: &Value<'_>, text: &Value<'_>) {
    let is_said = message.get("role").and_then(Value::as_str).as_deref() == Some("assistant");
    content.object(|part| {
        part.str("type", if is_said { "output_text" } else { "input_text" });
        part.raw("text", text.raw());
        if is_said {
            part.array("annotations", |_| {});
        }
    });
}

/// What the writers of this crate have written is UTF-8.
fn text_of(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}

#[cfg(test)]
mod tests;
