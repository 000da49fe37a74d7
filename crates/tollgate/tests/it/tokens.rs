//! Tokens in place of keys, from the issuer's door to the provider's.

use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, TokenIssuer, TokenKey, scripts};

use crate::configuration::{key, key_entry, two};
use crate::gateway::{Setup, TestGateway};

/// Claims of somebody whose token ends in a minute, with some of them replaced.
fn claims(changes: &Value) -> Value {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": "https://issuer.example", "aud": ["tollgate"], "sub": "ada", "iat": now, "exp": now + 60,
        "email": "ada@example.com", "groups": ["ml"],
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

fn issuer(keys: &Value) -> Value {
    let mut issuer = json!({
        "name": "corp",
        "issuer": "https://issuer.example",
        "audiences": ["tollgate"],
        "algorithms": ["RS256", "ES256", "EdDSA"],
        "rules": [{"when": {"groups": ["ml"]}, "user": "${email}"}],
    });
    for (name, value) in keys.as_object().into_iter().flatten() {
        issuer[name] = value.clone();
    }
    issuer
}

/// A gateway over `p`, `q` and the route `r`, which accepts tokens of one issuer.
fn configuration(fake: &FakeProvider, issuer: &Value) -> Value {
    let mut configuration = two(fake.base_url(), fake.base_url());
    configuration["token_issuers"] = json!([issuer]);
    configuration["keys"] = json!([key_entry(1, json!({}))]);
    configuration
}

async fn chat(gateway: &TestGateway, token: &str, model: &str) -> Answer {
    let body = scripts::request(EventStream::Chat, model, false).to_string();
    gateway.anybody().with_key(token).post(scripts::path(EventStream::Chat), body).answer().await
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error_code())
}

