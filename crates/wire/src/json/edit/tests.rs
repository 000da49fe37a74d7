//! Edits byte for byte: commas, whitespace, order and refusals. The laws over any document are in `tests/it`.

use super::*;
use crate::json::DuplicateKey;

fn document(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap()
}

/// Applies one edit to a text.
fn edited(text: &str, change: impl FnOnce(&mut Edit<'_>) -> Result<(), EditError>) -> String {
    let document = document(text);
    let mut edit = Edit::new(&document);
    change(&mut edit).unwrap();
    String::from_utf8(edit.apply().into_bytes().to_vec()).unwrap()
}

fn refused(text: &str, change: impl FnOnce(&mut Edit<'_>) -> Result<(), EditError>) -> EditError {
    let document = document(text);
    change(&mut Edit::new(&document)).unwrap_err()
}

fn without_path(text: &str, path: &str) -> String {
    edited(text, |edit| edit.remove_path(&path.parse().unwrap()).map(|_| ()))
}

#[test]
fn a_value_is_replaced_in_place() {
    let text = r#"{ "a" : 1.0 , "model" :  "gpt" ,"z":[ 1 ] }"#;
    let new = edited(text, |edit| edit.set("model", br#""claude""#).map(|_| ()));
    assert_eq!(new, r#"{ "a" : 1.0 , "model" :  "claude" ,"z":[ 1 ] }"#);
}

#[test]
fn an_escaped_key_is_the_same_key_and_keeps_its_text() {
    assert_eq!(
        edited(r#"{"mod\u0065l":1}"#, |edit| edit.set("model", b"2").map(|_| ())),
        r#"{"mod\u0065l":2}"#
    );
}

#[test]
fn an_absent_member_is_appended_last() {
    let set = |text| edited(text, |edit| edit.set("n\"", b"1").map(|_| ()));
    assert_eq!(set("{}"), r#"{"n\"":1}"#);
    assert_eq!(set(" { } "), r#" {"n\"":1 } "#);
    assert_eq!(set("{\"a\":0\n}"), "{\"a\":0,\"n\\\"\":1\n}");
}

#[test]
fn a_default_yields_to_what_is_there() {
    let default = |text| edited(text, |edit| edit.default("a", b"1").map(|_| ()));
    assert_eq!(default("{}"), r#"{"a":1}"#);
    assert_eq!(default(r#"{"a":null}"#), r#"{"a":null}"#);
}

#[test]
fn a_removed_member_takes_one_comma_with_it() {
    let text = r#"{ "a":1 , "b":2 , "c":3 }"#;
    for (keys, expected) in [
        (&["a"][..], r#"{ "b":2 , "c":3 }"#),
        (&["b"], r#"{ "a":1 , "c":3 }"#),
        (&["c"], r#"{ "a":1 , "b":2 }"#),
        (&["a", "b"], r#"{ "c":3 }"#),
        (&["b", "c"], r#"{ "a":1 }"#),
        (&["c", "a"], r#"{ "b":2 }"#),
        (&["c", "b", "a"], "{  }"),
        (&["x"], text),
    ] {
        let new = edited(text, |edit| keys.iter().try_for_each(|key| edit.remove(key).map(|_| ())));
        assert_eq!(new, expected, "{keys:?}");
    }
}

#[test]
fn removing_and_appending_keep_the_commas_right() {
    let replace_all = |text, keys: &[&str]| {
        edited(text, |edit| {
            keys.iter().try_for_each(|key| edit.remove(key).map(|_| ()))?;
            edit.set("x", b"8")?.set("y", b"9").map(|_| ())
        })
    };
    assert_eq!(replace_all(r#"{"a":1,"b":2}"#, &["a", "b"]), r#"{"x":8,"y":9}"#);
    assert_eq!(replace_all(r#"{"a":1,"b":2}"#, &["b"]), r#"{"a":1,"x":8,"y":9}"#);
    assert_eq!(replace_all(r#"{"a":1,"b":2}"#, &["a"]), r#"{"b":2,"x":8,"y":9}"#);
}

#[test]
fn later_edits_see_earlier_ones() {
    let new = edited(r#"{"a":1}"#, |edit| {
        edit.set("a", b"2")?.remove("a")?.default("a", b"3")?.set("b", b"{}")?;
        edit.set_within("b", "c", b"4")?.merge("b", br#"{"d":5}"#)?;
        edit.set("gone", b"1")?.remove("gone").map(|_| ())
    });
    assert_eq!(new, r#"{"a":3,"b":{"c":4,"d":5}}"#);
}

#[test]
fn a_member_within_an_object_is_set_and_the_object_made_when_needed() {
    let set = |text| edited(text, |edit| edit.set_within("o", "k", b"true").map(|_| ()));
    assert_eq!(set("{}"), r#"{"o":{"k":true}}"#);
    assert_eq!(set(r#"{"o":null}"#), r#"{"o":{"k":true}}"#);
    assert_eq!(set(r#"{"o":{ "k":false , "x" : 1.50 }}"#), r#"{"o":{ "k":true , "x" : 1.50 }}"#);
    let error = refused(r#"{"o":[1]}"#, |edit| edit.set_within("o", "k", b"1").map(|_| ()));
    assert_eq!(error.to_string(), "`o` must be an object, found an array");
}

#[test]
fn a_member_of_each_object_in_an_array_is_replaced_where_there_is_one() {
    let named = |text| edited(text, |edit| edit.set_in_each("r", "m", b"\"b\"").map(|_| ()));
    assert_eq!(
        named(r#"{"r":[ {"m" : "a", "x":1.0},{"x":{"m":"a"}} ,{"\u006d":"a"},"m",3]}"#),
        r#"{"r":[ {"m" : "b", "x":1.0},{"x":{"m":"a"}} ,{"\u006d":"b"},"m",3]}"#
    );
    for same in [r#"{"r":[{"m":"b"}]}"#, r#"{"r": {"m":"a"}}"#, r#"{"r":7}"#, r#"{"m":"a"}"#] {
        assert_eq!(named(same), same);
    }
    let error = refused(r#"{"r":[{"m":"b","m":"a"}]}"#, |edit| edit.set_in_each("r", "m", b"1").map(|_| ()));
    assert!(error.to_string().starts_with("`r.m` occurs more than once"), "{error}");
}

#[test]
fn objects_merge_and_anything_else_replaces() {
    let merge = |text, patch: &str| edited(text, |edit| edit.merge("o", patch.as_bytes()).map(|_| ()));
    assert_eq!(
        merge(r#"{"o":{"a":{"x":1,"y":[1]},"b": 2.0}}"#, r#"{"a":{"y":[2],"z":null},"c":{"d":1}}"#),
        r#"{"o":{"a":{"x":1,"y":[2],"z":null},"b": 2.0,"c":{"d":1}}}"#
    );
    assert_eq!(merge(r#"{"o":[1]}"#, r#"{"a":1}"#), r#"{"o":{"a":1}}"#);
    assert_eq!(merge(r#"{"o":{"a":1}}"#, "7"), r#"{"o":7}"#);
    assert_eq!(merge("{}", r#"{"a":{"b":1}}"#), r#"{"o":{"a":{"b":1}}}"#);
}

#[test]
fn a_merged_object_must_be_clear() {
    let merge =
        |patch: &str| refused(r#"{"o":{"a":{"x":1}}}"#, |edit| edit.merge("o", patch.as_bytes()).map(|_| ()));
    assert!(matches!(merge(r#"{"a":null,"\u0061":{}}"#), EditError::Duplicate(_)));
    assert_eq!(merge(r#"{"\ud800":1}"#), EditError::UnpairedSurrogate);
}

#[test]
fn paths_lead_into_objects_and_arrays() {
    let text =
        r#"{"messages":[{"role":"user","name":"a"}, {"name":"b"} ,{"x":1}],"tools":[{"x":1,"y":2},{"x":1}]}"#;
    assert_eq!(
        without_path(text, "messages[*].name"),
        r#"{"messages":[{"role":"user"}, {} ,{"x":1}],"tools":[{"x":1,"y":2},{"x":1}]}"#
    );
    assert_eq!(without_path(text, "tools[0].x"), text.replace(r#""x":1,"y":2"#, r#""y":2"#));
    assert_eq!(without_path(r#"{"a":{"b":{"c":1,"d":2}}}"#, "a.b.c"), r#"{"a":{"b":{"d":2}}}"#);
    assert_eq!(without_path(r#"{"a":[1, 2, 3]}"#, "a[1]"), r#"{"a":[1, 3]}"#);
    assert_eq!(without_path(r#"{"a":[1, 2, 3]}"#, "a[*]"), r#"{"a":[]}"#);
    assert_eq!(without_path(r#"{"a":[[1,2],[3]]}"#, "a[*][0]"), r#"{"a":[[2],[]]}"#);
    assert_eq!(without_path(r#"{"a":1,"b":2}"#, "a"), r#"{"b":2}"#);
    for nowhere in ["x", "a.x", "a[0]", "a[*]", "a.b.c", "l[9]", "l.x"] {
        let text = r#"{"a":{"b":1},"l":[1]}"#;
        assert_eq!(without_path(text, nowhere), text, "{nowhere}");
    }
}

#[test]
fn an_ambiguous_key_is_never_edited() {
    let text = r#"{"a":1,"\u0061":2,"o":{"k":1,"k":2},"l":[{"k":1,"k":2}],"b":3}"#;
    let key = |error: EditError| match error {
        EditError::Duplicate(DuplicateKey { key }) => key,
        other => panic!("{other}"),
    };
    assert_eq!(key(refused(text, |edit| edit.set("a", b"1").map(|_| ()))), "a");
    assert_eq!(key(refused(text, |edit| edit.default("a", b"1").map(|_| ()))), "a");
    assert_eq!(key(refused(text, |edit| edit.remove("a").map(|_| ()))), "a");
    assert_eq!(key(refused(text, |edit| edit.set_within("o", "k", b"1").map(|_| ()))), "o.k");
    assert_eq!(key(refused(text, |edit| edit.merge("o", br#"{"k":1}"#).map(|_| ()))), "k");
    assert_eq!(key(refused(text, |edit| edit.remove_path(&"l[0].k".parse().unwrap()).map(|_| ()))), "l.k");
    assert_eq!(edited(text, |edit| edit.set("b", b"4").map(|_| ())), text.replace("\"b\":3", "\"b\":4"));
}

#[test]
fn a_new_value_must_be_json() {
    for bad in ["", "{", "1 2", "{\"a\":}", "\u{1}"] {
        let error = refused("{}", |edit| edit.set("a", bad.as_bytes()).map(|_| ()));
        assert!(matches!(&error, EditError::InvalidValue { key, .. } if key == "a"), "{error}");
    }
    let deep = ["[".repeat(65), "]".repeat(65)].concat();
    assert!(matches!(
        refused("{}", |edit| edit.merge("a", deep.as_bytes()).map(|_| ())),
        EditError::InvalidValue { .. }
    ));
}

#[test]
fn only_an_object_can_be_edited() {
    let error = refused("[1]", |edit| edit.set("a", b"1").map(|_| ()));
    assert_eq!(error.to_string(), "the body must be an object, found an array");
}

#[test]
fn without_edits_the_chunks_pass_untouched() {
    let chunks = [Bytes::from_static(br#"{"a":"#), Bytes::from_static(b"1}")];
    let mut scanner = Scanner::new(ScanLimits::default());
    chunks.iter().for_each(|chunk| scanner.feed(chunk).unwrap());
    let document = Document::from_parts(chunks.iter().cloned().collect(), scanner.finish().unwrap());
    let segments = Edit::new(&document).apply();
    assert_eq!(segments.len_bytes(), 7);
    assert!(
        segments.iter().zip(&chunks).all(|(new, old)| new.as_ptr() == old.as_ptr() && new.len() == old.len())
    );
}

#[test]
fn a_large_body_is_sent_in_slices_around_the_replacement() {
    let text = format!(r#"{{"model":"a","image":"{}"}}"#, "x".repeat(FLAT));
    let document = document(&text);
    let mut edit = Edit::new(&document);
    edit.set("model", br#""b""#).unwrap();
    let segments = edit.apply();
    let original = document.body().chunks()[0].as_ptr_range();
    let shared = segments.iter().filter(|piece| original.contains(&piece.as_ptr())).count();
    assert_eq!((segments.iter().count(), shared), (3, 2));
    assert_eq!(segments.into_bytes(), text.replace("\"a\"", "\"b\""));
}

#[test]
fn a_small_body_is_sent_whole() {
    let document = document(r#"{"model":"a","image":"x"}"#);
    let mut edit = Edit::new(&document);
    edit.set("model", br#""b""#).unwrap();
    assert_eq!(edit.apply().iter().count(), 1);
}

/// A body larger than what is copied whole.
const FLAT: usize = 20 * 1024;
