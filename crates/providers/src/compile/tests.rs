//! Laws of compiling: what a provider becomes, what it waits for, and that every mistake is named with its place.

use domain::endpoint::Endpoint;
use domain::provider::{
    AuthScheme, EndpointPath, HeaderPattern, HttpVersion, Proof, Provider, Slashes, StreamUsage,
};
use domain::{CredentialId, FailureClass};
use http::HeaderName;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::{Compiled, SecretProblem, compile, present};
use crate::definition::ProviderDefinition;
use crate::sign_in::SignIns;

mod accounts;
mod variants;

const PLAIN: &str = "base_url = \"https://h/v1\"\n[endpoints]\nchat_completions = \"/chat\"\n";

fn definition(text: &str) -> ProviderDefinition {
    toml::from_str(text).unwrap()
}

/// Compiles with these environment variables.
fn outcome(text: &str, environment: &[(&str, &str)]) -> Result<Compiled, Vec<String>> {
    let read =
        |name: &str| environment.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    compile("acme", &definition(text), &read, &SignIns::default())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn live(text: &str, environment: &[(&str, &str)]) -> Box<Provider> {
    match outcome(text, environment) {
        Ok(Compiled::Live(provider)) => provider,
        other => panic!("not live: {other:?}"),
    }
}

fn missing(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    match outcome(text, environment) {
        Ok(Compiled::NotLive { variables }) => variables,
        other => panic!("not waiting: {other:?}"),
    }
}

fn problems(text: &str) -> Vec<String> {
    outcome(text, &[]).expect_err("it should be refused")
}

#[test]
fn a_bearer_credential_is_a_sensitive_authorization_header() {
    let provider = live(&format!("{PLAIN}[auth]\nenv = [\"A\", \"B\"]"), &[("B", "secret")]);
    let [credential] = &*provider.credentials else { panic!("{:?}", provider.credentials) };
    let Proof::Header(name, value) = &credential.proof else { panic!("{credential:?}") };
    assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Bearer secret"));
    assert!(value.is_sensitive());
    assert_eq!(credential.id, CredentialId::from("acme#1"));
    assert_eq!(provider.auth, AuthScheme::Bearer);
    assert!(!format!("{provider:?}").contains("secret\""), "{provider:?}");
}

#[test]
fn a_credential_is_called_by_its_name_else_by_its_place() {
    let entries = r#"[{ secret = "a", name = "finance" }, "b", { secret = "c", name = "lab-2.old_x" }]"#;
    let provider = live(&format!("credentials = {entries}\n{PLAIN}"), &[]);
    let ids: Vec<&str> = provider.credentials.iter().map(|credential| credential.id.as_str()).collect();
    assert_eq!(ids, ["acme#finance", "acme#2", "acme#lab-2.old_x"]);
}

#[test]
fn a_name_of_a_credential_is_plain_and_its_own_and_no_place() {
    for (name, problem) in [
        ("a", "credentials[1].name: another credential is called `a`"),
        ("2", "credentials[1].name: a name is up to 64 letters"),
        ("", "credentials[1].name: a name is up to 64 letters"),
        ("a b", "credentials[1].name: a name is up to 64 letters"),
        ("a#b", "credentials[1].name: a name is up to 64 letters"),
    ] {
        let entries = format!(r#"[{{ secret = "a", name = "a" }}, {{ secret = "b", name = "{name}" }}]"#);
        let found = problems(&format!("credentials = {entries}\n{PLAIN}"));
        assert!(found.len() == 1 && found[0].starts_with(problem), "{found:?}");
    }
}

#[test]
fn the_first_variable_that_is_set_gives_all_credentials() {
    let text = format!("{PLAIN}[auth]\nenv = [\"A\", \"B\"]");
    let provider = live(&text, &[("A", " one, two ,,three"), ("B", "four")]);
    let secrets: Vec<&str> = provider
        .credentials
        .iter()
        .map(|credential| credential.secret.as_ref().unwrap().expose_secret())
        .collect();
    assert_eq!(secrets, ["one", "two", "three"]);
    let ids: Vec<&str> = provider.credentials.iter().map(|credential| credential.id.as_str()).collect();
    assert_eq!(ids, ["acme#1", "acme#2", "acme#3"]);
    assert_eq!(live(&text, &[("A", "  "), ("B", "four")]).credentials.len(), 1);
}

#[test]
fn written_credentials_win_over_the_environment() {
    let text = format!("credentials = [\"mine\"]\n{PLAIN}[auth]\nenv = [\"A\"]");
    let provider = live(&text, &[("A", "other")]);
    assert_eq!(provider.credentials[0].secret.as_ref().unwrap().expose_secret(), "mine");
}

#[test]
fn a_header_and_a_query_credential_go_where_the_scheme_says() {
    let header =
        live(&format!("credentials = [\"s\"]\n{PLAIN}[auth]\nscheme = \"header\"\nheader = \"X-Key\""), &[]);
    let Proof::Header(name, value) = &header.credentials[0].proof else { panic!("{header:?}") };
    assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-key", "s"));

    let query = live(
        &format!("credentials = [\"s&/t\"]\n{PLAIN}[auth]\nscheme = \"query\"\nparameter = \"key\""),
        &[],
    );
    let Proof::Query(parameter) = &query.credentials[0].proof else { panic!("{query:?}") };
    assert_eq!(parameter.expose_secret(), "key=s%26%2Ft");
}

#[test]
fn a_provider_without_any_credential_has_one_without_a_secret() {
    for auth in ["", "[auth]\nscheme = \"none\"", "[auth]\nenv = [\"A\"]\noptional = true"] {
        let provider = live(&format!("{PLAIN}{auth}"), &[]);
        let [credential] = &*provider.credentials else { panic!("{auth}") };
        assert!(credential.secret.is_none() && matches!(credential.proof, Proof::Nothing));
    }
}

#[test]
fn a_missing_credential_is_no_mistake_but_names_its_variables() {
    assert_eq!(missing(&format!("{PLAIN}[auth]\nenv = [\"A\", \"B\"]"), &[]), ["A", "B"]);
}

#[test]
fn variables_are_filled_in_everywhere_they_may_stand() {
    let text = r#"
        base_url = "https://${region}.h/v1"
        [variables.region]
        env = ["REGION"]
        default = "eu"
        [variables.version]
        value = "7"
        [endpoints]
        chat_completions = "/chat?version=${version}"
        [headers.default]
        x-version = "v${version}"
    "#;
    let provider = live(text, &[]);
    assert_eq!(provider.base.to_string(), "https://eu.h/v1");
    let chat = provider.offer.path(Endpoint::ChatCompletions, false).unwrap();
    assert_eq!(*chat, EndpointPath::Fixed("/v1/chat?version=7".parse().unwrap()));
    assert_eq!(provider.default_headers[0].1, "v7");
    assert_eq!(live(text, &[("REGION", "us")]).base.to_string(), "https://us.h/v1");
}

#[test]
fn an_address_is_the_same_with_and_without_what_is_stripped() {
    let text = r#"
        base_url = "${base}/v1"
        [variables.base]
        env = ["BASE"]
        strip = "/v1"
        [endpoints]
        models = "/models"
    "#;
    for address in ["http://h:8000", "http://h:8000/", "http://h:8000/v1", " http://h:8000/v1/ "] {
        assert_eq!(live(text, &[("BASE", address)]).base.to_string(), "http://h:8000/v1");
    }
}

#[test]
fn a_variable_without_a_value_keeps_the_provider_waiting() {
    let text = r#"
        base_url = "${endpoint}/v1"
        [auth]
        env = ["KEY"]
        [variables.endpoint]
        env = ["ENDPOINT"]
        [endpoints]
        models = "/models"
    "#;
    assert_eq!(missing(text, &[("KEY", "k")]), ["ENDPOINT"]);
    assert_eq!(missing(text, &[]), ["KEY", "ENDPOINT"]);
    assert_eq!(live(text, &[("KEY", "k"), ("ENDPOINT", "https://e")]).base.to_string(), "https://e/v1");
}

#[test]
fn a_server_is_live_when_its_address_is_set_or_it_is_named() {
    let text = r#"
        live = "when_configured"
        base_url = "${base}"
        [auth]
        optional = true
        [variables.base]
        env = ["BASE"]
        default = "http://127.0.0.1:1"
        [endpoints]
        models = "/models"
    "#;
    assert_eq!(missing(text, &[]), ["BASE"]);
    assert_eq!(live(text, &[("BASE", "http://h")]).base.to_string(), "http://h");
    let named = definition(text).merge(ProviderDefinition::default());
    assert!(matches!(compile("acme", &named, &|_| None, &SignIns::default()), Ok(Compiled::Live(_))));
}

#[test]
fn a_path_with_the_model_in_it_is_split_there() {
    let provider = live("base_url = \"https://h/a/\"\n[endpoints]\nmessages = \"/m/{model}:run?x=1\"", &[]);
    let expected = EndpointPath::PerModel {
        before: "/a/m/".to_owned(),
        after: ":run?x=1".to_owned(),
        slashes: Slashes::Encoded,
    };
    assert_eq!(provider.offer.path(Endpoint::Messages, false), Some(&expected));
    assert!(!provider.serves(Endpoint::ChatCompletions));
}

#[test]
fn rules_models_and_the_rest_arrive_as_written() {
    let provider = live(
        &format!(
            "models = [\"m-*\"]\n{PLAIN}\n[headers]\nforward = [\"X-Beta\", \"Acme-*\"]\n\
             [[errors]]\nstatus = 400\ncode = \"c\"\nmeans = \"overloaded\"\n\
             [[rate_limits]]\nremaining = \"r\"\nreset = \"s\"\n\
             [transport]\nhttp = \"2\"\n[streams]\nusage = \"always\""
        ),
        &[],
    );
    assert!(provider.knows_model("m-1") && !provider.knows_model("n"));
    assert_eq!(
        provider.forward_headers,
        [HeaderPattern::Exact(HeaderName::from_static("x-beta")), HeaderPattern::Prefix("acme-".to_owned())]
    );
    assert_eq!(provider.error_rules[0].class, FailureClass::Overloaded);
    assert_eq!(provider.rate_limit_headers.quotas[0].reset, "s");
    assert_eq!((provider.http_version, provider.stream_usage), (HttpVersion::Http2, StreamUsage::Always));
}

#[test]
fn each_mistake_is_named_with_its_place() {
    for (text, expected) in [
        ("[endpoints]\nmodels = \"/m\"", "base_url: it is missing"),
        ("base_url = \"ftp://h\"\n[endpoints]\nmodels = \"/m\"", "base_url: `ftp://h` is not a base URL"),
        ("base_url = \"https://${x}\"\n[endpoints]\nmodels = \"/m\"", "base_url: `${x}` is not known"),
        ("base_url = \"https://${x\"\n[endpoints]\nmodels = \"/m\"", "base_url: a `${` is not closed"),
        ("base_url = \"https://h\"", "endpoints: there is none"),
        ("base_url = \"https://h\"\n[endpoints]\nmodels = \"m\"", "endpoints.models: it must start with `/`"),
        ("base_url = \"https://h\"\n[endpoints]\nmodels = \"/a b\"", "endpoints.models: it is not a path"),
        (
            "base_url = \"https://h\"\n[endpoints]\nmodels = \"/{model}/{model}\"",
            "endpoints.models: a name such as `{model}` may be in it only once",
        ),
        (
            "base_url = \"https://h\"\n[endpoints]\nmodels = \"/a#b\"",
            "endpoints.models: it must have no fragment",
        ),
        (&format!("models = [\"\"]\n{PLAIN}"), "models[0]: a model's name"),
        (&format!("{PLAIN}[auth]\nscheme = \"header\"\nenv = [\"A\"]"), "auth.header: it is missing"),
        (
            &format!("{PLAIN}[auth]\nscheme = \"header\"\nheader = \"a b\""),
            "auth.header: `a b` is not the name",
        ),
        (&format!("{PLAIN}[auth]\nscheme = \"query\""), "auth.parameter: it is missing"),
        (&format!("{PLAIN}[auth]\nscheme = \"bearer\""), "credentials: there is none"),
        (&format!("credentials = [\" \"]\n{PLAIN}"), "credentials[0]: the secret is empty"),
        (&format!("credentials = [\"a\\nb\"]\n{PLAIN}"), "credentials[0]: the secret holds a line break"),
        (
            &format!("credentials = [\"a\"]\n{PLAIN}[auth]\nscheme = \"none\""),
            "credentials[0]: the provider takes no",
        ),
        (
            &format!("{PLAIN}[headers.default]\nhost = \"x\""),
            "headers.default.host: this header is written by",
        ),
        (&format!("{PLAIN}[headers.default]\nx = \"a\\u0000\""), "headers.default.x: its value has"),
        (&format!("{PLAIN}[headers]\nforward = [\"*\"]"), "headers.forward[0]: `*` alone"),
        (
            &format!("{PLAIN}[headers]\nforward = [\"x-*\"]"),
            "headers.forward[0]: `x-*` would pass on `x-api-key`",
        ),
        (
            &format!("{PLAIN}[headers]\nforward = [\"x-portkey-*\"]"),
            "headers.forward[0]: `x-portkey-*` would pass on `x-portkey-`",
        ),
        (
            &format!("{PLAIN}[headers]\nforward = [\"X-Tollgate-Api-Key\"]"),
            "headers.forward[0]: `X-Tollgate-Api-Key` would pass on `x-tollgate-api-key`",
        ),
        (&format!("{PLAIN}[headers]\nforward = [\"a*b\"]"), "headers.forward[0]: `a*b` is not the name"),
        (&format!("{PLAIN}[[errors]]\nmeans = \"caller\""), "errors[0]: it would fit every error"),
        (
            &format!("{PLAIN}[[errors]]\nstatus = 200\nmeans = \"caller\""),
            "errors[0].status: it must be from 400",
        ),
        (&format!("{PLAIN}[[errors]]\nstatus = 400"), "errors[0].means: it is missing"),
        (&format!("{PLAIN}[[rate_limits]]\nremaining = \"r\""), "rate_limits[0].reset: name the header"),
        (
            &format!("{PLAIN}[[rate_limits]]\nutilization = \"a b\""),
            "rate_limits[0].utilization: name the header",
        ),
        (
            &format!("{PLAIN}[[rate_limits]]\nutilization = \"u\"\nreset = \"s\""),
            "rate_limits[0].utilization: it is a part of the whole and stands alone",
        ),
    ] {
        let found = problems(text);
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "{text}\nfound {found:?}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text =
        "base_url = \"h\"\nmodels = [\"a b\"]\n[auth]\nscheme = \"query\"\n[endpoints]\nmodels = \"m\"";
    let places: Vec<String> =
        problems(text).iter().filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect();
    assert_eq!(places, ["auth.parameter", "base_url", "endpoints.models", "models[0]"]);
}

#[test]
fn a_name_with_a_slash_is_refused() {
    let problems = compile("a/b", &definition(PLAIN), &|_| None, &SignIns::default()).unwrap_err();
    assert!(problems[0].message.contains("`a/b` is not a name"), "{problems:?}");
}

#[test]
fn an_unused_variable_is_not_waited_for() {
    assert_eq!(live(&format!("{PLAIN}[variables.x]\nenv = [\"X\"]"), &[]).base.to_string(), "https://h/v1");
}

#[test]
fn a_credential_that_a_route_brings_is_presented_as_the_provider_wants_it() {
    let id = || CredentialId::from("acme#route");
    let secret = SecretString::from("s");
    let credential = present(&AuthScheme::Header(HeaderName::from_static("x-key")), &secret, id()).unwrap();
    assert!(matches!(credential.proof, Proof::Header(name, _) if name == "x-key"));
    assert_eq!(present(&AuthScheme::None, &secret, id()).unwrap_err(), SecretProblem::NotWanted);
    assert_eq!(
        present(&AuthScheme::Bearer, &SecretString::from(" "), id()).unwrap_err(),
        SecretProblem::Empty
    );
}

proptest! {
    #[test]
    fn no_message_tells_a_secret(secret in "[a-z]{12}[\\x00-\\x08\\x0a-\\x1f][a-z]{12}") {
        let text = format!("{PLAIN}[auth]\nenv = [\"A\"]");
        for line in outcome(&text, &[("A", &secret)]).expect_err("no header holds it") {
            let (head, tail) = secret.split_at(12);
            prop_assert!(!line.contains(head) && !line.contains(tail.get(1..).unwrap()), "{}", line);
        }
    }

    #[test]
    fn any_base_url_and_path_give_a_result_and_never_a_panic(base in ".{0,30}", path in ".{0,30}") {
        let definition = ProviderDefinition {
            base_url: Some(base),
            endpoints: [(Endpoint::Models, path)].into_iter().collect(),
            ..Default::default()
        };
        if let Ok(Compiled::Live(provider)) = compile("acme", &definition, &|_| None, &SignIns::default()) {
            prop_assert!(provider.serves(Endpoint::Models));
        }
    }
}