#[tokio::test]
async fn a_token_comes_in_wherever_a_key_would() {
    let fake = FakeProvider::start().await;
    let keys = ["RS256", "ES256", "EdDSA"].map(|algorithm| TokenKey::new(algorithm, algorithm));
    let issuer_of = TokenIssuer::start(&keys.each_ref()).await;
    let gateway =
        TestGateway::start(configuration(&fake, &issuer(&json!({"jwks_url": issuer_of.url()})))).await;
    for key in &keys {
        let token = key.token(&claims(&json!({})));
        assert_eq!(chat(&gateway, &token, "p/m").await.status, 200, "{}", key.algorithm());
        let body = scripts::request(EventStream::Chat, "p/m", false).to_string();
        for header in ["x-api-key", "x-tollgate-api-key", "api-key", "x-goog-api-key"] {
            let call = gateway.anybody().post(scripts::path(EventStream::Chat), body.clone());
            assert_eq!(call.header(header, &token).answer().await.status, 200, "{header}");
        }
    }
    assert_eq!(issuer_of.asked(), 1, "no request asks the issuer for keys that are there");
    assert_eq!(gateway.chat("p/m").await.status, 200, "keys come in as before");
    for request in fake.requests() {
        let sent = request.headers.values().map(|value| value.to_str().unwrap_or_default());
        assert!(sent.into_iter().all(|value| !value.contains("eyJ")), "no token goes on to a provider");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_told_without_repeating_it() {
    let fake = FakeProvider::start().await;
    let (ours, other) = (TokenKey::new("k1", "EdDSA"), TokenKey::new("k1", "EdDSA"));
    let issuer_of = TokenIssuer::start(&[&ours]).await;
    let mut configuration = configuration(&fake, &issuer(&json!({"jwks_url": issuer_of.url()})));
    configuration["limits"] = json!({"wrong_keys_per_minute_max": 5});
    let gateway = TestGateway::start(configuration).await;
    for (token, code, said) in [
        (ours.token(&claims(&json!({"exp": 1}))), "TG2034", "has expired"),
        (ours.token(&claims(&json!({"aud": "marker"}))), "TG2034", "another audience"),
        (ours.token(&claims(&json!({"iss": "marker"}))), "TG2034", "issuer"),
        (other.token(&claims(&json!({}))), "TG2034", "signature"),
        (ours.token_with(&json!({"alg": "none"}), "{}"), "TG2034", "issuer"),
    ] {
        let answer = chat(&gateway, &token, "p/m").await;
        assert_eq!(refused(&answer), (401, code.to_owned()));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(answer.text().contains(said) && !answer.text().contains("marker"), "{}", answer.text());
    }
    let answer = chat(&gateway, &other.token(&claims(&json!({}))), "p/m").await;
    assert_eq!(refused(&answer), (429, "TG2015".to_owned()));
    assert_eq!(refused(&chat(&gateway, "not.a.token.at-all", "p/m").await), (429, "TG2015".to_owned()));
    let answer = chat(&gateway, &ours.token(&claims(&json!({}))), "p/m").await;
    assert_eq!(answer.status, 200, "a good token is never held back");
    let answer = chat(&gateway, &ours.token(&claims(&json!({"groups": []}))), "p/m").await;
    assert_eq!(refused(&answer), (403, "TG2035".to_owned()));
}

#[tokio::test]
async fn a_token_of_16_kib_is_read_and_a_longer_one_is_not() {
    let fake = FakeProvider::start().await;
    let ours = TokenKey::new("k1", "EdDSA");
    let issuer_of = TokenIssuer::start(&[&ours]).await;
    let gateway =
        TestGateway::start(configuration(&fake, &issuer(&json!({"jwks_url": issuer_of.url()})))).await;
    let padded = |length: usize| ours.token(&claims(&json!({"groups": ["ml"], "pad": "x".repeat(length)})));
    let long = padded(11_700);
    assert!((15_500..16_384).contains(&long.len()), "{}", long.len());
    assert_eq!(chat(&gateway, &long, "p/m").await.status, 200);
    let answer = chat(&gateway, &padded(12_300), "p/m").await;
    assert_eq!(refused(&answer), (401, "TG2034".to_owned()));
}

#[tokio::test]
async fn a_caller_may_what_its_rule_and_its_workspace_say() {
    let fake = FakeProvider::start().await;
    let ours = TokenKey::new("k1", "ES256");
    let issuer_of = TokenIssuer::start(&[&ours]).await;
    let rules = json!([
        {"when": {"groups": ["ml"]}, "workspace": "${space}", "user": "${email}", "team": "vision",
         "metadata": {"area": "${groups_text}"}, "may": {"models": ["m", "r"], "endpoints": ["chat_completions"]}},
    ]);
    let mut configuration =
        configuration(&fake, &issuer(&json!({"jwks_url": issuer_of.url(), "rules": rules})));
    configuration["workspaces"] = json!({"default": {}, "w": {"providers": ["p"], "teams": {"vision": {}}}});
    configuration["rate_limits"] = json!([
        {"name": "each-caller", "match": {"workspace": ["w"]}, "group_by": ["key"], "requests": {"per_hour": 3}},
    ]);
    let gateway = TestGateway::start(configuration).await;
    let of = |changes: &Value| {
        let mut all = claims(&json!({"space": "w", "groups_text": "pictures"}));
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        ours.token(&all)
    };
    let token = of(&json!({}));
    assert_eq!(chat(&gateway, &token, "p/m").await.status, 200);
    assert_eq!(refused(&chat(&gateway, &token, "p/n").await), (403, "TG2003".to_owned()), "the rule");
    assert_eq!(refused(&chat(&gateway, &token, "q/m").await), (403, "TG2003".to_owned()), "the workspace");
    let body = scripts::request(EventStream::Messages, "p/m", false).to_string();
    let call = gateway.anybody().with_key(&token).post(scripts::path(EventStream::Messages), body);
    assert_eq!(call.answer().await.header("x-tollgate-error"), "TG2011");
    for changes in
        [json!({"space": "nowhere"}), json!({"space": "default"}), json!({"email": 7.5, "groups_text": []})]
    {
        assert_eq!(
            refused(&chat(&gateway, &of(&changes), "p/m").await),
            (403, "TG2036".to_owned()),
            "{changes}"
        );
    }
    // Another token of the same caller counts to the same limit, and another caller does not.
    for jti in 0..2 {
        assert_eq!(chat(&gateway, &of(&json!({"jti": jti})), "p/m").await.status, 200);
    }
    assert_eq!(refused(&chat(&gateway, &of(&json!({"jti": 3})), "p/m").await), (429, "TG2021".to_owned()));
    assert_eq!(chat(&gateway, &of(&json!({"sub": "lin"})), "p/m").await.status, 200);
}

#[tokio::test]
async fn a_gateway_that_starts_before_its_issuer_serves_tokens_as_soon_as_it_can() {
    let fake = FakeProvider::start().await;
    let ours = TokenKey::new("k1", "EdDSA");
    let issuer_of = TokenIssuer::start(&[]).await;
    issuer_of.answer_with(503, "starting");
    let gateway =
        TestGateway::start(configuration(&fake, &issuer(&json!({"jwks_url": issuer_of.url()})))).await;
    let token = ours.token(&claims(&json!({})));
    let answer = chat(&gateway, &token, "p/m").await;
    assert_eq!(refused(&answer), (503, "TG2037".to_owned()));
    assert_eq!(answer.header("retry-after"), "10");
    assert_eq!(gateway.chat("p/m").await.status, 200, "keys do not wait for it");
    issuer_of.publish(&[&ours]);
    issuer_of.asked_times(2).await;
    assert_eq!(chat(&gateway, &token, "p/m").await.status, 200);
    issuer_of.answer_with(500, "down");
    let later = ours.token(&claims(&json!({"sub": "lin"})));
    assert_eq!(chat(&gateway, &later, "p/m").await.status, 200, "and goes on without it");
}

#[tokio::test]
async fn keys_of_an_issuer_change_while_requests_come() {
    let fake = FakeProvider::start().await;
    let (old, new) = (TokenKey::new("k1", "ES256"), TokenKey::new("k2", "ES256"));
    let set = |keys: &[&TokenKey]| {
        json!({"keys": keys.iter().map(|key| key.published()).collect::<Vec<_>>()}).to_string()
    };
    let setup = Setup::new().file("issuer.json", &set(&[&old]));
    let mut gateway = setup.start(configuration(&fake, &issuer(&json!({"jwks_file": "issuer.json"})))).await;
    let (of_old, of_new) = (old.token(&claims(&json!({}))), new.token(&claims(&json!({}))));
    assert_eq!(refused(&chat(&gateway, &of_new, "p/m").await), (401, "TG2034".to_owned()));
    let client = gateway.anybody().with_key(&of_old);
    let body = scripts::request(EventStream::Chat, "p/m", false).to_string();
    let load = tokio::spawn(async move {
        for _ in 0..200 {
            let answer = client.post(scripts::path(EventStream::Chat), body.clone()).answer().await;
            assert_eq!(answer.status, 200);
        }
    });
    gateway.write_file("issuer.json", &set(&[&old, &new]));
    gateway.reload().await;
    assert_eq!(chat(&gateway, &of_new, "p/m").await.status, 200);
    load.await.unwrap();
    gateway.write_file("issuer.json", &set(&[&new]));
    gateway.reload().await;
    assert_eq!(refused(&chat(&gateway, &of_old, "p/m").await), (401, "TG2034".to_owned()));
    assert_eq!(chat(&gateway, &of_new, "p/m").await.status, 200);
}

#[tokio::test]
async fn a_changed_configuration_is_in_force_for_tokens_that_came_in_before() {
    let fake = FakeProvider::start().await;
    let ours = TokenKey::new("k1", "EdDSA");
    let issuer_of = TokenIssuer::start(&[&ours]).await;
    let with =
        |rules: Value| configuration(&fake, &issuer(&json!({"jwks_url": issuer_of.url(), "rules": rules})));
    let mut gateway = TestGateway::start(with(json!([{}]))).await;
    let token = ours.token(&claims(&json!({})));
    assert_eq!(chat(&gateway, &token, "p/m").await.status, 200);
    gateway.reconfigure(with(json!([{"may": {"models": ["other"]}}]))).await;
    assert_eq!(refused(&chat(&gateway, &token, "p/m").await), (403, "TG2003".to_owned()));
    gateway.reconfigure(with(json!([{"when": {"sub": ["lin"]}}]))).await;
    assert_eq!(refused(&chat(&gateway, &token, "p/m").await), (403, "TG2035".to_owned()));
    assert_eq!(issuer_of.asked(), 1, "an issuer that did not change is not asked again");
    let mut without = with(json!([]));
    without.as_object_mut().unwrap().remove("token_issuers");
    gateway.reconfigure(without).await;
    let answer = chat(&gateway, &token, "p/m").await;
    assert_eq!(refused(&answer), (401, "TG2002".to_owned()));
    assert!(answer.text().contains("token_issuers"), "{}", answer.text());
    assert_eq!(chat(&gateway, key(1).reveal(), "p/m").await.status, 200);
}
