//! Our signatures against those of botocore 1.44.8, AWS's own Python library, for the same requests at the same time.

use aws_credential_types::Credentials;
use bytes::Bytes;
use domain::provider::BaseUrl;
use http::request::Parts;
use http::{Method, Request};
use proptest::prelude::*;

use super::{Scope, sign};
use crate::sign_in::fake::noon;

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BEDROCK: &str = "https://bedrock-runtime.eu-central-1.amazonaws.com";

fn scope() -> Scope {
    Scope { service: "bedrock".to_owned(), region: "eu-central-1".to_owned() }
}

fn signed(method: Method, base: &str, path: &str, body: &[&'static str], token: Option<&str>) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    head.uri = path.parse().unwrap();
    if method == Method::POST {
        head.headers.insert("content-type", "application/json".parse().unwrap());
    }
    head.method = method;
    head.headers.insert("user-agent", "tollgate".parse().unwrap());
    let body: Vec<Bytes> = body.iter().map(|piece| Bytes::from_static(piece.as_bytes())).collect();
    let keys = Credentials::new(ID, SECRET, token.map(str::to_owned), None, "test");
    sign(&mut head, &BaseUrl::parse(base).unwrap(), &body, &keys, &scope(), noon()).unwrap();
    head
}

fn header<'h>(head: &'h Parts, name: &str) -> &'h str {
    head.headers[name].to_str().unwrap()
}

#[test]
fn a_request_is_signed_as_botocore_signs_it() {
    let arn = "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile%2Fabc~_-.1/\
               converse-stream";
    for (method, base, path, body, names, signature) in [
        (
            Method::POST,
            BEDROCK,
            "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
            &[r#"{"mess"#, "", r#"ages":[]}"#][..],
            "content-type;host;x-amz-date",
            "fe93c3cce93ae2d3d86bd709d5211be0dc9dc5603a2fd2c45c9f1bc5f33ef18d",
        ),
        (
            Method::POST,
            BEDROCK,
            arn,
            &[r#"{"messages":[]}"#],
            "content-type;host;x-amz-date;x-amz-security-token",
            "f6812448e626fd76239d839fd81b820a1e1a4b3dcc462960567d21aa112992c0",
        ),
        (
            Method::POST,
            BEDROCK,
            "/openai/v1/chat/completions",
            &[],
            "content-type;host;x-amz-date",
            "b99c42f08c6905727a922421554f79ff3bf2fb1537044ccc0d6b5f5c623ef7c1",
        ),
        (
            Method::GET,
            BEDROCK,
            "/v1/models?b=2&a=x%20y",
            &[],
            "host;x-amz-date",
            "b0a7b5415aaae35d8ed630b0fe92f2d61d0edbbf9253df1f0528738500a1428a",
        ),
        (
            Method::POST,
            "http://127.0.0.1:8080",
            "/model/m/converse",
            &["{}"],
            "content-type;host;x-amz-date",
            "cb11db2dcf14cf4ed85e54e22f461135439501e4b1a6df9655352b7ffb02a7c2",
        ),
    ] {
        let token = names.ends_with("token").then_some("SESSION/token==");
        let head = signed(method, base, path, body, token);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential={ID}/20260102/eu-central-1/bedrock/aws4_request, SignedHeaders={names}, \
             Signature={signature}"
        );
        assert_eq!(header(&head, "authorization"), expected, "{path}");
        assert_eq!(header(&head, "x-amz-date"), "20260102T030405Z");
        assert_eq!(head.headers.get("x-amz-security-token").map(|value| value.to_str().unwrap()), token);
    }
}

#[test]
fn the_host_is_signed_as_the_transport_sends_it() {
    let host = |base: &str| header(&signed(Method::GET, base, "/", &[], None), "host").to_owned();
    assert_eq!(host("https://h.example:443/v1"), "h.example");
    assert_eq!(host("http://h.example:80"), "h.example");
    assert_eq!(host("https://h.example:80"), "h.example:80");
    assert_eq!(host("http://[::1]:9/"), "[::1]:9");
}

#[test]
fn what_signs_is_kept_out_of_texts() {
    let head = signed(Method::POST, BEDROCK, "/model/m/converse", &["{}"], Some("SESSION"));
    let text = format!("{:?}", head.headers);
    assert!(!text.contains("SESSION") && !text.contains("Signature="), "{text}");
}

proptest! {
    #[test]
    fn any_model_in_a_path_can_be_signed_and_the_path_stays(model in ".{1,40}") {
        let path = format!("/model/{}/converse", crate::percent::encode(&model));
        let head = signed(Method::POST, BEDROCK, &path, &["{}"], None);
        prop_assert_eq!(head.uri.path(), path);
        prop_assert!(head.headers.contains_key("authorization"));
    }

    #[test]
    fn how_a_body_is_cut_does_not_matter(body in "[ -~]{0,64}", at in 0_usize..64) {
        let whole = Bytes::from(body);
        let (head, tail) = (whole.slice(..at.min(whole.len())), whole.slice(at.min(whole.len())..));
        prop_assert_eq!(super::hash(&[whole]), super::hash(&[head, tail]));
    }
}
