//! Reading a JSON schema as `schemars` writes it: references, optional values, enumerations with a text per value.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::yaml::{Node, Value};

const REFERENCE: &str = "#/$defs/";

/// A schema with its definitions.
pub(super) struct Schemas<'s> {
    definitions: Option<&'s Map<String, Json>>,
}

impl<'s> Schemas<'s> {
    pub(super) fn new(root: &'s Json) -> Self {
        Self { definitions: root.get("$defs").and_then(Json::as_object) }
    }

    /// The schema itself behind references and alternatives, chosen for `node`; `None` where anything goes.
    pub(super) fn resolve(&self, schema: &'s Json, node: &Node) -> Option<&'s Json> {
        let schema = self.follow(schema);
        if is_unrestricted(schema) {
            return None;
        }
        let alternatives: Vec<_> = alternatives(schema).iter().map(|schema| self.follow(schema)).collect();
        let fitting = alternatives.iter().find(|schema| accepts_kind(schema, node));
        match (is_enumeration(schema), fitting.or(alternatives.first())) {
            (false, Some(alternative)) => Some(alternative),
            _ => Some(schema),
        }
    }

    /// Whether anything goes, an explicit nothing included.
    pub(super) fn is_free(&self, schema: &'s Json) -> bool {
        is_unrestricted(self.follow(schema))
    }

    fn follow(&self, schema: &'s Json) -> &'s Json {
        let name = schema.get("$ref").and_then(Json::as_str).and_then(|text| text.strip_prefix(REFERENCE));
        name.and_then(|name| self.definitions?.get(name)).unwrap_or(schema)
    }
}

/// The type names that a schema allows.
pub(super) fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(name)) => vec![name],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn allows(schema: &Json, kind: &str) -> bool {
    types(schema).contains(&kind)
}

/// The form that a text has to have.
pub(super) fn format(schema: &Json) -> Option<&str> {
    schema.get("format").and_then(Json::as_str)
}

/// What a schema wants, for people.
pub(super) fn expected(schema: &Json) -> String {
    match format(schema) {
        Some(engine::route::time::SPAN_FORMAT | engine::route::time::LIMIT_FORMAT) => {
            return "a time such as \"30s\"".to_owned();
        }
        Some(engine::route::spec::PATIENCE_FORMAT) => {
            return "\"p95\" or a time such as \"800ms\"".to_owned();
        }
        Some(engine::route::spec::SHARE_FORMAT) => return "a share such as \"10%\"".to_owned(),
        Some(crate::file::SIZE_FORMAT) => return "a size such as \"64MiB\"".to_owned(),
        Some(crate::file::AMOUNT_FORMAT) => return "an amount of US dollars such as \"0.25\"".to_owned(),
        _ => {}
    }
    let names = types(schema).into_iter().filter_map(|name| match name {
        "object" => Some("keys with values"),
        "array" => Some("a list"),
        "string" => Some("a text"),
        "integer" => Some("a whole number"),
        "number" => Some("a number"),
        "boolean" => Some("true or false"),
        _ => None,
    });
    let names: Vec<_> = names.collect();
    if names.is_empty() { "a text".to_owned() } else { names.join(" or ") }
}

/// The values of an enumeration, `None` for other schemas.
pub(super) fn choices(schema: &Json) -> Option<Vec<&str>> {
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return Some(values.iter().filter_map(Json::as_str).collect());
    }
    is_enumeration(schema).then(|| alternatives(schema).iter().flat_map(choices_of).collect())
}

pub(super) fn is_secret(schema: &Json) -> bool {
    schema.get("writeOnly") == Some(&Json::Bool(true))
}

/// The schema of a key of a mapping.
pub(super) fn member<'s>(schema: &'s Json, name: &str) -> Option<&'s Json> {
    let property = schema.get("properties").and_then(|properties| properties.get(name));
    property.or_else(|| schema.get("additionalProperties").filter(|schema| **schema != Json::Bool(false)))
}

/// The name under which a key is kept: its own, or the one it is an alias of; `None` when there is no such key.
pub(super) fn property_name<'k>(schema: &'k Json, key: &'k str) -> Option<&'k str> {
    if member(schema, key).is_some() {
        return Some(key);
    }
    let properties = schema.get("properties").and_then(Json::as_object)?;
    let is_alias = |schema: &Json| {
        schema
            .get("x-aliases")
            .and_then(Json::as_array)
            .is_some_and(|names| names.iter().any(|name| name == key))
    };
    properties.iter().find(|(_, schema)| is_alias(schema)).map(|(name, _)| name.as_str())
}

pub(super) fn property_names(schema: &Json) -> impl Iterator<Item = &str> {
    schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(|names| names.keys().map(String::as_str))
}

pub(super) fn required(schema: &Json) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// `anyOf`, `oneOf` or `allOf`, without the alternative of being absent.
fn alternatives(schema: &Json) -> Vec<&Json> {
    let list = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|name| schema.get(name)?.as_array());
    let is_null = |schema: &&Json| schema.get("type").and_then(Json::as_str) == Some("null");
    list.into_iter().flatten().filter(|schema| !is_null(schema)).collect()
}

fn choices_of<'s>(schema: &&'s Json) -> Vec<&'s str> {
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return values.iter().filter_map(Json::as_str).collect();
    }
    schema.get("const").and_then(Json::as_str).into_iter().collect()
}

/// Whether every alternative is a fixed text.
fn is_enumeration(schema: &Json) -> bool {
    let alternatives = alternatives(schema);
    !alternatives.is_empty() && alternatives.iter().all(|schema| !choices_of(schema).is_empty())
}

/// Whether a schema says nothing about the value but what it is for.
fn is_unrestricted(schema: &Json) -> bool {
    let annotations = BTreeSet::from(["description", "title", "default", "examples"]);
    match schema {
        Json::Object(schema) => schema.keys().all(|name| annotations.contains(name.as_str())),
        _ => *schema == Json::Bool(true),
    }
}

fn accepts_kind(schema: &Json, node: &Node) -> bool {
    match node.value {
        Value::Scalar(_) => !allows(schema, "object") && !allows(schema, "array"),
        Value::Sequence(_) => allows(schema, "array"),
        Value::Mapping(_) => allows(schema, "object"),
    }
}
