//! The reference of the configuration as Markdown, made from the schema, so that it cannot say anything else.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value as Json;

/// The reference page: a section for each object of the schema, in the order in which it is first mentioned.
#[must_use]
pub fn markdown(schema: &Json) -> String {
    let mut text = format!(
        "# Configuration\n\n<!-- Made from the schema; change the doc comments of the types instead. -->\n\n{}\n",
        description(schema)
    );
    table(schema, &mut text);
    let mut seen = BTreeSet::new();
    let mut waiting = mentioned(schema);
    while !waiting.is_empty() {
        let name = waiting.remove(0);
        let Some(definition) =
            schema.pointer(&format!("/$defs/{name}")).filter(|_| seen.insert(name.clone()))
        else {
            continue;
        };
        section(&name, definition, &mut text);
        waiting.extend(mentioned(definition));
    }
    text
}

fn section(name: &str, definition: &Json, text: &mut String) {
    let _ = writeln!(text, "\n## {name}\n\n{}", description(definition));
    if definition.get("properties").is_some() {
        table(definition, text);
    }
    for choice in ["oneOf", "anyOf"].into_iter().filter_map(|list| definition.get(list)?.as_array()).flatten()
    {
        if let Some(value) = choice.get("const") {
            let _ = writeln!(text, "\n- `{}`: {}", value.as_str().unwrap_or_default(), description(choice));
        }
    }
}

fn table(schema: &Json, text: &mut String) {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
        return;
    };
    let required: Vec<_> = schema.get("required").and_then(Json::as_array).into_iter().flatten().collect();
    text.push_str("\n| key | value | |\n|---|---|---|\n");
    for (name, property) in properties {
        let must = if required.iter().any(|key| *key == name) { "**Required.** " } else { "" };
        let cell = description(property).replace('\n', " ").replace('|', "\\|");
        let _ = writeln!(text, "| `{name}` | {} | {must}{cell} |", kind(property));
    }
}

/// What a property holds, with a link where that has a section of its own.
fn kind(schema: &Json) -> String {
    if let Some(name) = reference(schema) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(alternatives) =
        ["anyOf", "oneOf", "allOf"].into_iter().find_map(|list| schema.get(list)?.as_array())
    {
        let kinds: Vec<_> = alternatives.iter().map(kind).filter(|kind| !kind.is_empty()).collect();
        return kinds.join(" or ");
    }
    let names = match schema.get("type") {
        Some(Json::String(name)) => vec![name.as_str()],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    names.into_iter().filter_map(|name| kind_of_type(name, schema)).collect::<Vec<_>>().join(" or ")
}

fn kind_of_type(name: &str, schema: &Json) -> Option<String> {
    let inner = |key: &str| schema.get(key).map_or_else(|| "anything".to_owned(), kind);
    match name {
        "null" => None,
        "array" => Some(format!("list of {}", inner("items"))),
        "object" => Some(format!("by name: {}", inner("additionalProperties"))),
        "string" => Some("text".to_owned()),
        "integer" => Some("whole number".to_owned()),
        "boolean" => Some("true or false".to_owned()),
        other => Some(other.to_owned()),
    }
}

/// The definitions that a schema refers to, in order.
fn mentioned(schema: &Json) -> Vec<String> {
    match schema {
        Json::Object(members) => {
            let own = reference(schema).map(str::to_owned);
            let below =
                members.iter().filter(|(key, _)| *key != "$defs").flat_map(|(_, value)| mentioned(value));
            own.into_iter().chain(below).collect()
        }
        Json::Array(items) => items.iter().flat_map(mentioned).collect(),
        _ => Vec::new(),
    }
}

fn reference(schema: &Json) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn description(schema: &Json) -> &str {
    schema.get("description").and_then(Json::as_str).unwrap_or_default()
}
