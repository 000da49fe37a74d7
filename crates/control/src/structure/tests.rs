//! The check against a small schema: what passes, how it comes out, and every kind of mistake.

use serde_json::{Value as Json, json};

use super::check;
use crate::yaml::read;

fn schema() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "secret": {"$ref": "#/$defs/Secret", "description": "x"},
            "count": {"type": ["integer", "null"], "minimum": 0, "maximum": 10},
            "share": {"type": ["number", "null"]},
            "on": {"type": "boolean"},
            "wait": {"anyOf": [{"$ref": "#/$defs/Span"}, {"type": "null"}]},
            "mode": {"$ref": "#/$defs/Mode"},
            "level": {"anyOf": [{"$ref": "#/$defs/Level"}, {"type": "null"}]},
            "list": {"type": "array", "items": {"type": "string"}},
            "free": {"type": ["object", "null"], "additionalProperties": true},
            "children": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/Child"}},
            "attempts": {"type": "integer", "x-aliases": ["tries"]},
        },
        "$defs": {
            "Secret": {"type": "string", "writeOnly": true},
            "Span": {"type": ["string", "integer"], "format": "time-span", "minimum": 0},
            "Mode": {"type": "string", "enum": ["single", "fallback"]},
            "Level": {"oneOf": [{"const": "low", "description": "x"}, {"const": "high", "description": "y"}]},
            "Child": {"type": "object", "additionalProperties": false, "properties": {"age": {"type": "integer"}}},
        },
    })
}

fn passed(text: &str) -> Json {
    let checked = check(&read(text).0.unwrap(), &schema());
    assert_eq!(checked.problems, []);
    checked.json.unwrap()
}

/// The problem lines of a text that is wrong.
fn refused(text: &str) -> Vec<String> {
    let checked = check(&read(text).0.unwrap(), &schema());
    assert_eq!(checked.json, None);
    let line = |problem: &crate::problem::ConfigProblem| {
        let at = problem.position.unwrap();
        format!("{}:{}: {}: {}", at.line, at.column, problem.path, problem.message)
    };
    checked.problems.iter().map(line).collect()
}

#[test]
fn what_passes_comes_out_as_the_schema_has_it() {
    let text = "
name: 4
count: 0x0A
share: 1
on: true
wait: 250ms
mode: fallback
level: high
list: [a, 1.10, 'true']
free: {a: 1, b: 1.5, c: 'x', d: null, e: [true]}
children: {one: {age: 3}}
tries: 2
";
    assert_eq!(
        passed(text),
        json!({
            "name": "4", "count": 10, "share": 1.0, "on": true, "wait": "250ms", "mode": "fallback", "level": "high",
            "list": ["a", "1.10", "true"], "free": {"a": 1, "b": 1.5, "c": "x", "d": null, "e": [true]},
            "children": {"one": {"age": 3}}, "attempts": 2,
        })
    );
    assert_eq!(passed("name: x\nwait: 250\n")["wait"], 250);
}

#[test]
fn a_key_without_a_value_counts_as_not_written() {
    assert_eq!(passed("name: x\nlist:\nchildren:\n  # all commented out\n"), json!({"name": "x"}));
    assert_eq!(refused("name:\n"), ["1:1: name: it is missing"]);
}

#[test]
fn every_kind_of_mistake_is_found_at_once() {
    let text = "
nam: x
count: 11
share: much
on: yes
wait: soon
mode: falback
level: [low]
list: {a: b}
children:
  one: {age: 1.5, agge: 2}
  two: []
attempts: '3'
";
    assert_eq!(
        refused(text),
        [
            "2:1: nam: unknown key; did you mean `name`?",
            "3:8: count: expected a whole number from 0 to 10, found 11",
            "4:8: share: expected a number, found a text",
            "5:5: on: expected true or false, found a text",
            "6:7: wait: expected a time such as \"250ms\", \"30s\", \"10m\" or \"1h\", or a number of milliseconds, found `soon`",
            "7:7: mode: expected `single` or `fallback`, found `falback`; did you mean `fallback`?",
            "8:8: level: expected a text, found a list",
            "9:7: list: expected a list, found keys with values",
            "11:14: children.one.age: expected a whole number, found the number 1.5",
            "11:19: children.one.agge: unknown key; did you mean `age`?",
            "12:8: children.two: expected keys with values, found a list",
            "13:11: attempts: expected a whole number, found a text",
            "2:1: name: it is missing",
        ]
    );
}

#[test]
fn numbers_outside_what_json_or_the_schema_holds_are_refused() {
    assert_eq!(
        refused("name: x\ncount: -1\n"),
        ["2:8: count: expected a whole number from 0 to 10, found -1"]
    );
    assert_eq!(
        refused("name: x\nwait: -5\n"),
        ["2:7: wait: expected a whole number of at least 0, found -5"]
    );
    assert_eq!(passed("name: x\nattempts: 18446744073709551615\n")["attempts"], u64::MAX);
}

#[test]
fn secret_fields_are_remembered_so_that_no_message_shows_them() {
    let checked = check(&read("name: x\nsecret: sk-12345\n").0.unwrap(), &schema());
    assert_eq!(checked.secrets.apply("it said sk-12345"), "it said (hidden)");
}
