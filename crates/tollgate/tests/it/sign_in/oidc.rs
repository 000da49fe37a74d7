//! Signing in at an identity provider, whole, and everything that somebody in between could send instead.

use std::collections::HashMap;

use serde_json::{Value, json};
use testkit::{Answer, IdentityProvider, TokenKey, unsigned, within};

use crate::gateway::{Setup, TestGateway};

/// A gateway whose people sign in at a provider: `platform` are owners, `support` may read of one workspace.
async fn gateway(provider: &IdentityProvider, more: Value) -> TestGateway {
    gateway_in(Setup::new(), provider, more).await
}

async fn gateway_in(setup: Setup, provider: &IdentityProvider, more: Value) -> TestGateway {
    let mut oidc = provider.registration("http://127.0.0.1:1");
    oidc["roles"] = json!([
        {"group": "platform", "role": "owner"},
        {"group": "support", "role": "analyst", "workspace": "default"},
    ]);
    if let (Value::Object(oidc), Value::Object(more)) = (&mut oidc, more) {
        oidc.extend(more);
    }
    let configuration = json!({
        "control": {"sign_in": {"oidc": oidc}},
        "users": {"Eve@example.com": {"disabled": true}, "grace@example.com": {}},
    });
    let gateway = setup.start(configuration).await;
    // Until the provider has been fetched, nobody is sent there.
    within("the provider", async {
        while gateway.at_control().get("/auth/oidc/login").answer().await.status != 303 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gateway
}

async fn provider() -> IdentityProvider {
    IdentityProvider::start(TokenKey::new("one", "RS256")).await
}

/// A browser on its way to the provider and back.
struct Journey<'g> {
    gateway: &'g TestGateway,
    /// Where the provider is.
    location: String,
    /// The cookie that goes along.
    cookie: String,
}

impl<'g> Journey<'g> {
    async fn to(gateway: &'g TestGateway, path: &str) -> Self {
        let sent = gateway.at_control().get(&format!("/auth/oidc/login?return_to={path}")).answer().await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let cookie = sent.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { gateway, location: sent.header("location").to_owned(), cookie }
    }

    async fn back(&self, returned: &HashMap<String, String>) -> Answer {
        let pairs = returned.iter().map(|(name, value)| format!("{name}={}", value.replace(':', "%3A")));
        let query = pairs.collect::<Vec<_>>().join("&");
        let call = self.gateway.at_control().get(&format!("/auth/oidc/callback?{query}"));
        call.header("cookie", &self.cookie).answer().await
    }
}

/// Signs in at the provider, and comes back.
async fn sign_in(gateway: &TestGateway, provider: &IdentityProvider) -> Answer {
    let journey = Journey::to(gateway, "/console").await;
    journey.back(&provider.sign_in(&journey.location)).await
}

/// What the session of an answer opens.
async fn with_session(gateway: &TestGateway, answer: &Answer, path: &str) -> Answer {
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let session = cookies.rfind(|line| line.starts_with("tollgate=")).unwrap_or_default();
    gateway.at_control().get(path).header("cookie", session.split(';').next().unwrap()).answer().await
}

#[tokio::test]
async fn somebody_comes_back_from_their_provider_with_the_roles_of_their_groups() {
    for algorithm in ["RS256", "ES256"] {
        let provider = IdentityProvider::start(TokenKey::new("one", algorithm)).await;
        let gateway = gateway(&provider, json!({"algorithms": ["RS256", "ES256"]})).await;
        let answer = sign_in(&gateway, &provider).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, "/console"),
            "{}",
            answer.text()
        );
        let told = with_session(&gateway, &answer, "/auth/session").await.json();
        assert_eq!(
            (&told["who"], &told["user"]),
            (&json!({"user": "grace@example.com"}), &json!("grace@example.com"))
        );
        assert_eq!(told["roles"], json!([{"role": "owner"}]));
        assert_eq!(with_session(&gateway, &answer, "/api/v1/keys").await.status, 200);
        let records = with_session(&gateway, &answer, "/api/v1/audit?act=sign_in").await.json();
        assert_eq!(records["records"][0]["entry"]["who"], json!({"user": "grace@example.com"}));
    }
}

