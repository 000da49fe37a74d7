//! The starter must load as it is, and with every suggestion taken.

use std::sync::Arc;

use control::settings::StatePlace;
use control::{DiskEnvironment, Loader};
use domain::KeyHash;

use super::starter;

fn loader() -> Loader {
    let environment = DiskEnvironment(|name: &str| name.ends_with("_API_KEY").then(|| "sk-x".to_owned()));
    Loader::new("tollgate.yaml", Arc::new(environment))
}

#[test]
fn the_starter_loads_and_lets_its_key_in() {
    let hash = KeyHash::of("tg-first");
    let loaded = loader().load_text(&starter("first", hash), 1).unwrap();
    assert_eq!(loaded.snapshot.keys[&hash].key.name.as_str(), "first");
    assert!(loaded.snapshot.provider("openai").is_some());
}

/// A suggestion is a comment that looks like a setting: `key:` or a list item.
fn taken(line: &str) -> String {
    let Some((indent, rest)) = line.split_once("# ").filter(|(indent, _)| indent.trim().is_empty()) else {
        return format!("{line}\n");
    };
    let first = rest.split_whitespace().next().unwrap_or_default();
    let is_setting =
        first == "-" || (first.ends_with(':') && first.starts_with(|l: char| l.is_ascii_lowercase()));
    if is_setting { format!("{indent}{rest}\n") } else { format!("{line}\n") }
}

#[test]
fn the_starter_loads_with_every_suggestion_taken() {
    let text: String = starter("first", KeyHash::of("tg-first")).lines().map(taken).collect();
    let loaded = loader().load_text(&text, 1).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert!(loaded.snapshot.provider("my-vllm").is_some());
    assert_eq!(loaded.snapshot.routes.len(), 1);
    assert!(!loaded.snapshot.keys.values().next().unwrap().key.allows_provider("groq"));
    assert!(matches!(loaded.state.place, StatePlace::Sqlite(_)));
    assert_eq!(loaded.server.listen.port(), 8080);
    assert_eq!(loaded.server.control.map(|control| control.listen.port()), Some(4100));
}
