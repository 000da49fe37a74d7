//! The schema and the reference in the repository are those of the types. `TOLLGATE_BLESS=1` writes them anew.

use std::path::Path;

use control::reference::markdown;
use control::schema::config_schema;

#[expect(clippy::disallowed_methods, reason = "the one switch of these tests, not configuration")]
fn is_blessed() -> bool {
    std::env::var("TOLLGATE_BLESS").is_ok_and(|value| value == "1")
}

fn assert_committed(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if is_blessed() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "{path} is not what the types say; run the tests of `control` with TOLLGATE_BLESS=1"
    );
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let mut text = serde_json::to_string_pretty(&config_schema()).unwrap();
    text.push('\n');
    assert_committed("schema/config.schema.json", &text);
}

#[test]
fn the_committed_description_of_the_api_is_that_of_the_code() {
    let mut text = serde_json::to_string_pretty(&control::api::openapi()).unwrap();
    text.push('\n');
    assert_committed("openapi/control.json", &text);
}

#[test]
fn the_committed_reference_is_that_of_the_schema() {
    assert_committed("docs/reference/configuration.md", &markdown(&config_schema()));
}

#[test]
fn the_committed_list_of_providers_is_that_of_their_files() {
    let registry = providers::registry::Registry::builtin();
    assert_committed("docs/reference/providers.md", &providers::reference::markdown(&registry).unwrap());
}

#[test]
fn the_committed_page_of_roles_is_that_of_what_they_permit() {
    assert_committed("docs/reference/roles.md", &control::authority::reference::markdown().unwrap());
}