#[tokio::test]
async fn a_provider_leads_back_to_the_listener_of_the_control_plane() {
    let provider = provider().await;
    let gateway = gateway_in(Setup::new().apart(), &provider, json!({})).await;
    let answer = sign_in(&gateway, &provider).await;
    assert_eq!(answer.header("location"), "/console", "{}", answer.text());
    assert_eq!(with_session(&gateway, &answer, "/auth/session").await.status, 200);
    for path in ["/auth/oidc/login", "/auth/oidc/callback"] {
        assert_eq!(gateway.anybody().get(path).answer().await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn nothing_but_the_answer_to_what_this_browser_began_signs_anybody_in() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({})).await;
    let changed = async |name: &str, value: Option<&str>| {
        let journey = Journey::to(&gateway, "/").await;
        let mut returned = provider.sign_in(&journey.location);
        match value {
            Some(value) => drop(returned.insert(name.to_owned(), value.to_owned())),
            None => drop(returned.remove(name)),
        }
        journey.back(&returned).await
    };
    for (name, value) in [
        ("state", Some("AAAA")),
        ("state", None),
        ("iss", Some("https://evil.example")),
        ("iss", None),
        ("code", Some("of-somebody-else")),
        ("code", None),
        ("error", Some("access_denied")),
    ] {
        let refused = changed(name, value).await;
        assert_eq!(
            (refused.status.as_u16(), refused.header("x-tollgate-error")),
            (401, "TG2028"),
            "{name} {value:?}"
        );
        assert!(!refused.headers.contains_key("set-cookie"));
    }
    // The code of another browser, and no cookie, and one that somebody made.
    let (mine, other) = (Journey::to(&gateway, "/").await, Journey::to(&gateway, "/").await);
    let stolen = provider.sign_in(&other.location);
    assert_eq!(mine.back(&stolen).await.status, 401);
    let returned = provider.sign_in(&mine.location);
    for cookie in ["", "tollgate-sign-in=", "tollgate-sign-in=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let without = Journey { cookie: cookie.to_owned(), location: String::new(), gateway: &gateway };
        assert_eq!(without.back(&returned).await.status, 401, "{cookie}");
    }
    assert_eq!(mine.back(&returned).await.status, 303, "and then it is still good");
    assert_eq!(provider.redeemed(), 1);
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({})).await;
    let journey = Journey::to(&gateway, "/").await;
    let returned = provider.sign_in(&journey.location);
    assert_eq!(journey.back(&returned).await.status, 303);
    assert_eq!(journey.back(&returned).await.status, 401);
    // Nor with another code.
    let again = provider.sign_in(&journey.location);
    assert_eq!(journey.back(&again).await.status, 401);
    assert_eq!(provider.redeemed(), 1);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_not_believed() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({})).await;
    let now = jiff::Timestamp::now().as_second();
    for claims in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"aud": ["tollgate", "another"]}),
        json!({"aud": ["tollgate", "another"], "azp": "another"}),
        json!({"azp": "another"}),
        json!({"exp": now - 120}),
        json!({"exp": null}),
        json!({"iat": now + 600}),
        json!({"iat": now - 3_600}),
        json!({"iat": null}),
        json!({"sub": null}),
        json!({"preferred_username": null}),
        json!({"preferred_username": "two words"}),
    ] {
        provider.claim(claims.clone());
        let refused = sign_in(&gateway, &provider).await;
        assert_eq!(
            (refused.status.as_u16(), refused.header("x-tollgate-error")),
            (401, "TG2028"),
            "{claims}"
        );
    }
    provider.claim(json!({"aud": ["tollgate", "another"], "azp": "tollgate"}));
    assert_eq!(sign_in(&gateway, &provider).await.status, 303);
}

#[tokio::test]
async fn a_token_without_a_signature_of_the_provider_is_not_believed() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({})).await;
    let claims = json!({"iss": provider.issuer(), "aud": "tollgate", "sub": "x", "preferred_username": "grace@example.com"});
    for token in [
        unsigned(&json!({"alg": "none"}), &claims, b""),
        unsigned(&json!({"alg": "HS256", "kid": "one"}), &claims, &[1; 32]),
        unsigned(&json!({"alg": "RS256", "kid": "one"}), &claims, &[1; 256]),
        "no token".to_owned(),
    ] {
        provider.redeem_for(Some(token.clone()));
        let refused = sign_in(&gateway, &provider).await;
        assert_eq!(refused.header("x-tollgate-error"), "TG2028", "{token}");
        assert!(!refused.text().contains(&token));
    }
    provider.redeem_for(None);
    provider.sign_with(TokenKey::new("one", "RS256"), false);
    assert_eq!(
        sign_in(&gateway, &provider).await.status,
        401,
        "a key of the same name that is not published"
    );
    provider.sign_with(TokenKey::new("two", "ES256"), true);
    assert_eq!(sign_in(&gateway, &provider).await.status, 401, "an algorithm that is not configured");
}

#[tokio::test]
async fn whoever_is_in_no_group_of_the_configuration_or_disabled_does_not_come_in() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({})).await;
    for claims in [
        json!({"groups": ["platform-x", "Platform"]}),
        json!({"groups": null}),
        json!({"preferred_username": "Eve@example.com"}),
        json!({"preferred_username": "eve@EXAMPLE.com"}),
    ] {
        provider.claim(claims.clone());
        let refused = sign_in(&gateway, &provider).await;
        assert_eq!(refused.header("x-tollgate-error"), "TG2028", "{claims}");
    }
    provider.claim(json!({"groups": ["support"]}));
    let answer = sign_in(&gateway, &provider).await;
    assert_eq!(with_session(&gateway, &answer, "/api/v1/audit").await.status, 403);
    let roles = json!([{"role": "analyst", "workspace": "default"}]);
    assert_eq!(with_session(&gateway, &answer, "/auth/session").await.json()["roles"], roles);
}

#[tokio::test]
async fn only_listed_users_come_in_where_the_configuration_wants_it() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({"listed_users_only": true})).await;
    assert_eq!(sign_in(&gateway, &provider).await.status, 303);
    provider.claim(json!({"preferred_username": "nobody@example.com"}));
    assert_eq!(sign_in(&gateway, &provider).await.status, 401);
}

#[tokio::test]
async fn nobody_is_taken_anywhere_but_to_a_path_of_the_gateway() {
    let provider = provider().await;
    let gateway = gateway(&provider, json!({})).await;
    for path in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
        "/%0d%0aset-cookie:%20x",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/a&return_to=//evil.example",
        "/+/",
    ] {
        let refused = gateway.at_control().get(&format!("/auth/oidc/login?return_to={path}")).answer().await;
        assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (400, "TG1002"), "{path}");
    }
}

#[tokio::test]
async fn without_a_provider_there_is_no_door_to_one() {
    let gateway = TestGateway::start(json!({})).await;
    for path in ["/auth/oidc/login", "/auth/oidc/callback?code=a&state=b"] {
        assert_eq!(gateway.at_control().get(path).answer().await.header("x-tollgate-error"), "TG1008");
    }
}
