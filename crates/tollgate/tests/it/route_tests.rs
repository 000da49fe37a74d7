//! The tests that a configuration brings along, and `tollgate explain`, run as a person would.

use serde_json::Value;

use crate::cli::{complaint, out, run};

const ROUTES: &str = "
providers:
  openai: { credentials: [sk-1] }
  groq: { credentials: [sk-2] }
routes:
  chat:
    strategy:
      mode: conditional
      conditions: [{ query: time.hour >= 22, then: night }]
      default: day
    targets:
      - name: day
        strategy: { mode: fallback }
        targets: [{ target: openai/gpt-4o }, { target: groq/llama-3.3-70b-versatile }]
      - name: night
        strategy: { mode: loadbalance }
        targets: [{ target: groq/a, weight: 3 }, { target: groq/b }]
keys:
  - { name: narrow, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000000', models: [gpt-*] }
";
const TESTS: &str = "
tests:
  - name: by day OpenAI answers, then Groq
    body: { model: chat, messages: [] }
    at: 2026-11-27T12:00:00Z
    expect: { targets: [openai/gpt-4o, groq/llama-3.3-70b-versatile] }
  - name: Groq takes over
    body: { model: chat, messages: [] }
    at: 2026-11-27T12:00:00Z
    down: [openai]
    expect: { targets: [groq/llama-3.3-70b-versatile] }
  - name: the night is Groq's
    body: { model: chat, messages: [] }
    at: 2026-11-27T23:00:00Z
    expect: { first_of: [groq/a, groq/b] }
  - name: not with every key
    key: narrow
    body: { model: chat, messages: [] }
    expect: { refused: TG2003 }
";

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tollgate.yaml"), text).unwrap();
    std::fs::write(folder.path().join("request.json"), r#"{"model": "chat", "messages": []}"#).unwrap();
    folder
}

#[test]
fn tests_that_hold_are_counted() {
    let folder = folder(&format!("{ROUTES}{TESTS}"));
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.success(), "{}", complaint(&checked));
    assert!(out(&checked).contains("4 tests of its routes passed"), "{}", out(&checked));
}

#[test]
fn a_test_that_fails_is_told_with_its_line_and_what_was_found() {
    let wrong = TESTS
        .replace(
            "expect: { targets: [openai/gpt-4o, groq/llama-3.3-70b-versatile] }",
            "expect: { targets: [openai/gpt-4o] }",
        )
        .replace("first_of: [groq/a, groq/b]", "first_of: [groq/a]")
        .replace("refused: TG2003", "targets: [openai/gpt-4o]");
    let folder = folder(&format!("{ROUTES}{wrong}"));
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    for part in [
        "tollgate.yaml:22: by day OpenAI answers, then Groq: expected openai/gpt-4o; found openai/gpt-4o, then groq/llama-3.3-70b-versatile",
        "the night is Groq's: expected one of groq/a first; found groq/b",
        "not with every key: expected openai/gpt-4o; it is refused with TG2003",
        "the request's facts lead elsewhere",
        "3 of 4 tests failed",
    ] {
        assert!(complaint(&checked).contains(part), "{part} is not in {}", complaint(&checked));
    }
}

#[test]
fn a_test_that_is_none_is_a_mistake_with_its_line() {
    for (wrong, part) in [
        (
            "tests:\n  - { name: a, body: {}, expect: {} }",
            "expected one of `targets`, `first_of` and `refused`",
        ),
        ("tests:\n  - { name: a, body: {}, expect: { refused: TG1 } }", "there is no error `TG1`"),
        (
            "tests:\n  - { name: a, body: {}, at: noon, expect: { refused: TG2003 } }",
            "expected a time such as",
        ),
        (
            "tests:\n  - { name: a, body: {}, key: nobody, expect: { refused: TG2003 } }",
            "no key is named `nobody`",
        ),
    ] {
        let folder = folder(&format!("{ROUTES}{wrong}"));
        let checked = run(folder.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(1));
        let told = complaint(&checked);
        assert!(told.contains("tollgate.yaml:2") && told.contains(part), "{told}");
    }
}

#[test]
fn a_request_is_explained_to_people_and_to_programs() {
    let folder = folder(ROUTES);
    let arguments = ["explain", "request.json", "--at", "2026-11-27T12:00:00Z", "--down", "openai/gpt-4o"];
    let told = run(folder.path(), &arguments);
    assert!(told.status.success(), "{}", complaint(&told));
    for line in
        ["route chat", "✗   openai/gpt-4o", "is down, as was said", "1.  groq/llama-3.3-70b-versatile"]
    {
        assert!(out(&told).contains(line), "{line} is not in {}", out(&told));
    }
    let json = run(folder.path(), &[&arguments[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(out(&json)).unwrap();
    assert_eq!(json["decision"]["targets"][1]["turn"], 1);
    let refused = run(folder.path(), &["explain", "request.json", "--key", "narrow"]);
    assert!(out(&refused).starts_with("refused with 403 (TG2003)"), "{}", out(&refused));
    for wrong in [
        &["explain", "nothing.json"][..],
        &["explain", "request.json", "--key", "nobody"],
        &["explain", "request.json", "--header", "x"],
    ] {
        assert_eq!(run(folder.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
}
