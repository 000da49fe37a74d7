//! Signatures in both directions: requests that Tollgate signs for a provider, and requests that clients sign for Tollgate.

use bytes::Bytes;
use domain::key_pair::{KeyPair, PairingSecret};
use domain::provider::BaseUrl;
use domain::{Credential, Provider};
use http::{HeaderMap, Method, Request, Uri};
use jiff::Timestamp;
use providers::compile::{Compiled, compile};
use providers::sign_in::{Claim, SignIns, SignedHead, prove};
use providers::transport::OutgoingBody;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, scripts};

use crate::cli::{complaint, out, run};
use crate::configuration::{key, key_entry, one, provider};
use crate::gateway::TestGateway;

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const PAIRING_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A provider that wants requests signed.
fn signed_provider(fake: &FakeProvider, sign_in: Value) -> Value {
    let mut definition = provider(fake.base_url());
    definition["credentials"] = json!(null);
    definition["auth"] = json!({});
    definition["sign_in"] = sign_in;
    definition
}

fn aws(more: &Value) -> Value {
    let mut settings = json!({"service": "bedrock", "region": "eu-central-1"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"aws": settings})
}

#[tokio::test]
async fn a_request_to_a_provider_is_signed_as_it_is_sent() {
    let fake = FakeProvider::start().await;
    let keys = json!({"access_key_id": ID, "secret_access_key": SECRET});
    let configuration = json!({"providers": {"p": signed_provider(&fake, aws(&keys))}});
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(gateway.chat("p/echo").await.status, 200);
    let sent = fake.only_request();
    let claim = Claim::read(&sent.headers).unwrap().unwrap();
    assert_eq!(claim.access_key_id(), ID);
    let uri: Uri = sent.path.parse().unwrap();
    let head = SignedHead { method: &sent.method, uri: &uri, headers: &sent.headers };
    assert_eq!(claim.check_signature(head, &[sent.body], SECRET, false), Ok(()));
    assert!(!format!("{:?}", sent.headers).contains(SECRET));
}

