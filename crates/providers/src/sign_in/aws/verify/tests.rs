//! Every request of AWS's own signing test suite is believed, and none with a part changed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use proptest::prelude::*;

use super::{Claim, SignedHead, VerifyProblem, instant};

const SUITE: &str = include_str!("aws_signing_test_suite.txt");
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A request as it came.
#[derive(Clone)]
struct Signed {
    name: String,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Signed {
    fn parse(text: &str) -> Self {
        let (name, rest) = text.split_once('\n').unwrap();
        let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let mut lines = head.lines();
        let mut target = lines.next().unwrap().split(' ');
        let (method, uri) = (target.next().unwrap(), target.next().unwrap());
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value.trim()).unwrap())
        });
        Self {
            name: name.to_owned(),
            method: method.parse().unwrap(),
            uri: uri.parse().unwrap(),
            headers: headers.fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            }),
            body: Bytes::copy_from_slice(body.trim_end_matches('\n').as_bytes()),
        }
    }

    fn named(name: &str) -> Self {
        suite().into_iter().find(|signed| signed.name == name).unwrap()
    }

    fn verify_with(&self, secret: &str) -> Result<(), VerifyProblem> {
        let claim = Claim::read(&self.headers)?.ok_or(VerifyProblem::Malformed("none"))?;
        let head = SignedHead { method: &self.method, uri: &self.uri, headers: &self.headers };
        claim.check_signature(head, std::slice::from_ref(&self.body), secret, false)
    }

    fn verify(&self) -> Result<(), VerifyProblem> {
        self.verify_with(SECRET)
    }

    /// With one text in `authorization` replaced by another.
    fn claiming(mut self, text: &str, other: &str) -> Self {
        let value = self.headers["authorization"].to_str().unwrap();
        assert!(value.contains(text), "{value}");
        let value = HeaderValue::from_str(&value.replace(text, other)).unwrap();
        self.headers.insert("authorization", value);
        self
    }

    fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }
}

fn suite() -> Vec<Signed> {
    SUITE.split("### ").skip(1).map(Signed::parse).collect()
}

#[test]
fn every_request_of_the_suite_is_believed() {
    let suite = suite();
    assert!(suite.len() >= 20, "{}", suite.len());
    for signed in suite {
        assert_eq!(signed.verify(), Ok(()), "{}", signed.name);
    }
}

#[test]
fn no_request_of_the_suite_is_believed_with_a_part_changed() {
    for signed in suite() {
        let name = signed.name.clone();
        let changed: [(&str, Signed); 6] = [
            ("method", Signed { method: Method::PUT, ..signed.clone() }),
            ("path", Signed { uri: "/other".parse().unwrap(), ..signed.clone() }),
            (
                "query",
                Signed { uri: format!("{}?added=1", signed.uri.path()).parse().unwrap(), ..signed.clone() },
            ),
            ("host", signed.clone().with_header("host", "other.amazonaws.com")),
            ("region", signed.clone().claiming("us-east-1", "us-east-2")),
            ("service", signed.clone().claiming("/service/", "/other/")),
        ];
        for (part, changed) in changed {
            assert_eq!(changed.verify(), Err(VerifyProblem::Mismatch), "{name} with another {part}");
        }
        assert_eq!(signed.verify_with("another secret"), Err(VerifyProblem::Mismatch), "{name}");
        let other_body = Signed { body: Bytes::from_static(b"other"), ..signed };
        assert!(other_body.verify().is_err(), "{name} with another body");
    }
}

#[test]
fn a_signed_header_counts_and_another_does_not() {
    let signed = Signed::named("post-header-key-sort");
    assert!(signed.headers.contains_key("my-header1"));
    let changed = signed.clone().with_header("my-header1", "other");
    assert_eq!(changed.verify(), Err(VerifyProblem::Mismatch));
    let mut removed = signed.clone();
    removed.headers.remove("my-header1");
    assert_eq!(removed.verify(), Err(VerifyProblem::Mismatch));
    assert_eq!(signed.with_header("x-forwarded-for", "1.2.3.4").verify(), Ok(()));
}

#[test]
fn the_time_is_part_of_the_signature_and_must_be_about_now() {
    let signed = Signed::named("post-vanilla");
    let later = signed.clone().with_header("x-amz-date", "20150830T123601Z");
    assert_eq!(later.verify(), Err(VerifyProblem::Mismatch));
    let other_day = signed.clone().with_header("x-amz-date", "20150831T123600Z");
    assert!(matches!(other_day.verify(), Err(VerifyProblem::Malformed(_))));

    let claim = Claim::read(&signed.headers).unwrap().unwrap();
    let signed_at = instant("20150830T123600Z").unwrap();
    let skew_max = Duration::from_secs(300);
    for (now, expected) in [
        (signed_at, Ok(())),
        (signed_at + skew_max, Ok(())),
        (signed_at - skew_max, Ok(())),
        (signed_at + skew_max + Duration::from_secs(1), Err(VerifyProblem::Skewed)),
        (signed_at - skew_max - Duration::from_secs(1), Err(VerifyProblem::Skewed)),
        (SystemTime::UNIX_EPOCH, Err(VerifyProblem::Skewed)),
    ] {
        assert_eq!(claim.check_time(now, skew_max), expected);
    }
    assert_eq!(claim.access_key_id(), "AKIDEXAMPLE");
}

