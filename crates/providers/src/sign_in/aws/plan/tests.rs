//! Which keys are used, by what is written and what the environment has.

use super::super::Plan as AwsPlan;
use super::Keys;
use crate::sign_in::fake::{missing, mistakes, ready};
use crate::sign_in::plan::Plan;

const BASE: &str = "[aws]\nservice = \"bedrock\"\nregion = \"eu-central-1\"\n";

fn plan(written: &str, environment: &[(&str, &str)]) -> AwsPlan {
    match ready(&format!("{BASE}{written}"), environment) {
        Plan::Aws(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn keys(written: &str, environment: &[(&str, &str)]) -> Keys {
    plan(written, environment).keys
}

const ENVIRONMENT: &[(&str, &str)] =
    &[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];
const IRSA: &[(&str, &str)] =
    &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token"), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")];

#[test]
fn the_first_source_whose_settings_are_there_is_used() {
    let Keys::Fixed(fixed) = keys("", &[ENVIRONMENT, IRSA].concat()) else { panic!("keys first") };
    assert_eq!((fixed.access_key_id.as_str(), fixed.secret_access_key.expose()), ("AKIA", "s"));
    assert_eq!(fixed.session_token.unwrap().expose(), "t");
    let Keys::WebIdentity(identity) = keys("", &[IRSA, &[("AWS_PROFILE", "p")]].concat()) else {
        panic!("a token")
    };
    assert_eq!((identity.token_file.as_str(), identity.session_name.as_str()), ("/var/token", "tollgate"));
    let profile = keys("", &[("AWS_PROFILE", "p"), ("HOME", "/home/me/")]);
    assert_eq!(
        profile,
        Keys::Profile { file: "/home/me/.aws/credentials".to_owned(), profile: "p".to_owned() }
    );
    let Keys::Container(agent) = keys("", &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")]) else {
        panic!("a container")
    };
    assert_eq!(agent.url, "http://169.254.170.2/v2/x");
    assert!(missing(BASE, &[]).contains(&"AWS_ACCESS_KEY_ID".to_owned()));
}

#[test]
fn a_named_source_is_used_whatever_else_there_is() {
    assert!(matches!(keys("source = \"web_identity\"", &[ENVIRONMENT, IRSA].concat()), Keys::WebIdentity(_)));
    let instance = keys("source = \"instance\"", ENVIRONMENT);
    assert_eq!(instance, Keys::Instance { url: "http://169.254.169.254".to_owned() });
}

#[test]
fn written_keys_win_and_take_no_session_token_from_the_environment() {
    let written = "access_key_id = \"MINE\"\nsecret_access_key = \"x\"";
    let Keys::Fixed(fixed) = keys(written, ENVIRONMENT) else { panic!("keys") };
    assert_eq!((fixed.access_key_id.as_str(), fixed.session_token), ("MINE", None));
}

#[test]
fn a_role_to_assume_is_assumed_with_any_keys() {
    let written =
        "assume_role_arn = \"arn:aws:iam::2:role/other\"\nexternal_id = \"e\"\nrole_session_name = \"n\"";
    let plan = plan(written, IRSA);
    let role = plan.assumed.unwrap();
    assert_eq!((role.role_arn.as_str(), role.session_name.as_str()), ("arn:aws:iam::2:role/other", "n"));
    assert_eq!(role.external_id.as_deref(), Some("e"));
    assert_eq!(plan.sts_url, "https://sts.eu-central-1.amazonaws.com");
}

#[test]
fn the_token_service_is_that_of_the_region_or_the_one_that_is_named() {
    let china = BASE.replace("eu-central-1", "cn-north-1");
    let Plan::Aws(plan_in_china) = ready(&china, ENVIRONMENT) else { panic!("aws") };
    assert_eq!(plan_in_china.sts_url, "https://sts.cn-north-1.amazonaws.com.cn");
    assert_eq!(plan("sts_url = \"http://127.0.0.1:9/\"", ENVIRONMENT).sts_url, "http://127.0.0.1:9");
    let named = [ENVIRONMENT, &[("AWS_ENDPOINT_URL_STS", "https://vpce.example")]].concat();
    assert_eq!(plan("", &named).sts_url, "https://vpce.example");
}

#[test]
fn keys_are_asked_for_in_clear_text_only_on_the_machine() {
    for (url, is_right) in [
        ("https://agent.example/x", true),
        ("http://127.0.0.1/x", true),
        ("http://[::1]/x", true),
        ("http://localhost:9/x", true),
        ("http://169.254.170.23/v1/credentials", true),
        ("http://169.254.169.254/x", false),
        ("http://agent.example/x", false),
        ("nonsense", false),
    ] {
        let found = mistakes(BASE, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)]);
        assert_eq!(found.is_empty(), is_right, "{url}: {found:?}");
    }
}

#[test]
fn what_does_not_go_together_is_named_with_its_place() {
    for (written, environment, expected) in [
        ("", &[("AWS_ACCESS_KEY_ID", "a")][..], "sign_in.aws.secret_access_key: it is missing"),
        ("secret_access_key = \"s\"", &[], "sign_in.aws.access_key_id: it is missing"),
        ("role_arn = \"r\"", &[], "sign_in.aws.role_arn: it belongs to a token in a file"),
        ("web_identity_token_file = \"f\"", &[], "sign_in.aws.role_arn: it is missing"),
        ("external_id = \"e\"", ENVIRONMENT, "sign_in.aws.external_id: it belongs to a role to assume"),
        ("profile = \"p\"", &[], "sign_in.aws.credentials_file: it is missing"),
        ("sts_url = \"sts\"", ENVIRONMENT, "sign_in.aws.sts_url: it must start with https://"),
    ] {
        let found = mistakes(&format!("{BASE}{written}"), environment);
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "{written}: {found:?}");
    }
    let found = mistakes("[aws]\nregion = \"r\"", ENVIRONMENT);
    assert!(found[0].starts_with("sign_in.aws.service: it is missing"), "{found:?}");
    let found = mistakes(&format!("{BASE}[google]\n[ibm]"), ENVIRONMENT);
    assert_eq!(found, ["sign_in: only one kind of sign-in is possible; remove the others"]);
}