#[tokio::test]
async fn a_token_is_fetched_once_and_the_first_request_waits_for_it() {
    let fake = FakeProvider::start().await;
    let issuer =
        FakeProvider::always(scripts::json(&json!({"access_token": "t-1", "expires_in": 3600}))).await;
    let oauth = json!({"oauth": {
        "token_url": format!("{}/token", issuer.base_url()), "client_id": "c", "client_secret": "cs",
    }});
    let mut gateway =
        TestGateway::start(json!({"providers": {"p": signed_provider(&fake, oauth.clone())}})).await;
    for _ in 0..3 {
        assert_eq!(gateway.chat("p/echo").await.status, 200);
    }
    assert!(fake.requests().iter().all(|request| request.headers["authorization"] == "Bearer t-1"));
    // A configuration that says nothing else about it keeps the token.
    let changed = json!({"providers": {"p": signed_provider(&fake, oauth)}, "limits": {"headers_max": 50}});
    gateway.reconfigure(changed).await;
    assert_eq!(gateway.chat("p/echo").await.status, 200);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn an_account_that_cannot_be_signed_in_to_rests_while_another_serves() {
    let fake = FakeProvider::start().await;
    let issuer = FakeProvider::always(scripts::error(401, "no such client with top-secret")).await;
    let account = |secret: &str| json!({"oauth": {"client_id": "c", "client_secret": secret}});
    let mut definition =
        signed_provider(&fake, json!({"oauth": {"token_url": format!("{}/token", issuer.base_url())}}));
    definition["auth"] = json!({"scheme": "bearer"});
    definition["credentials"] = json!([account("top-secret")]);
    let gateway = TestGateway::start(json!({"providers": {"p": definition.clone()}})).await;
    let alone = gateway.chat("p/echo").await;
    assert_eq!(alone.status, 502);
    let text = alone.text();
    assert!(text.contains("the sign-in to the provider is not done yet") && text.contains("401"), "{text}");
    assert!(!text.contains("top-secret"), "{text}");
    assert_eq!(fake.asked(), 0);

    definition["credentials"] = json!([account("top-secret"), "sk-static"]);
    let gateway = TestGateway::start(json!({"providers": {"p": definition}})).await;
    for _ in 0..2 {
        assert_eq!(gateway.chat("p/echo").await.status, 200);
    }
    assert!(fake.requests().iter().all(|request| request.headers["authorization"] == "Bearer sk-static"));
}

/// A configuration in which requests may be signed, by the pair of `key(1)`.
fn believing(fake: &FakeProvider, section: Value) -> Value {
    let mut configuration = one(fake);
    configuration["keys"] = json!([key_entry(1, json!({"models": ["p/*"], "passthrough": true}))]);
    configuration["signed_requests"] = section;
    configuration
}

fn pair() -> KeyPair {
    PairingSecret::new(PAIRING_SECRET).unwrap().pair(key(1).hash())
}

/// What a client of AWS signs with a pair: built by the code that signs for providers.
fn client(id: &str, secret: &str) -> Provider {
    let text = format!(
        "base_url = \"http://h\"\n[endpoints]\nmodels = \"/m\"\n[sign_in.aws]\nservice = \"bedrock\"\nregion = \"r\"\n\
         access_key_id = \"{id}\"\nsecret_access_key = \"{secret}\""
    );
    let definition = toml::from_str(&text).unwrap();
    match compile("client", &definition, &|_| None, &SignIns::default()) {
        Ok(Compiled::Live(provider)) => *provider,
        other => panic!("{other:?}"),
    }
}

/// The headers of a request that is signed for a gateway.
fn sign(gateway: &TestGateway, method: Method, path: &str, body: &str, credential: &Credential) -> HeaderMap {
    let body = OutgoingBody::from(Bytes::copy_from_slice(body.as_bytes()));
    let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let base = BaseUrl::parse(&format!("http://{}", gateway.address())).unwrap();
    prove(&mut request, credential, None, &base, Timestamp::now().into()).unwrap();
    request.headers().clone()
}

async fn post(gateway: &TestGateway, path: &str, body: &str, headers: &HeaderMap) -> Answer {
    let call = gateway.anybody().post(path, body.to_owned());
    let headers = headers.iter().filter(|(name, _)| *name != "host");
    headers
        .fold(call, |call, (name, value)| call.header(name.as_str(), value.to_str().unwrap()))
        .answer()
        .await
}

fn chat() -> (&'static str, String) {
    (scripts::path(EventStream::Chat), scripts::request(EventStream::Chat, "p/echo", false).to_string())
}

#[tokio::test]
async fn a_client_may_sign_with_the_pair_of_its_key() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(believing(&fake, json!({"secrets": [PAIRING_SECRET]}))).await;
    let pair = pair();
    let signer = client(&pair.access_key_id, pair.secret_access_key.expose_secret());
    let (path, body) = chat();
    let headers = sign(&gateway, Method::POST, path, &body, &signer.credentials[0]);
    assert_eq!(post(&gateway, path, &body, &headers).await.status, 200);
    assert!(!fake.only_request().headers.contains_key("x-amz-date"), "what signed it stays here");

    let headers = sign(&gateway, Method::GET, "/v1/models", "", &signer.credentials[0]);
    let listing = headers
        .iter()
        .filter(|(name, _)| *name != "host")
        .fold(gateway.anybody().get("/v1/models"), |call, (name, value)| {
            call.header(name.as_str(), value.to_str().unwrap())
        });
    assert_eq!(listing.answer().await.status, 200);
}

#[tokio::test]
async fn a_signature_is_good_for_a_pass_through_without_a_body_and_stays_behind() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(believing(&fake, json!({"secrets": [PAIRING_SECRET]}))).await;
    let pair = pair();
    let signer = client(&pair.access_key_id, pair.secret_access_key.expose_secret());
    let path = "/providers/p/models";
    let headers = sign(&gateway, Method::GET, path, "", &signer.credentials[0]);
    let call = headers.iter().filter(|(name, _)| *name != "host").fold(
        gateway.anybody().get(path).header("x-amz-security-token", "a client's own"),
        |call, (name, value)| call.header(name.as_str(), value.to_str().unwrap()),
    );
    assert_eq!(call.answer().await.status, 200);
    let sent = fake.only_request();
    assert!(!sent.headers.keys().any(|name| name.as_str().starts_with("x-amz-")), "{:?}", sent.headers);
}

