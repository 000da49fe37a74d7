//! Laws of what is served differently for some models, and of variables made from others.

use domain::Endpoint;
use domain::provider::{BodyEdits, EndpointPath, Slashes};

use super::{live, missing, problems};

const VERTEX: &str = r#"
    base_url = "https://h/v1"
    [endpoints]
    chat_completions = "/openapi/chat"
    [body]
    model_prefix = "google/"
    [[variants]]
    models = ["claude-*"]
    [variants.endpoints]
    messages = "/anthropic/{model}:raw"
    [variants.stream_endpoints]
    messages = "/anthropic/{model}:stream"
    [variants.body]
    set = { anthropic_version = "v", nested = { a = [1, true] } }
    remove = ["model"]
"#;

fn per_model(before: &str, after: &str) -> EndpointPath {
    EndpointPath::PerModel { before: before.to_owned(), after: after.to_owned(), slashes: Slashes::Encoded }
}

#[test]
fn a_variant_serves_its_models_and_the_rest_stays_as_it_is() {
    let provider = live(VERTEX, &[]);
    let messages = provider.offer(Endpoint::Messages, "claude-opus").unwrap();
    assert_eq!(messages.path(Endpoint::Messages, false), Some(&per_model("/v1/anthropic/", ":raw")));
    assert_eq!(messages.path(Endpoint::Messages, true), Some(&per_model("/v1/anthropic/", ":stream")));
    assert!(provider.offer(Endpoint::Messages, "gemini-3").is_none());
    assert!(provider.serves(Endpoint::Messages));
}

#[test]
fn a_body_is_changed_only_for_the_operations_it_was_written_beside() {
    let provider = live(VERTEX, &[]);
    let of = |endpoint, model| &provider.offer(endpoint, model).unwrap().body;
    assert_eq!(
        *of(Endpoint::Messages, "claude-opus"),
        BodyEdits {
            model_prefix: None,
            set: vec![
                ("anthropic_version".to_owned(), b"\"v\"".to_vec()),
                ("nested".to_owned(), br#"{"a":[1,true]}"#.to_vec()),
            ],
            remove: vec!["model".to_owned()],
        }
    );
    let chat = of(Endpoint::ChatCompletions, "claude-opus");
    assert_eq!(chat.model_prefix.as_deref(), Some("google/"));
    assert!(chat.set.is_empty() && chat.remove.is_empty());
}

#[test]
fn a_provider_may_offer_all_it_has_by_variants() {
    let text =
        "base_url = \"https://h\"\n[[variants]]\nmodels = [\"m\"]\n[variants.endpoints]\nmessages = \"/m\"";
    assert!(live(text, &[]).serves(Endpoint::Messages));
}

#[test]
fn mistakes_in_a_variant_are_named_with_their_place() {
    let text = "base_url = \"https://h\"\n[[variants]]\n[variants.endpoints]\nmessages = \"m\"\n\
        [variants.stream_endpoints]\nresponses = \"/r\"\n[variants.result_endpoints]\nmessages = \"/{id}/{model}\"";
    let found = problems(text);
    for start in [
        "variants[0].models: name the models",
        "variants[0].endpoints.messages: it must start with `/`",
        "variants[0].stream_endpoints.responses: write its path for whole answers",
        "variants[0].result_endpoints.messages: a name such as `{model}` may be in it only once",
    ] {
        assert!(found.iter().any(|problem| problem.starts_with(start)), "{start}: {found:?}");
    }
}

const BY_REGION: &str = r#"
    base_url = "https://${host}"
    [variables.region]
    env = ["REGION"]
    [variables.host]
    of = "region"
    cases = { global = "api.h" }
    otherwise = "{}-api.h"
    [endpoints]
    models = "/in/${region}/models"
"#;

#[test]
fn a_variable_may_be_made_from_another() {
    let base = |region| live(BY_REGION, &[("REGION", region)]).base.to_string();
    assert_eq!(base("global"), "https://api.h");
    assert_eq!(base("eu-1"), "https://eu-1-api.h");
    assert_eq!(missing(BY_REGION, &[]), ["REGION"]);
}

#[test]
fn a_variable_that_only_others_are_made_from_is_waited_for() {
    assert_eq!(missing(&BY_REGION.replace("/in/${region}", ""), &[]), ["REGION"]);
}

#[test]
fn a_variable_made_from_one_that_is_not_there_is_a_mistake() {
    let text = BY_REGION.replace("of = \"region\"", "of = \"zone\"");
    let found = problems(&text);
    assert!(
        found.iter().any(|problem| problem.starts_with("variables.host.of: it names no variable")),
        "{found:?}"
    );
}
