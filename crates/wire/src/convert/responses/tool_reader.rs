//! Tools, and the choice of them.

use super::namespace;
use crate::convert::Format;
use crate::convert::codec::Objection;
use crate::convert::form::{Foreign, Grammar, Tool, ToolChoice, Unknown};
use crate::convert::read::{self, Path};
use crate::json::{Kind, Text, Value};

/// The members of a function that the form has a place for.
const FUNCTION: &[&str] = &["type", "name", "description", "parameters", "strict"];
/// The same of a tool of free text.
const CUSTOM: &[&str] = &["type", "name", "description", "format"];
/// The same of a namespace.
const NAMESPACE: &[&str] = &["type", "name", "tools"];

/// Reads the tools of a request, and adds to `unknown` what the form has no place for.
pub(super) fn tools<'a>(
    request: &Value<'a>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Vec<Tool<'a>>, Objection> {
    let path = Path::ROOT.member("tools");
    let mut tools = Vec::new();
    for (index, value) in read::list(request, "tools", &Path::ROOT)?.iter().enumerate() {
        let path = path.element(index);
        match read::tag(value, "type", &path)?.as_str() {
            "namespace" => {
                note(value, NAMESPACE, &path, unknown);
                tools.extend(namespaced(value, &path, unknown)?);
            }
            _ => tools.push(tool(value, None, &path, unknown)?),
        }
    }
    Ok(tools)
}

fn namespaced<'a>(
    group: &Value<'a>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Vec<Tool<'a>>, Objection> {
    let namespace = read::needed_text(group, "name", path)?;
    let within = path.member("tools");
    let listed = read::list(group, "tools", path)?.iter().enumerate();
    listed.map(|(index, value)| tool(value, Some(&namespace), &within.element(index), unknown)).collect()
}

fn tool<'a>(
    tool: &Value<'a>,
    namespace: Option<&Text<'_>>,
    path: &Path<'_>,
    unknown: &mut Vec<Unknown<'a>>,
) -> Result<Tool<'a>, Objection> {
    let kind = read::needed_text(tool, "type", path)?;
    match kind.plain().as_ref() {
        "function" => {
            note(tool, FUNCTION, path, unknown);
            Ok(Tool::Function {
                name: name(tool, namespace, path)?,
                description: read::text(tool, "description", path)?,
                schema: read::object(tool, "parameters", path)?.map(|schema| schema.raw().into()),
                strict: read::flag(tool, "strict", path)?,
                cache: None,
            })
        }
        "custom" => {
            note(tool, CUSTOM, path, unknown);
            Ok(Tool::FreeText {
                name: name(tool, namespace, path)?,
                description: read::text(tool, "description", path)?,
                grammar: grammar(tool, path)?,
            })
        }
        _ => Ok(Tool::Hosted(Foreign { format: Format::Responses, kind: kind.clone(), raw: tool.raw() })),
    }
}

fn grammar<'a>(tool: &Value<'a>, path: &Path<'_>) -> Result<Option<Grammar<'a>>, Objection> {
    let Some(format) = read::object(tool, "format", path)? else { return Ok(None) };
    let path = path.member("format");
    if read::tag(format, "type", &path)? != "grammar" {
        return Ok(None);
    }
    let syntax = read::needed_text(format, "syntax", &path)?;
    Ok(Some(Grammar { syntax, definition: read::needed_text(format, "definition", &path)? }))
}

fn name<'a>(tool: &Value<'a>, namespace: Option<&Text<'_>>, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    let name = read::needed_text(tool, "name", path)?;
    Ok(match namespace {
        Some(namespace) => Text::from(namespace::joined(&namespace.plain(), &name.plain())),
        None => name,
    })
}

/// Notes the members of a tool that say more than the form can. What is `false` is as if it were not said.
fn note<'a>(tool: &Value<'a>, known: &[&str], path: &Path<'_>, unknown: &mut Vec<Unknown<'a>>) {
    let said = read::unknown(tool, known, Format::Responses, path);
    unknown.extend(said.into_iter().filter(|member| member.raw != "false"));
}

/// Reads the choice of tools.
pub(super) fn choice<'a>(request: &Value<'a>) -> Result<Option<ToolChoice<'a>>, Objection> {
    let path = Path::ROOT.member("tool_choice");
    let Some(choice) = request.present("tool_choice") else { return Ok(None) };
    if let Some(word) = choice.as_str() {
        return match word.as_ref() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
            other => {
                let message =
                    format!("`{path}` must be auto, none or required, or name a tool; found `{other}`");
                Err(Objection::new(path.to_string(), message))
            }
        };
    }
    if choice.kind() != Kind::Object {
        return Err(Objection::wanted(path.to_string(), "a word or an object", choice));
    }
    let kind = read::needed_text(choice, "type", &path)?;
    let foreign =
        || ToolChoice::Foreign(Foreign { format: Format::Responses, kind: kind.clone(), raw: choice.raw() });
    Ok(Some(match kind.plain().as_ref() {
        "function" | "custom" => ToolChoice::Named(own_name(choice, &path)?),
        "allowed_tools" => allowed(choice, &path)?.unwrap_or_else(foreign),
        _ => foreign(),
    }))
}

/// The tools that are allowed; none when one of them is not the client's own.
fn allowed<'a>(choice: &Value<'a>, path: &Path<'_>) -> Result<Option<ToolChoice<'a>>, Objection> {
    let within = path.member("tools");
    let mut names = Vec::new();
    for (index, tool) in read::list(choice, "tools", path)?.iter().enumerate() {
        let path = within.element(index);
        match read::tag(tool, "type", &path)?.as_str() {
            "function" | "custom" => names.push(own_name(tool, &path)?),
            _ => return Ok(None),
        }
    }
    let required = read::text(choice, "mode", path)?.is_some_and(|mode| mode.plain() == "required");
    Ok(Some(ToolChoice::Allowed { names, required }))
}

fn own_name<'a>(tool: &Value<'a>, path: &Path<'_>) -> Result<Text<'a>, Objection> {
    let namespace = read::text(tool, "namespace", path)?;
    name(tool, namespace.as_ref(), path)
}
