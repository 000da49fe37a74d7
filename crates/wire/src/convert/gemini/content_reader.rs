//! The contents of a request as turns. What a streamed answer brought in pieces, clients give back in pieces, each of them a
//! content: here they are one again, as other formats need it.

use super::call_ids::CallIds;
use super::media;
use super::names;
use super::part_reader::{self, RawPart};
use crate::convert::codec::Objection;
use crate::convert::form::{Part, Role, Thought, ToolCall, ToolResult, Turn, Unknown};
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// Reads contents, one after the other.
#[derive(Default)]
pub(super) struct Reader<'a> {
    turns: Vec<Turn<'a>>,
    ids: CallIds<'a>,
    /// What parts say that has no place in the form.
    unknown: Vec<Unknown<'a>>,
}

/// The turns of a request, and what of them has no place in the form.
pub(super) fn read<'a>(request: &Value<'a>) -> Result<(Vec<Turn<'a>>, Vec<Unknown<'a>>), Objection> {
    let mut reader = Reader::default();
    reader.instructions(request)?;
    let path = Path::ROOT.member("contents");
    let contents = names::list(request, "contents", &Path::ROOT)?;
    if contents.is_empty() {
        return Err(Objection::new("contents", "`contents` must hold at least one content"));
    }
    for (index, content) in contents.iter().enumerate() {
        reader.content(content, &path.element(index))?;
    }
    Ok((reader.turns, reader.unknown))
}

impl<'a> Reader<'a> {
    fn instructions(&mut self, request: &Value<'a>) -> Result<(), Objection> {
        let key = names::spelled(request, "systemInstruction");
        let Some(content) = read::object(request, &key, &Path::ROOT)? else { return Ok(()) };
        let parts = self.parts(content, &Path::ROOT.member(&key))?;
        if !parts.is_empty() {
            self.turns.push(Turn { role: Role::System, parts, name: None });
        }
        Ok(())
    }

    fn content(&mut self, content: &Value<'a>, path: &Path<'_>) -> Result<(), Objection> {
        let role = match read::text(content, "role", path)?.map(|role| role.plain().into_owned()).as_deref() {
            None | Some("" | "user" | "function" | "tool") => Role::User,
            Some("model") => Role::Assistant,
            Some("system") => Role::System,
            Some(other) => {
                let path = path.member("role");
                let message = format!("`{path}` must be user, model or function, found `{other}`");
                return Err(Objection::new(path.to_string(), message));
            }
        };
        let parts = self.parts(content, path)?;
        match self.turns.last_mut() {
            Some(last) if last.role == Role::Assistant && role == Role::Assistant => {
                parts.into_iter().for_each(|part| add(&mut last.parts, part));
            }
            _ if parts.is_empty() => {}
            _ if role == Role::Assistant => {
                let mut joined = Vec::with_capacity(parts.len());
                parts.into_iter().for_each(|part| add(&mut joined, part));
                self.turns.push(Turn { role, parts: joined, name: None });
            }
            _ => self.turns.push(Turn { role, parts, name: None }),
        }
        Ok(())
    }

