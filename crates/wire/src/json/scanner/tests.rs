//! The grammar case by case, each case cut at every byte and every pair of bytes. The comparison with serde_json is in
//! `tests/it`.

use super::*;

fn scan_with(chunks: &[&[u8]], limits: ScanLimits) -> Result<Outline, ScanError> {
    let mut scanner = Scanner::new(limits);
    for chunk in chunks {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

fn scan(text: &[u8]) -> Result<Outline, ScanError> {
    scan_with(&[text], ScanLimits::default())
}

/// Scans whole, at every cut, at every pair of cuts and byte by byte; all must agree.
fn scan_every_way(text: &[u8], limits: ScanLimits) -> Result<Outline, ScanError> {
    let whole = scan_with(&[text], limits);
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(scan_with(&bytes, limits), whole, "byte by byte: {}", String::from_utf8_lossy(text));
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let chunks = [&text[..first], &text[first..second], &text[second..]];
            assert_eq!(
                scan_with(&chunks, limits),
                whole,
                "{first}, {second}: {}",
                String::from_utf8_lossy(text)
            );
        }
    }
    whole
}

fn refused(text: &[u8]) -> ScanError {
    scan_every_way(text, ScanLimits::default()).unwrap_err()
}

fn message(text: &str) -> String {
    refused(text.as_bytes()).to_string()
}

