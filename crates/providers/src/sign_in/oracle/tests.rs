//! Our signatures against those of Oracle's own Python library (oci 2.189.0), with the same key at the same time.

use bytes::Bytes;
use domain::ports::sign_in::{Payload, SignInProblem};
use domain::provider::BaseUrl;
use http::{Method, Request};

use crate::sign_in::fake::{missing, mistakes, noon, outside, ready, signed, started};
use crate::sign_in::register::Startable;
use crate::sign_in::rsa::tests::PKCS8;

const CONFIG: &str = "[DEFAULT]\nuser=ocid1.user.oc1..u\nfingerprint=aa:bb\ntenancy=ocid1.tenancy.oc1..t\n\
                      region=eu-frankfurt-1\nkey_file=~/.oci/key.pem\n[SESSION]\nkey_file=/key\n\
                      security_token_file=/token\n[HALF]\nuser=u\nkey_file=/key\n";
const FILES: &[(&str, &str)] = &[
    ("/home/me/.oci/config", CONFIG),
    ("/home/me/.oci/key.pem", PKCS8),
    ("/key", PKCS8),
    ("/token", "tok.en\n"),
];
const HOME: (&str, &str) = ("HOME", "/home/me");
const KEY_ID: &str = "ocid1.tenancy.oc1..t/ocid1.user.oc1..u/aa:bb";

const OF_POST: &str = "gYYK1ndztdrnFIPuxRmpGz5II5wzLSnqcln+fdvHh+bPYpvSMr4Jmlj4PNtYXbPbnQf4KIKezJRzWoRKfhSHRAz6/1E+8uoY\
    TDeSMd6lQ3xF8nsKyU1OtiBiMbgGxcptNBkHA1AmctUcmgpwZAFOpt9f+HhQaAcD/13e0GUBtY75evV0O/vzQAUHedO28WxjnI8WndODWet36gV/VDlfXQd9\
    tZhnYnVFreZKEHIwwXuRfiltS1S2eRWh+QivlfKgk51MqtVMSM0Jz1NwPNGUnLdtoyWvprEqeUZCmDsB0/8NzmP26H39gD21rfID8cJDjhSyViLPJFQMSyIV\
    F6JRpg==";
const OF_GET: &str = "BtR7fd2Bw5fzzdtTcmV/9b+l/HgaSsfi00eBIrs+bITunyW2JQjSN2qEloYnj+QzDbpvsf7yzCc8VzNrUhBxi4EYRk3FjWJRvIAKo\
    /ucmCeiOvOtfrJEyCsB9gO/H40i5zvmN3MHNPdjf2ESaHieeeyddC3kzRO/+44wdnArglA5/xAR8Ghn+tyJtpfkEJMOKMdSe6rSjNSUJci1tS6XE9jDXQ9V\
    H7qOuLPKGZG4KBI3js/4I9b0DRBFLdIXSMvOvj1g07syPuT7Nudt8rNMyKxerHo8fEgVYWGADo/1QU77Fxgh0A6agXj8MIc4UEX7kOLNextd/lg5oLkRJwcJ\
    Bw==";

async fn by_profile(profile: &str) -> std::sync::Arc<dyn Startable> {
    started(&ready("[oracle]", &[HOME, ("OCI_CLI_PROFILE", profile)]), &outside(FILES)).await
}

#[tokio::test]
async fn a_request_is_signed_as_oracles_own_library_signs_it() {
    let sign_in = by_profile("DEFAULT").await;
    let base = BaseUrl::parse("https://inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com").unwrap();
    let with_body = "date (request-target) host content-length content-type x-content-sha256";
    for (method, path, body, headers, signature) in [
        (Method::POST, "/openai/v1/chat/completions", r#"{"model":"m"}"#, with_body, OF_POST),
        (Method::GET, "/openai/v1/models?limit=1", "", "date (request-target) host", OF_GET),
    ] {
        let (mut head, ()) = Request::builder().method(method).uri(path).body(()).unwrap().into_parts();
        head.headers.insert("content-type", "application/json".parse().unwrap());
        let pieces = [Bytes::from_static(body.as_bytes())];
        sign_in.sign(&mut head, &base, Payload::Read(&pieces), noon()).unwrap();
        assert_eq!(head.headers["date"], "Fri, 02 Jan 2026 03:04:05 GMT");
        let expected = format!(
            "Signature version=\"1\",headers=\"{headers}\",keyId=\"{KEY_ID}\",algorithm=\"rsa-sha256\",\
             signature=\"{signature}\""
        );
        assert_eq!(head.headers["authorization"].to_str().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_session_signs_with_its_token_as_the_name_of_the_key() {
    let sign_in = by_profile("SESSION").await;
    let head = signed(&*sign_in).unwrap();
    assert!(head.headers["authorization"].to_str().unwrap().contains("keyId=\"ST$tok.en\""));
    assert!(head.headers["authorization"].is_sensitive());
    assert!(sign_in.secret().is_some(), "it is sent, so it must not be repeated");
}

#[tokio::test]
async fn everything_may_be_written_without_a_file() {
    let written = format!(
        "[oracle]\ntenancy = \"t\"\nuser = \"u\"\nfingerprint = \"f\"\nprivate_key = {}",
        toml::Value::from(PKCS8)
    );
    let plan = ready(&written, &[]);
    assert!(!format!("{plan:?}").contains("PRIVATE KEY"));
    let sign_in = started(&plan, &outside(&[])).await;
    assert!(
        signed(&*sign_in).unwrap().headers["authorization"].to_str().unwrap().contains("keyId=\"t/u/f\"")
    );
}

#[tokio::test]
async fn what_a_profile_lacks_is_named() {
    for (profile, why) in [
        ("HALF", "the file `/home/me/.oci/config`: the profile `HALF` has no `tenancy`"),
        ("NONE", "the file `/home/me/.oci/config`: it has no profile `NONE`"),
    ] {
        let text = signed(&*by_profile(profile).await).unwrap_err().to_string();
        assert!(text.ends_with(why), "{text}");
    }
    assert!(missing("[oracle]", &[HOME]).contains(&"OCI_CLI_PROFILE".to_owned()));
    let found = mistakes("[oracle]\nkey_file = \"/key\"\nuser = \"u\"", &[]);
    assert!(found[0].starts_with("sign_in.oracle.tenancy: it is missing"), "{found:?}");
    assert!(found[1].starts_with("sign_in.oracle.fingerprint: it is missing"), "{found:?}");
}

#[tokio::test]
async fn a_body_that_is_not_read_cannot_be_signed() {
    let sign_in = by_profile("DEFAULT").await;
    let (mut head, ()) = Request::post("/x").body(()).unwrap().into_parts();
    let base = BaseUrl::parse("https://h").unwrap();
    let outcome = sign_in.sign(&mut head, &base, Payload::Unread, noon());
    assert_eq!(outcome, Err(SignInProblem::BodyUnread));
}
