//! Google's own kind of schema, a part of OpenAPI's, as JSON Schema (Gemini API reference, `Schema`): types in upper case, `null`
//! as a member, numbers as strings, and names of members that JSON Schema has not.

use super::names::camel;
use crate::json::{ArrayWriter, Kind, ObjectWriter, Value, object};

/// Formats that say how a number is stored, or what `enum` says already; others refuse them.
const FORMATS_OF_GOOGLE: [&str; 5] = ["enum", "int32", "int64", "float", "double"];

/// The schema as JSON Schema.
pub(super) fn json_schema(schema: &Value<'_>) -> String {
    let mut out = Vec::with_capacity(schema.raw().len() + 16);
    write(&mut out, schema);
    String::from_utf8_lossy(&out).into_owned()
}

fn write(out: &mut Vec<u8>, schema: &Value<'_>) {
    if schema.kind() != Kind::Object {
        return out.extend_from_slice(schema.raw().as_bytes());
    }
    let is_nullable = schema.get("nullable").and_then(Value::as_bool) == Some(true);
    object(out, |target| {
        for (key, value) in schema.members().iter().filter(|(_, value)| value.kind() != Kind::Null) {
            write_member(target, &camel(key), value, is_nullable);
        }
    });
}

fn write_member(target: &mut ObjectWriter<'_>, key: &str, value: &Value<'_>, is_nullable: bool) {
    match key {
        "type" => write_type(target, value, is_nullable),
        "nullable" | "propertyOrdering" => {}
        "format" if value.as_str().is_some_and(|format| FORMATS_OF_GOOGLE.contains(&format.as_ref())) => {}
        "enum" => target.array("enum", |values| {
            value.elements().iter().for_each(|value| values.raw(value.raw()));
            if is_nullable {
                values.raw("null");
            }
        }),
        "example" => target.array("examples", |examples| examples.raw(value.raw())),
        "properties" => write_map(target, "properties", value),
        "defs" | "$defs" => write_map(target, "$defs", value),
        "ref" | "$ref" => target.raw("$ref", &value.raw().replacen("#/defs/", "#/$defs/", 1)),
        "items" | "additionalProperties" | "not" => target.raw(key, &json_schema(value)),
        "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
            target.array(key, |list| write_list(list, value, is_nullable && key == "anyOf"));
        }
        // A whole number of 64 bits is a string in Google's JSON.
        "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties" => {
            let digits = value.as_label().filter(|digits| digits.parse::<u64>().is_ok());
            target.raw_if(key, digits.as_deref());
        }
        _ => target.named(key, value.raw()),
    }
}

fn write_type(target: &mut ObjectWriter<'_>, value: &Value<'_>, is_nullable: bool) {
    let names = if value.kind() == Kind::Array { value.elements() } else { std::slice::from_ref(value) };
    let mut names: Vec<String> =
        names.iter().filter_map(Value::as_str).map(|name| name.to_ascii_lowercase()).collect();
    names.retain(|name| name != "type_unspecified");
    if is_nullable && !names.is_empty() && !names.iter().any(|name| name == "null") {
        names.push("null".to_owned());
    }
    match names.as_slice() {
        [] => {}
        [name] => target.str("type", name),
        names => target.array("type", |types| names.iter().for_each(|name| types.str(name))),
    }
}

fn write_map(target: &mut ObjectWriter<'_>, key: &str, map: &Value<'_>) {
    target.object(key, |target| {
        map.members().iter().for_each(|(name, schema)| target.named(name, &json_schema(schema)));
    });
}

fn write_list(list: &mut ArrayWriter<'_>, schemas: &Value<'_>, is_nullable: bool) {
    schemas.elements().iter().for_each(|schema| list.raw(&json_schema(schema)));
    if is_nullable {
        list.raw(r#"{"type":"null"}"#);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(schema: &str) -> String {
        json_schema(&Value::parse(schema.as_bytes()).unwrap())
    }

    #[test]
    fn googles_schema_becomes_json_schema() {
        for (google, json) in [
            (r#"{"type":"STRING"}"#, r#"{"type":"string"}"#),
            (r#"{"type":"INTEGER","format":"int32","nullable":true}"#, r#"{"type":["integer","null"]}"#),
            (
                r#"{"type":"STRING","format":"enum","enum":["a"],"nullable":true}"#,
                r#"{"type":["string","null"],"enum":["a",null]}"#,
            ),
            (r#"{"type":"STRING","format":"date-time"}"#, r#"{"type":"string","format":"date-time"}"#),
            (
                r#"{"any_of":[{"type":"STRING"},{"type":"NUMBER"}],"nullable":true}"#,
                r#"{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]}"#,
            ),
            (
                r#"{"type":"ARRAY","items":{"type":"OBJECT","properties":{"type":{"type":"BOOLEAN"}},"propertyOrdering":["type"]},"minItems":"1","max_items":2}"#,
                r#"{"type":"array","items":{"type":"object","properties":{"type":{"type":"boolean"}}},"minItems":1,"maxItems":2}"#,
            ),
            (
                r##"{"type":"OBJECT","properties":{"a":{"ref":"#/defs/A"}},"defs":{"A":{"type":"STRING","example":"x"}},"additionalProperties":false}"##,
                r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string","examples":["x"]}},"additionalProperties":false}"##,
            ),
            (r#"{"type":"TYPE_UNSPECIFIED","description":"d","minLength":"x"}"#, r#"{"description":"d"}"#),
        ] {
            assert_eq!(converted(google), json);
        }
    }

    #[test]
    fn json_schema_stays_as_it_is() {
        let schema = r#"{"type":"object","properties":{"a":{"type":["string","null"],"enum":["x"]}},"required":["a"]}"#;
        assert_eq!(converted(schema), schema);
    }
}