#[test]
fn members_are_listed_in_order_with_their_spans() {
    let text = br#" { "a" : 1 , "b\n":[{"c":"}"}], "a":"x" , "d":-0.5e+3,"e":null,"f":false,"g":{} } "#;
    let outline = scan_every_way(text, ScanLimits::default()).unwrap();
    assert_eq!(outline.kind, Kind::Object);
    assert_eq!(&text[outline.root.clone()], text.trim_ascii());
    let seen: Vec<(&str, &str, Kind, bool)> = outline
        .members
        .iter()
        .map(|member| {
            let span = |range: &Range<usize>| std::str::from_utf8(&text[range.clone()]).unwrap();
            (span(&member.key), span(&member.value), member.kind, member.escaped_key)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("a", "1", Kind::Number, false),
            ("b\\n", r#"[{"c":"}"}]"#, Kind::Array, true),
            ("a", r#""x""#, Kind::String, false),
            ("d", "-0.5e+3", Kind::Number, false),
            ("e", "null", Kind::Null, false),
            ("f", "false", Kind::Bool, false),
            ("g", "{}", Kind::Object, false),
        ]
    );
}

#[test]
fn a_document_that_is_no_object_has_a_kind_and_no_members() {
    for (text, kind) in [
        ("[1,[2],{\"a\":3}]", Kind::Array),
        (" \"a\\\"b\" ", Kind::String),
        ("0", Kind::Number),
        ("-12.5E-7", Kind::Number),
        ("true", Kind::Bool),
        ("\n null", Kind::Null),
    ] {
        let outline = scan_every_way(text.as_bytes(), ScanLimits::default()).unwrap();
        assert_eq!((outline.kind, outline.members.len()), (kind, 0), "{text}");
        assert_eq!(text.get(outline.root).unwrap(), text.trim());
    }
}

#[test]
fn elements_are_listed_only_on_request() {
    let mut scanner = Scanner::listing_elements(ScanLimits::default());
    scanner.feed(br#"[ 1, [2,3] ,{"a":4}]"#).unwrap();
    let spans: Vec<_> = scanner.finish().unwrap().members.into_iter().map(|element| element.value).collect();
    assert_eq!(spans, [2..3, 5..10, 12..19]);
}

#[test]
fn the_message_names_what_was_found_and_where() {
    assert_eq!(
        message(r#"{"messages":[{"content":"a" x}]}"#),
        "expected `,` or `}` but found `x` at line 1 column 29 (messages[0].content)"
    );
    assert_eq!(
        message("{\"a\":\n  [1,\n 2;]}"),
        "expected `,` or `]` but found `;` at line 3 column 3 (a[1])"
    );
    assert_eq!(message("{'a':1}"), "expected a key in quotes or `}` but found `'` at line 1 column 2");
    assert_eq!(message(r#"{"a":1,}"#), "expected a key in quotes but found `}` at line 1 column 8");
    assert_eq!(message(r#"{"a" 1}"#), "expected `:` but found `1` at line 1 column 6 (a)");
    assert_eq!(message(r#"{"a":NaN}"#), "expected a value but found `N` at line 1 column 6 (a)");
    assert_eq!(message("[1,]"), "expected a value but found `]` at line 1 column 4 ([1])");
    assert_eq!(message("trux"), "expected true but found `x` at line 1 column 4");
    assert_eq!(message("{} {"), "expected the end of the document but found `{` at line 1 column 4");
    assert_eq!(message(r#"{"a":{"b":"#), "the document ends too early at line 1 column 11 (a.b)");
    assert_eq!(message("\u{feff}{}"), "expected a value but found byte 0xef at line 1 column 1");
    assert_eq!(message(""), "the document ends too early at line 1 column 1");
}

#[test]
fn strings_follow_the_grammar() {
    for good in [r#""\"\\\/\b\f\n\r\t\u00e9\uD834\udd1e""#, "\"\u{7f}é€𝄞\"", r#""\ud800""#, r#""""#] {
        assert!(scan_every_way(good.as_bytes(), ScanLimits::default()).is_ok(), "{good}");
    }
    assert_eq!(refused(b"\"a\nb\"").problem, Problem::ControlCharacter { found: b'\n' });
    assert_eq!(refused(b"[\"a\\x\"]").problem, Problem::InvalidEscape);
    assert_eq!(refused(b"[\"\\u12g4\"]").problem, Problem::InvalidEscape);
    assert_eq!(refused(b"[\"\\u12\"]").problem, Problem::InvalidEscape);
    assert_eq!(refused(b"\"abc").problem, Problem::UnexpectedEnd);
}

#[test]
fn invalid_utf8_is_found_where_it_begins() {
    for (text, offset) in [
        (&b"\"\xff\""[..], 1),
        (b"\"a\xc3\"", 2),
        (b"\"a\xe2\x82\"", 2),
        (b"\"\xed\xa0\x80\"", 1),
        (b"\"\xf0\x9d\x84x\"", 1),
        (b"\"\xc0\xaf\"", 1),
        (b"\"\xc3\xa9\x80\"", 3),
        (b"{\"k\xff\":1}", 3),
        (b"\"\xc3\\n\"", 1),
    ] {
        let error = refused(text);
        assert_eq!((error.problem, error.offset), (Problem::InvalidUtf8, offset));
    }
}

#[test]
fn the_first_problem_is_reported_even_when_a_later_one_is_found_first() {
    assert_eq!(refused(b"\"\xff\n\"").problem, Problem::InvalidUtf8);
    assert_eq!(refused(b"\"\n\xff\"").problem, Problem::ControlCharacter { found: b'\n' });
    assert_eq!(refused(b"\"\xc3\xa9\\q\xff\"").problem, Problem::InvalidEscape);
}

#[test]
fn numbers_follow_the_grammar() {
    for good in ["0", "-0", "10", "1.5", "1e5", "1E+05", "-0.0e-0", "123456789012345678901234567890"] {
        assert!(scan_every_way(good.as_bytes(), ScanLimits::default()).is_ok(), "{good}");
    }
    for bad in ["01", "-", "-x", "1.", "1.e1", "1e", "1e+", ".5", "+1", "0x10", "1.5.5", "--1", "[1", "1e5.5"]
    {
        assert!(scan_every_way(bad.as_bytes(), ScanLimits::default()).is_err(), "{bad}");
    }
    assert_eq!(refused(b"[01]").problem, Problem::InvalidNumber);
    assert_eq!(refused(b"[1.]").problem, Problem::InvalidNumber);
    assert_eq!(refused(b"1.").problem, Problem::UnexpectedEnd);
}

#[test]
fn depth_and_width_are_bounded() {
    let limits = ScanLimits { depth_max: 2, members_max: 2 };
    assert!(scan_every_way(br#"{"a":[1],"b":{}}"#, limits).is_ok());
    let deep = scan_every_way(br#"{"a":[[1]]}"#, limits).unwrap_err();
    assert_eq!(deep.to_string(), "nested deeper than 2 levels at line 1 column 7 (a[0])");
    let wide = scan_every_way(br#"{"a":1,"b":2,"c":3}"#, limits).unwrap_err();
    assert_eq!(wide.problem, Problem::TooManyMembers { members_max: 2 });
    assert!(
        scan_every_way(br#"{"a":{"b":1,"c":2,"d":3}}"#, limits).is_ok(),
        "only the top level is remembered"
    );
}

#[test]
fn deep_nesting_uses_no_stack() {
    let text = ["[".repeat(60_000), "]".repeat(60_000)].concat();
    let limits = ScanLimits { depth_max: u16::MAX, members_max: 1 };
    assert!(scan_with(&[text.as_bytes()], limits).is_ok());
}

#[test]
fn a_refused_document_stays_refused() {
    let mut scanner = Scanner::new(ScanLimits::default());
    let error = scanner.feed(b"{x").unwrap_err();
    assert_eq!(scanner.feed(b"{}").unwrap_err(), error);
    assert_eq!(scanner.finish().unwrap_err(), error);
}

#[test]
fn a_path_names_keys_of_chunks_that_are_gone() {
    let long = "k".repeat(100);
    let text = format!(r#"{{"tools":[{{}},{{"{long}":{{"n\"é":[0,!]}}}}]}}"#);
    let error = refused(text.as_bytes());
    assert_eq!(error.path, format!(r#"tools[1].{}.n\"é[1]"#, "k".repeat(64)));
}

#[test]
fn a_path_is_bounded() {
    let key = format!("{{\"{}\":", "x".repeat(200));
    let error = scan(key.repeat(100).as_bytes()).unwrap_err();
    assert!(error.path.len() < 600 && error.path.ends_with('…'), "{}", error.path);
}
