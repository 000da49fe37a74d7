//! Laws of proving: what is added to a request, and where.

use bytes::Bytes;
use domain::CredentialId;
use domain::ports::sign_in::SignInProblem;
use domain::provider::{AuthScheme, BaseUrl, Credential, Proof};
use http::{HeaderName, Request};
use http_body_util::BodyExt;
use secrecy::SecretString;

use super::fake::{noon, ready};
use super::{present, prove};
use crate::transport::OutgoingBody;

fn credential(scheme: &AuthScheme) -> Credential {
    present(scheme, &SecretString::from("k&1"), CredentialId::from("p#1")).unwrap()
}

fn request(path: &str, body: OutgoingBody) -> Request<OutgoingBody> {
    Request::post(path).header("content-type", "application/json").body(body).unwrap()
}

fn proven(path: &str, credential: &Credential, elsewhere: Option<&AuthScheme>) -> Request<OutgoingBody> {
    let mut request = request(path, OutgoingBody::from(Bytes::from_static(b"{}")));
    let base = BaseUrl::parse("https://h/v1").unwrap();
    prove(&mut request, credential, elsewhere, &base, noon()).unwrap();
    request
}

#[test]
fn a_secret_goes_where_its_scheme_says_and_nothing_else_changes() {
    let header = AuthScheme::Header(HeaderName::from_static("x-key"));
    let request = proven("/m?a=1", &credential(&header), None);
    assert_eq!((request.uri().to_string().as_str(), request.headers().len()), ("/m?a=1", 2));
    assert_eq!(request.headers()["x-key"], "k&1");
    for (path, expected) in [("/m", "/m?key=k%261"), ("/m?a=1", "/m?a=1&key=k%261")] {
        let request = proven(path, &credential(&AuthScheme::Query("key".to_owned())), None);
        assert_eq!((request.uri().to_string().as_str(), request.headers().len()), (expected, 1));
    }
    let nothing = Credential { id: CredentialId::from("p#1"), secret: None, proof: Proof::Nothing };
    assert_eq!(proven("/m", &nothing, Some(&header)).headers().len(), 1);
}

#[test]
fn an_offer_may_want_the_secret_elsewhere() {
    let header = AuthScheme::Header(HeaderName::from_static("x-key"));
    let token = proven("/m", &credential(&AuthScheme::Token), None);
    assert_eq!(token.headers()["authorization"], "Token k&1");
    let request = proven("/m", &credential(&header), Some(&AuthScheme::Bearer));
    assert_eq!(request.headers()["authorization"], "Bearer k&1");
    assert!(request.headers()["authorization"].is_sensitive() && !request.headers().contains_key("x-key"));
}

#[test]
fn a_signature_keeps_the_request_and_refuses_a_body_it_has_not_seen() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let plan = ready("[aws]\nservice = \"bedrock\"\nregion = \"r\"", &keys);
    let proof = Proof::SignIn(plan.build());
    let credential = Credential { id: CredentialId::from("p#1"), secret: None, proof };
    let signed = proven("/model/m/converse", &credential, None);
    assert!(signed.headers().contains_key("x-amz-date"));
    assert_eq!(signed.body().pieces(), Some(&[Bytes::from_static(b"{}")][..]));

    let stream = http_body_util::Empty::new().map_err(|never| match never {});
    let mut unread = request("/model/m/converse", OutgoingBody::stream(stream));
    let base = BaseUrl::parse("https://h").unwrap();
    let outcome = prove(&mut unread, &credential, None, &base, noon());
    assert_eq!(outcome, Err(SignInProblem::BodyUnread));
    assert_eq!(unread.uri().path(), "/model/m/converse");
}
