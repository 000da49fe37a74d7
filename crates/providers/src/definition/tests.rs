//! Laws of definitions: what is merged, what is refused, what stays hidden, and that every field is documented.

use schemars::schema_for;
use serde_json::Value;

use super::{AuthScheme, ErrorMeaning, HttpVersion, Live, ProviderDefinition, StreamUsage};

fn parse(text: &str) -> ProviderDefinition {
    toml::from_str(text).unwrap()
}

#[test]
fn every_field_is_read() {
    let definition = parse(
        r#"
        title = "T"
        docs = "https://d"
        live = "when_configured"
        base_url = "https://h"
        models = ["m-*"]
        credentials = ["s"]
        [auth]
        scheme = "query"
        parameter = "key"
        header = "h"
        env = ["E"]
        optional = true
        [variables.v]
        value = "1"
        env = ["V"]
        default = "2"
        strip = "/v1"
        [endpoints]
        models = "/models"
        [headers]
        forward = ["a-*"]
        [headers.default]
        b = "c"
        [[errors]]
        status = 400
        code = "x"
        message_contains = "y"
        means = "model_missing"
        [[rate_limits]]
        remaining = "r"
        reset = "s"
        [transport]
        http = "2"
        [streams]
        usage = "never"
        "#,
    );
    assert_eq!(definition.live, Some(Live::WhenConfigured));
    assert_eq!(definition.auth.scheme, Some(AuthScheme::Query));
    assert_eq!(definition.errors.unwrap()[0].means, Some(ErrorMeaning::ModelMissing));
    assert_eq!(definition.transport.http, Some(HttpVersion::Http2));
    assert_eq!(definition.streams.usage, Some(StreamUsage::Never));
}

#[test]
fn an_unknown_field_is_refused_with_its_name() {
    for text in
        ["tittle = \"x\"", "[auth]\nkey = \"x\"", "[endpoints]\nchat = \"/x\"", "[[errors]]\nstate = 4"]
    {
        let problem = toml::from_str::<ProviderDefinition>(text).unwrap_err().to_string();
        assert!(problem.contains("unknown field"), "{problem}");
    }
}

#[test]
fn what_is_left_out_stays_as_built_in() {
    let built_in = parse(
        r#"
        title = "Vendor"
        base_url = "https://vendor"
        models = ["a", "b"]
        [auth]
        scheme = "header"
        header = "x-key"
        env = ["KEY"]
        [variables.region]
        env = ["REGION"]
        default = "eu"
        [endpoints]
        chat_completions = "/chat"
        embeddings = "/embed"
        [headers.default]
        version = "1"
        beta = "no"
        "#,
    );
    let merged = built_in.merge(parse(
        r#"
        base_url = "https://other"
        models = ["c"]
        [auth]
        header = "x-other"
        [variables.region]
        value = "us"
        [endpoints]
        embeddings = ""
        [headers.default]
        beta = "yes"
        "#,
    ));
    assert_eq!(merged.title.as_deref(), Some("Vendor"));
    assert_eq!(merged.base_url.as_deref(), Some("https://other"));
    assert_eq!(merged.models.unwrap(), ["c"]);
    assert_eq!(merged.auth.scheme, Some(AuthScheme::Header));
    assert_eq!(merged.auth.header.as_deref(), Some("x-other"));
    assert_eq!(merged.auth.env.unwrap(), ["KEY"]);
    let region = &merged.variables["region"];
    assert_eq!((region.value.as_deref(), region.default.as_deref()), (Some("us"), Some("eu")));
    assert_eq!(merged.endpoints.path(domain::Endpoint::ChatCompletions), Some("/chat"));
    assert_eq!(merged.endpoints.path(domain::Endpoint::Embeddings), None);
    assert_eq!(merged.headers.default["version"], "1");
    assert_eq!(merged.headers.default["beta"], "yes");
}

#[test]
fn merging_nothing_changes_nothing_but_liveness() {
    let built_in = parse("title = \"T\"\nlive = \"with_credential\"\n[auth]\nenv = [\"K\"]");
    let before = format!("{built_in:?}");
    assert_eq!(format!("{:?}", built_in.merge(ProviderDefinition::default())), before);
}

#[test]
fn a_server_that_the_configuration_names_is_live() {
    let named = parse("live = \"when_configured\"").merge(ProviderDefinition::default());
    assert_eq!(named.live, Some(Live::Always));
}

#[test]
fn a_secret_is_never_printed() {
    let definition = parse("credentials = [\"sk-very-secret\"]");
    assert!(!format!("{definition:?}").contains("very-secret"));
}

#[test]
fn every_property_of_the_schema_is_described_and_no_other_is_allowed() {
    let schema = schema_for!(ProviderDefinition).to_value();
    let mut objects = vec![&schema];
    objects.extend(schema["$defs"].as_object().unwrap().values());
    let mut properties = 0;
    for object in objects.into_iter().filter(|object| object.get("properties").is_some()) {
        assert_eq!(object["additionalProperties"], Value::Bool(false), "{object}");
        for (name, property) in object["properties"].as_object().unwrap() {
            assert!(property.get("description").is_some(), "{name} has no description");
            properties += 1;
        }
    }
    assert!(properties > 30, "{properties}");
}
