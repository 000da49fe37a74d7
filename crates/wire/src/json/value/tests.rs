//! Laws of reading values; the scanner and serde_json are the oracles of what is valid.

use proptest::prelude::*;

use super::*;
use crate::json::{ScanLimits, Scanner};

fn read(text: &str) -> Value<'_> {
    Value::parse(text.as_bytes()).unwrap()
}

fn scans(bytes: &[u8]) -> bool {
    let mut scanner = Scanner::new(ScanLimits { depth_max: 128, members_max: usize::MAX });
    scanner.feed(bytes).and_then(|()| scanner.finish()).is_ok()
}

#[test]
fn what_is_not_asked_for_cannot_fail() {
    let value = read(r#" {"a":{"b":[1,"x",{"c":2}]},"code":429,"s":"\u0061","a2":1e9,"z":null} "#);
    assert_eq!(value.at(&["a", "b"]).unwrap().elements().len(), 3);
    assert_eq!(value.at(&["a", "b", "c"]), None);
    assert_eq!(value.get("code").unwrap().as_label().unwrap(), "429");
    assert_eq!(value.get("code").unwrap().as_u64(), Some(429));
    assert_eq!(value.get("s").unwrap().as_str().unwrap(), "a");
    assert_eq!(value.get("a2").unwrap().as_u64(), None);
    assert_eq!(value.get("a2").unwrap().as_f64(), Some(1e9));
    assert_eq!(value.get("z").unwrap().kind(), Kind::Null);
    assert_eq!(value.present("z"), None);
    let keys: Vec<&str> = value.members().iter().map(|(key, _)| key.as_ref()).collect();
    assert_eq!(keys, ["a", "code", "s", "a2", "z"]);
}

#[test]
fn parts_are_copied_as_they_stood() {
    let value = read(r#"{"schema": { "b" : 1.0, "a":[ ] } ,"text":"a\/\ud800","n":-0.50e+1}"#);
    assert_eq!(value.get("schema").unwrap().raw(), r#"{ "b" : 1.0, "a":[ ] }"#);
    assert_eq!(value.get("n").unwrap().as_number(), Some("-0.50e+1"));
    let text = value.get("text").unwrap();
    assert_eq!((text.raw(), text.as_str()), (r#""a\/\ud800""#, None));
}

#[test]
fn of_duplicates_the_last_counts() {
    assert_eq!(read(r#"{"a":1,"\u0061":2}"#).get("a").unwrap().as_u64(), Some(2));
}

#[test]
fn only_text_and_filled_containers_have_substance() {
    assert!(["\"x\"", "[0]", r#"{"a":1}"#].iter().all(|text| read(text).has_substance()));
    assert!(["\"\"", "[ ]", "{}", "null", "7", "true"].iter().all(|text| !read(text).has_substance()));
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(Value::parse(nested(128).as_bytes()).is_ok());
    assert!(Value::parse(nested(129).as_bytes()).is_err());
}

#[test]
fn a_fault_is_found_where_it_is() {
    for (text, offset) in [("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("01", 1), ("\"\\x\"", 2), ("[1 2]", 3)] {
        assert_eq!(Value::parse(text.as_bytes()), Err(NotJson { offset }), "{text}");
    }
    assert_eq!(Value::parse(b"\"a\xff\""), Err(NotJson { offset: 2 }));
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(".{0,6}", inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn rebuilt(value: &Value<'_>) -> serde_json::Value {
    match value.kind() {
        Kind::Array => value.elements().iter().map(rebuilt).collect(),
        Kind::Object => {
            value.members().iter().map(|(key, value)| (key.to_string(), rebuilt(value))).collect()
        }
        _ => serde_json::from_str(value.raw()).unwrap(),
    }
}

proptest! {
    #[test]
    fn everything_that_is_written_is_read(json in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
        prop_assert_eq!(rebuilt(&read(&text)), json);
    }

    #[test]
    fn the_scanner_agrees_on_what_is_json(bytes in prop_oneof![
        "[\\[\\]{}\",:0-9a-z\\\\.eE+\\- \n-]{0,24}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..24),
    ]) {
        prop_assert_eq!(Value::parse(&bytes).is_ok(), scans(&bytes), "{:?}", String::from_utf8_lossy(&bytes));
    }
}