#[test]
fn a_body_that_the_head_tells_of_must_be_that_body() {
    let signed = Signed::named("post-x-www-form-urlencoded");
    assert!(signed.headers.contains_key("x-amz-content-sha256"));
    let other = Signed { body: Bytes::from_static(b"Param1=value2"), ..signed.clone() };
    assert_eq!(other.verify(), Err(VerifyProblem::PayloadMismatch));
    let unsigned = signed.clone().with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    assert_eq!(unsigned.verify(), Err(VerifyProblem::UnsignedPayload));
    let streaming = signed.with_header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    assert!(matches!(streaming.verify(), Err(VerifyProblem::Malformed(_))));
}

/// Signed by botocore 1.44.8 with `UNSIGNED-PAYLOAD`, on 2026-01-02 03:04:05 UTC.
#[test]
fn a_body_that_is_not_covered_is_believed_only_where_that_is_allowed() {
    let request = Request::post("/model/m/converse")
        .header("host", "127.0.0.1:8080")
        .header("x-amz-date", "20260102T030405Z")
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/bedrock/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=90536f9e170da6322c144476d1c920bc3138f43672c4fea0348ea33b338e7773",
        )
        .body(())
        .unwrap();
    let claim = Claim::read(request.headers()).unwrap().unwrap();
    let head = SignedHead { method: request.method(), uri: request.uri(), headers: request.headers() };
    let body = [Bytes::from_static(b"anything")];
    assert_eq!(claim.check_signature(head, &body, SECRET, true), Ok(()));
    assert_eq!(claim.check_signature(head, &body, SECRET, false), Err(VerifyProblem::UnsignedPayload));
}

#[test]
fn what_is_not_signed_this_way_is_no_claim() {
    let read = |value: Option<&str>| {
        let headers = value.map(|value| (http::header::AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
        Claim::read(&headers.into_iter().collect())
    };
    for value in [None, Some("Bearer tg-key"), Some("tg-key"), Some("Basic AWS4-HMAC-SHA256")] {
        assert_eq!(read(value), Ok(None), "{value:?}");
    }
}

#[test]
fn a_claim_that_lacks_something_is_told_so() {
    let signed = || Signed::named("post-vanilla");
    for (what, broken) in [
        ("the algorithm", signed().claiming("HMAC-SHA256", "ECDSA-P256-SHA256")),
        ("the credential", signed().claiming("Credential=", "Cred=")),
        ("the signature", signed().claiming("Signature=", "Sig=")),
        ("a part of the scope", signed().claiming("/us-east-1", "")),
        ("the end of the scope", signed().claiming("aws4_request", "aws5_request")),
        ("the host among the signed", signed().claiming("host;", "")),
        ("the date among the signed", signed().claiming(";x-amz-date", "")),
        ("a header's name", signed().claiming("host;", "host;;")),
        ("the time", signed().with_header("x-amz-date", "now")),
    ] {
        assert!(matches!(broken.verify(), Err(VerifyProblem::Malformed(_))), "{what}: {:?}", broken.verify());
    }
    let mut twice = signed();
    twice.headers.append("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
    assert!(matches!(twice.verify(), Err(VerifyProblem::Malformed(_))));
}

proptest! {
    #[test]
    fn no_authorization_makes_it_panic(text in "AWS4-HMAC-SHA256 [ -~]{0,120}", date in "[ -~]{0,20}") {
        let mut signed = Signed::named("post-vanilla");
        signed.headers.insert("authorization", HeaderValue::from_str(&text).unwrap());
        signed.headers.insert("x-amz-date", HeaderValue::from_str(&date).unwrap());
        prop_assert!(signed.verify().is_err());
    }

    #[test]
    fn any_other_signature_is_refused(digit in 0_usize..64, other in "[0-9a-f]") {
        let signed = Signed::named("post-vanilla");
        let value = signed.headers["authorization"].to_str().unwrap().to_owned();
        let (head, signature) = value.rsplit_once('=').unwrap();
        let mut digits: Vec<char> = signature.chars().collect();
        prop_assume!(digits[digit] != other.chars().next().unwrap());
        digits[digit] = other.chars().next().unwrap();
        let changed = signed.claiming(&value, &format!("{head}={}", digits.iter().collect::<String>()));
        prop_assert_eq!(changed.verify(), Err(VerifyProblem::Mismatch));
    }
}