    fn parts(&mut self, content: &Value<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, Objection> {
        let listed = read::list(content, "parts", path)?;
        let path = path.member("parts");
        let mut parts = Vec::with_capacity(listed.len());
        for (index, part) in listed.iter().enumerate() {
            self.part(part, &path.element(index), &mut parts)?;
        }
        Ok(parts)
    }

    fn part(
        &mut self,
        part: &Value<'a>,
        path: &Path<'_>,
        parts: &mut Vec<Part<'a>>,
    ) -> Result<(), Objection> {
        if part.kind() != Kind::Object {
            return Err(Objection::wanted(path.to_string(), "an object", part));
        }
        let mut raw = RawPart::of(part);
        let others = std::mem::take(&mut raw.others);
        self.unknown.extend(others.iter().map(|(key, value)| names::unknown_member(key, value, path)));
        match raw.content.as_ref().map(|(key, value)| (key.as_ref(), *value)) {
            Some((key @ "functionCall", value)) => {
                let call = part_reader::call(value, &path.member(key))?;
                let id = self.ids.of_call(call.id, &call.name);
                let (name, input, seal) = (call.name, call.input, raw.seal);
                parts.push(Part::ToolCall(ToolCall {
                    id,
                    name,
                    input,
                    is_free_text: false,
                    seal,
                    cache: None,
                }));
            }
            Some((key @ "functionResponse", value)) => {
                parts.push(Part::ToolResult(self.result(value, &path.member(key))?));
            }
            _ => parts.extend(part_reader::read(part, raw, path)?),
        }
        Ok(())
    }

    fn result(&mut self, response: &Value<'a>, path: &Path<'_>) -> Result<ToolResult<'a>, Objection> {
        let name = names::needed_text(response, "name", path)?;
        let given = names::text(response, "id", path)?.filter(|id| !id.is_empty());
        let (text, failed) = outcome(names::object(response, "response", path)?);
        let mut parts: Vec<Part<'a>> = text.map(Part::text).into_iter().collect();
        let listed = read::list(response, "parts", path)?;
        let within = path.member("parts");
        for (index, part) in listed.iter().enumerate() {
            let (path, raw) = (within.element(index), RawPart::of(part));
            self.unknown
                .extend(raw.others.iter().map(|(key, value)| names::unknown_member(key, value, &path)));
            parts.extend(part_reader::read(part, raw, &path)?);
        }
        let known = ["id", "name", "response", "parts"];
        self.unknown.extend(names::unknown(response, &known, path));
        let call = self.ids.of_result(given, &name);
        Ok(ToolResult { call, name: Some(name), parts, failed, is_free_text: false, cache: None })
    }
}

/// What a tool gave, and whether it failed: "use `output` key to specify function output and `error` key to specify error
/// details"; without them the whole object is the output.
fn outcome<'a>(response: Option<&Value<'a>>) -> (Option<Text<'a>>, Option<bool>) {
    let Some(response) = response else { return (None, None) };
    let text = |value: &Value<'a>| value.text().unwrap_or_else(|| Text::from(value.raw()));
    match response.members() {
        [] => (None, None),
        [(key, value)] if key == "output" => (Some(text(value)), Some(false)),
        [(key, value)] if key == "error" => (Some(text(value)), Some(true)),
        _ => (Some(Text::from(response.raw())), None),
    }
}

/// Adds to what the model says: pieces of a text are one, and so are pieces of thinking with the proof that ends them.
fn add<'a>(parts: &mut Vec<Part<'a>>, part: Part<'a>) {
    match (parts.last_mut(), part) {
        (Some(Part::Text { text, .. }), Part::Text { text: more, .. }) => append(text, &more),
        (Some(Part::Thought(open)), Part::Thought(more)) if goes_on(open, &more) => {
            if let Some(more) = &more.text {
                append(open.text.get_or_insert(Text::from("")), more);
            }
            open.seal = more.seal;
        }
        (_, part) => parts.push(part),
    }
}

/// Whether thinking is a piece of the thinking before it. What is sealed as a whole is not.
fn goes_on(open: &Thought<'_>, more: &Thought<'_>) -> bool {
    open.seal.is_none() && more.seal.as_ref().is_none_or(|seal| !seal.is_redacted)
}

fn append(text: &mut Text<'_>, more: &Text<'_>) {
    let mut whole = std::mem::replace(text, Text::from("")).into_plain().into_owned();
    whole.push_str(&more.plain());
    *text = Text::from(whole);
}

/// How closely to look at all pictures of a request that do not say so themselves.
pub(super) fn look_at_all(turns: &mut [Turn<'_>], resolution: &Value<'_>) {
    let Some(detail) = media::detail(resolution) else { return };
    for part in turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        if let Part::Image(image) = part {
            let unsaid = image.detail.is_none();
            if unsaid {
                image.detail = Some(detail.clone());
            }
        }
    }
}
