//! Laws of the smallest document.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{VALUES_MAX, instance};

#[test]
fn each_kind_has_its_smallest_document() {
    for (schema, expected) in [
        (json!({ "type": "string" }), json!("text")),
        (json!({ "type": "string", "minLength": 6 }), json!("textte")),
        (json!({ "type": "string", "maxLength": 2 }), json!("te")),
        (json!({ "type": "string", "format": "date" }), json!("2025-06-15")),
        (json!({ "type": "integer" }), json!(1)),
        (json!({ "type": "integer", "minimum": 5 }), json!(5)),
        (json!({ "type": "integer", "exclusiveMinimum": 5 }), json!(6)),
        (json!({ "type": "integer", "maximum": -3 }), json!(-3)),
        (json!({ "type": "integer", "multipleOf": 5 }), json!(5)),
        (json!({ "type": "number", "exclusiveMaximum": 1 }), json!(0.5)),
        (json!({ "type": "boolean" }), json!(true)),
        (json!({ "type": "null" }), json!(null)),
        (json!({ "type": ["null", "integer"] }), json!(1)),
        (json!({ "enum": ["b", "a"] }), json!("b")),
        (json!({ "const": 7 }), json!(7)),
        (json!({ "type": "array", "items": { "type": "integer" } }), json!([1])),
        (json!({ "type": "array", "items": { "type": "integer" }, "minItems": 2 }), json!([1, 1])),
        (json!({ "type": "array", "maxItems": 0 }), json!([])),
        (json!({ "anyOf": [{ "type": "null" }, { "type": "integer" }] }), json!(1)),
        (
            json!({ "allOf": [
            { "properties": { "a": { "type": "integer" } } },
            { "properties": { "b": { "type": "boolean" } } },
        ] }),
            json!({ "a": 1, "b": true }),
        ),
        (json!({}), json!("text")),
        (json!(true), json!({})),
    ] {
        assert_eq!(instance(&schema), expected, "{schema}");
    }
}

#[test]
fn only_required_properties_are_there_unless_none_is_said_to_be() {
    let properties = json!({ "a": { "type": "integer" }, "b": { "type": "integer" } });
    let some = json!({ "type": "object", "properties": properties, "required": ["b"] });
    assert_eq!(instance(&some), json!({ "b": 1 }));
    assert_eq!(instance(&json!({ "type": "object", "properties": properties })), json!({ "a": 1, "b": 1 }));
}

#[test]
fn references_are_followed_and_recursion_ends() {
    let tree = json!({
        "$ref": "#/$defs/node",
        "$defs": { "node": {
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "next": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] },
                "children": { "type": "array", "items": { "$ref": "#/$defs/node" } },
            },
            "required": ["name", "next", "children"],
        } },
    });
    let document = instance(&tree);
    assert_eq!((document["name"].clone(), document["next"].clone()), (json!("text"), Value::Null));
    assert!(document.to_string().len() < 4_096);
    // What cannot be satisfied still ends.
    assert!(instance(&json!({ "$ref": "#" })).is_null());
}

#[test]
fn a_hostile_schema_gives_a_bounded_document() {
    let mut schema = json!({ "type": "string" });
    for _ in 0..6 {
        schema = json!({ "type": "array", "items": schema, "minItems": 1_000_000 });
    }
    assert!(values(&instance(&schema)) <= VALUES_MAX);
}

fn values(document: &Value) -> usize {
    1 + match document {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) => members.values().map(values).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn a_number_keeps_within_its_bounds(least in -100_i64..100, span in 0_i64..50) {
        let schema = json!({ "type": "integer", "minimum": least, "maximum": least + span });
        let number = instance(&schema).as_i64().unwrap();
        prop_assert!((least..=least + span).contains(&number));
    }
}