#[tokio::test]
async fn nothing_of_a_signed_request_may_be_changed_on_its_way() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(believing(&fake, json!({"secrets": [PAIRING_SECRET]}))).await;
    let pair = pair();
    let signer = client(&pair.access_key_id, pair.secret_access_key.expose_secret());
    let (path, body) = chat();
    let headers = sign(&gateway, Method::POST, path, &body, &signer.credentials[0]);
    let dearer = body.replace("p/echo", "p/dear");
    let refused = post(&gateway, path, &dearer, &headers).await;
    assert_eq!((refused.status.as_u16(), refused.error_code().as_str()), (403, "TG2008"));
    assert_eq!(post(&gateway, "/v1/completions", &body, &headers).await.status, 403);
    assert_eq!(post(&gateway, "/providers/p/files", &body, &headers).await.status, 403);
    let imposter = client(&pair.access_key_id, "another secret");
    let headers = sign(&gateway, Method::POST, path, &body, &imposter.credentials[0]);
    assert_eq!(post(&gateway, path, &body, &headers).await.error_code(), "TG2008");
    let stranger = client("TGAKnobody", pair.secret_access_key.expose_secret());
    let headers = sign(&gateway, Method::POST, path, &body, &stranger.credentials[0]);
    let unknown = post(&gateway, path, &body, &headers).await;
    assert_eq!((unknown.status.as_u16(), unknown.error_code().as_str()), (401, "TG2002"));
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn signed_requests_are_believed_only_where_the_configuration_has_a_secret_for_them() {
    let fake = FakeProvider::start().await;
    let mut gateway = TestGateway::start(believing(&fake, json!({}))).await;
    let pair = pair();
    let signer = client(&pair.access_key_id, pair.secret_access_key.expose_secret());
    let (path, body) = chat();
    let headers = sign(&gateway, Method::POST, path, &body, &signer.credentials[0]);
    let refused = post(&gateway, path, &body, &headers).await;
    assert_eq!(refused.error_code(), "TG2002");
    assert!(refused.text().contains("signed_requests.secrets"), "{}", refused.text());
    // A secret that was replaced is kept beside the new one for a while.
    let both = json!({"secrets": ["another secret of thirty-two bytes", PAIRING_SECRET]});
    gateway.reconfigure(believing(&fake, both)).await;
    assert_eq!(post(&gateway, path, &body, &headers).await.status, 200);
}

#[test]
fn the_pair_of_a_key_is_shown_by_the_command_and_nowhere_in_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let configuration =
        json!({"keys": [key_entry(1, json!({}))], "signed_requests": {"secrets": [PAIRING_SECRET]}});
    std::fs::write(folder.path().join("tollgate.yaml"), configuration.to_string()).unwrap();
    let pair = pair();
    let shown = run(folder.path(), &["key", "pair", "key-1", "--config", "tollgate.yaml"]);
    let expected = format!(
        "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n",
        pair.access_key_id,
        pair.secret_access_key.expose_secret()
    );
    assert_eq!(out(&shown), expected, "{}", complaint(&shown));

    let made = run(folder.path(), &["key", "new", "x", "--aws", "--config", "tollgate.yaml", "--json"]);
    let made: Value = serde_json::from_str(out(&made)).unwrap();
    let hash = made["hash"].as_str().unwrap().parse().unwrap();
    let expected = PairingSecret::new(PAIRING_SECRET).unwrap().pair(hash);
    assert_eq!(made["pair"]["access_key_id"], expected.access_key_id);
    assert_eq!(made["pair"]["secret_access_key"], expected.secret_access_key.expose_secret());

    let unnamed = run(folder.path(), &["key", "pair", "nobody", "--config", "tollgate.yaml"]);
    assert!(complaint(&unnamed).contains("no key is called `nobody`"), "{}", complaint(&unnamed));
    std::fs::write(folder.path().join("bare.yaml"), json!({"keys": [key_entry(1, json!({}))]}).to_string())
        .unwrap();
    let bare = run(folder.path(), &["key", "pair", "key-1", "--config", "bare.yaml"]);
    assert!(complaint(&bare).contains("signed_requests.secrets"), "{}", complaint(&bare));
}
