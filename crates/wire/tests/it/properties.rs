//! The laws on generated documents, valid and broken, and on generated streams.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;
use wire::json::ScanLimits;

use crate::laws::{self, Change};

/// Text between tokens.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just(String::new()), 1 => Just(" ".to_owned()), 1 => "[ \t\r\n]{0,3}"]
}

/// A string with its quotes: plain, beyond ASCII, escaped, long enough to leave the scalar path.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z ,:{}\\[\\]]{0,12}",
        1 => "[a-zA-Z0-9+/]{60,140}",
        1 => Just("é€𝄞\u{7f}".to_owned()),
        1 => Just(r"\n\\\/\u00e9\ud834\udd1e".to_owned()),
        1 => Just(r#"\""#.to_owned()),
    ];
    vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?"
}

/// Keys from a small set, so that they meet each other and the edited key, escaped and not.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#""model""#.to_owned()),
        Just(r#""mod\u0065l""#.to_owned()),
        Just(r#""a""#.to_owned()),
        Just(r#""b""#.to_owned()),
        Just(r#""""#.to_owned()),
        string(),
    ]
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member =
        (space(), key(), space(), value).prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{value}"));
    (vec(member, 0..6), space()).prop_map(|(members, end)| format!("{{{}{end}}}", members.join(",")))
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        2 => Just("null".to_owned()),
        2 => Just("true".to_owned()),
        2 => Just("false".to_owned()),
        3 => number(),
        4 => string(),
    ];
    let padded = (space(), leaf, space()).prop_map(|(before, leaf, after)| format!("{before}{leaf}{after}"));
    padded.prop_recursive(4, 40, 6, |inner| {
        let array = (vec(inner.clone(), 0..5), space()).prop_map(|(items, end)| {
            if items.is_empty() { format!("[{end}]") } else { format!("[{}]", items.join(",")) }
        });
        let padded = prop_oneof![array, object(inner)];
        (space(), padded, space()).prop_map(|(before, value, after)| format!("{before}{value}{after}"))
    })
}

/// An object, at times with a member that makes it larger than what an edit copies whole.
fn document() -> impl Strategy<Value = String> {
    (object(value()), 0..8).prop_map(|(text, size)| {
        let pad = format!("{{\"pad\":\"{}\"", "x".repeat(20_000));
        match text.strip_prefix('{') {
            Some(rest) if size == 0 && rest.trim_start() == "}" => format!("{pad}{rest}"),
            Some(rest) if size == 0 => format!("{pad},{rest}"),
            _ => text,
        }
    })
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// A document with a few bytes replaced, inserted or removed.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => prop::sample::select(b"{}[]\",:\\0e.-tfn \n\x00\x1f".to_vec()),
        1 => any::<u8>(),
    ];
    let damage = (any::<prop::sample::Index>(), 0..3, byte);
    (value(), vec(damage, 1..4)).prop_map(|(text, damages)| {
        let mut bytes = text.into_bytes();
        for (at, how, byte) in damages {
            let at = at.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|slot| *slot = byte),
            }
        }
        bytes
    })
}

/// An event stream of fields, comments and all line ends.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "(data|event|id): ?[a-z]{0,20}",
        1 => ": [a-z]{0,8}",
        3 => Just("\n".to_owned()),
        2 => Just("\r\n".to_owned()),
        2 => Just("\r".to_owned()),
        1 => Just("\u{feff}".to_owned()),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn valid_documents_are_read_as_serde_json_reads_them(text in value()) {
        prop_assert!(is_json(&text), "the generator is wrong: {text}");
        laws::the_scanner_agrees_with_serde_json(text.as_bytes());
    }

    #[test]
    fn broken_documents_are_judged_as_serde_json_judges_them(text in broken()) {
        laws::the_scanner_agrees_with_serde_json(&text);
    }

    #[test]
    fn the_cuts_of_a_document_are_invisible(text in broken(), cuts in vec(any::<usize>(), 0..8), depth_max in 1u16..6) {
        laws::the_outline_does_not_depend_on_chunks(&text, &cuts, ScanLimits { depth_max, members_max: 4 });
        laws::the_outline_does_not_depend_on_chunks(&text, &cuts, ScanLimits::default());
    }

    #[test]
    fn an_edit_changes_nothing_else(
        text in document(),
        cuts in vec(any::<usize>(), 0..4),
        change in prop::sample::select(vec![Change::Set, Change::Default, Change::Remove]),
        key in prop::sample::select(vec!["model", "a", "b", "", "new\""]),
        raw in value(),
    ) {
        prop_assert!(is_json(&text), "the generator is wrong: {text}");
        laws::an_edit_changes_nothing_else(text.as_bytes(), &cuts, change, key, raw.as_bytes());
    }

    #[test]
    fn a_merge_is_the_merge_of_the_values(
        text in document(),
        key in prop::sample::select(vec!["model", "a", "b", ""]),
        patch in prop_oneof![1 => value(), 3 => object(value())],
    ) {
        laws::a_merge_is_the_merge_of_the_values(text.as_bytes(), key, patch.as_bytes());
    }

    #[test]
    fn a_dropped_path_is_gone_from_the_value(
        text in object(prop_oneof![value(), object(value())]),
        path in prop::sample::select(vec!["a", "a.b", "b[0]", "a[*]", "a[*].b", "b[*][0]", "a.model.b"]),
    ) {
        laws::a_dropped_path_is_gone_from_the_value(text.as_bytes(), path);
    }

    #[test]
    fn the_cuts_of_an_array_are_invisible(
        elements in vec(prop_oneof![8 => object(value()), 1 => value()], 0..4),
        separator in prop_oneof![8 => Just(",\r\n"), 1 => Just(" "), 1 => Just("}")],
        cuts in vec(any::<usize>(), 0..8),
        frame_bytes_max in prop_oneof![4 => Just(1 << 20), 1 => 0usize..80],
    ) {
        let array = format!("[{}]", elements.join(separator));
        laws::elements_do_not_depend_on_chunks(array.as_bytes(), &cuts, frame_bytes_max);
    }

    #[test]
    fn the_cuts_of_a_stream_are_invisible(
        stream in stream(),
        cuts in vec(any::<usize>(), 0..8),
        frame_bytes_max in prop_oneof![Just(1 << 20), 4usize..80],
    ) {
        laws::frames_do_not_depend_on_chunks(&stream, &cuts, frame_bytes_max);
    }
}
