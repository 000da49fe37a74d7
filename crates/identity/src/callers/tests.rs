//! Laws of what is accepted: only what an issuer signed, for us, now, and for whom there is a rule.

use std::time::Duration;

use domain::KeyHash;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm as Library, EncodingKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::{TokenKey, unsigned};

use crate::fixture::{
    NOON, callers, claims, condition, fixed, issuer, noon, rule, sent, sent_at, set, template,
};
use crate::{Absent, Algorithm, Callers, ClaimPath, Issuer, Rule, TokenProblem};

/// An accepting gateway with one key.
fn accepting(key: &TokenKey) -> Callers {
    callers(vec![issuer(fixed(&[key]), vec![rule()])])
}

fn runs<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[tokio::test]
async fn a_token_is_accepted_in_each_way_that_issuers_sign() {
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        let key = TokenKey::new("k1", algorithm);
        let caller = sent(&accepting(&key), &key.token(&claims(&json!({})))).await.unwrap();
        assert_eq!(caller.name.as_str(), "jwt:corp/ada", "{algorithm}");
        assert_eq!(caller.subject.user.as_ref().unwrap().name.as_str(), "ada@example.com");
        assert_eq!(caller.subject.workspace.name.as_str(), "default");
        assert_eq!(caller.subject.organization.as_str(), "acme");
    }
}

#[tokio::test]
async fn how_a_token_is_signed_is_for_its_issuer_to_say_and_not_for_the_token() {
    let (key, other) = (TokenKey::new("k1", "RS256"), TokenKey::new("k1", "RS256"));
    let only = |algorithms: &[Algorithm]| {
        let issuer = issuer(fixed(&[&key]), vec![rule()]);
        callers(vec![Issuer { algorithms: algorithms.to_vec(), ..issuer }])
    };
    let claims = claims(&json!({}));
    let with = |header: Value| key.token_with(&header, &claims.to_string());
    // The public half, in each form that it might be taken for a shared secret.
    let modulus = key.published()["n"].as_str().unwrap().to_owned();
    let hmac = |algorithm: Library, secret: &[u8]| {
        let header = json!({"alg": format!("{algorithm:?}"), "kid": "k1"});
        let text = unsigned(&header, &claims, b"");
        let text = text.trim_end_matches('.');
        format!("{text}.{}", sign(text.as_bytes(), &EncodingKey::from_secret(secret), algorithm).unwrap())
    };
    use TokenProblem as No;
    for (token, why) in [
        (unsigned(&json!({"alg": "none", "kid": "k1"}), &claims, b""), No::Algorithm),
        (unsigned(&json!({"alg": "NONE"}), &claims, b""), No::Algorithm),
        (unsigned(&json!({"alg": "RS256", "kid": "k1"}), &claims, b""), No::Signature),
        (unsigned(&json!({"kid": "k1"}), &claims, b"x"), No::Algorithm),
        (with(json!({"kid": "k1"})), No::Algorithm),
        (with(json!({"alg": ["RS256"], "kid": "k1"})), No::Algorithm),
        (with(json!({"alg": "HS256", "kid": "k1"})), No::Algorithm),
        (with(json!({"alg": "RS384", "kid": "k1"})), No::Algorithm),
        (with(json!({"alg": "PS256", "kid": "k1"})), No::Algorithm),
        (with(json!({"alg": "ES256", "kid": "k1"})), No::Algorithm),
        (with(json!({"alg": "EdDSA", "kid": "k1"})), No::Algorithm),
        (hmac(Library::HS256, modulus.as_bytes()), No::Algorithm),
        (hmac(Library::HS512, set(&[&key]).as_bytes()), No::Algorithm),
        (other.token(&claims), No::Signature),
        // Keys that a token brings along, or says where to find, are nobody's.
        (
            other.token_with(&json!({"alg": "RS256", "jwk": other.published()}), &claims.to_string()),
            No::Signature,
        ),
        (
            other.token_with(&json!({"alg": "RS256", "jku": "http://127.0.0.1:1/k"}), &claims.to_string()),
            No::Signature,
        ),
    ] {
        assert_eq!(sent(&only(&[Algorithm::Rs256]), &token).await.unwrap_err(), why, "{token}");
    }
    let token = key.token(&claims);
    assert!(sent(&only(&[Algorithm::Rs256]), &token).await.is_ok());
    assert_eq!(sent(&only(&[Algorithm::Es256, Algorithm::Ps256]), &token).await.unwrap_err(), No::Algorithm);
    // The algorithm is the issuer's, and still not that of the key.
    let as_pss = with(json!({"alg": "PS256", "kid": "k1"}));
    assert_eq!(sent(&only(&Algorithm::ALL), &as_pss).await.unwrap_err(), No::Signature);
    let as_elliptic = with(json!({"alg": "ES256", "kid": "k1"}));
    assert_eq!(sent(&only(&Algorithm::ALL), &as_elliptic).await.unwrap_err(), No::UnknownKey);
}

#[tokio::test]
async fn the_name_of_a_key_is_compared_and_nothing_else() {
    let (first, second) = (TokenKey::new("k1", "ES256"), TokenKey::new("../k2", "ES256"));
    let both = callers(vec![issuer(fixed(&[&first, &second]), vec![rule()])]);
    let claims = claims(&json!({}));
    let named =
        |key: &TokenKey, id: Value| key.token_with(&json!({"alg": "ES256", "kid": id}), &claims.to_string());
    assert!(
        sent(&both, &first.token(&claims)).await.is_ok() && sent(&both, &second.token(&claims)).await.is_ok()
    );
    for id in ["", "K1", "k1 ", "../../../../dev/null", "k2", "' OR 1=1 --", "k1\u{0}"] {
        let refused = sent(&both, &named(&first, json!(id))).await.unwrap_err();
        assert_eq!(refused, TokenProblem::UnknownKey, "{id}");
    }
    assert_eq!(sent(&both, &named(&first, json!("../k2"))).await.unwrap_err(), TokenProblem::Signature);
    // Without a name there has to be no choice.
    let nameless = |key: &TokenKey| key.token_with(&json!({"alg": "ES256"}), &claims.to_string());
    assert_eq!(sent(&both, &nameless(&first)).await.unwrap_err(), TokenProblem::UnknownKey);
    assert!(sent(&accepting(&first), &nameless(&first)).await.is_ok());
}

#[tokio::test]
async fn a_token_is_accepted_in_its_time_give_or_take_the_leeway() {
    let key = TokenKey::new("k1", "EdDSA");
    use TokenProblem as No;
    for (changes, outcome) in [
        (json!({"exp": NOON - 29}), None),
        (json!({"exp": NOON - 30}), Some(No::Expired)),
        (json!({"exp": NOON as f64 - 29.5}), None),
        (json!({"exp": 0}), Some(No::Expired)),
        (json!({"exp": null}), Some(No::Claim("exp"))),
        (json!({"exp": (NOON + 60).to_string()}), Some(No::Claim("exp"))),
        (json!({"exp": -1}), Some(No::Claim("exp"))),
        (json!({"exp": 1e300}), Some(No::Claim("exp"))),
        (json!({"nbf": NOON + 30}), None),
        (json!({"nbf": NOON + 31}), Some(No::NotYetValid)),
        (json!({"nbf": "soon"}), Some(No::Claim("nbf"))),
        (json!({"iat": NOON + 30}), None),
        (json!({"iat": NOON + 31}), Some(No::NotYetValid)),
        (json!({"iat": null}), None),
        (json!({"iat": [NOON]}), Some(No::Claim("iat"))),
    ] {
        let token = key.token(&claims(&changes));
        assert_eq!(sent(&accepting(&key), &token).await.err(), outcome, "{changes}");
    }
}

#[tokio::test]
async fn a_token_is_accepted_only_of_a_known_issuer_for_us_and_of_somebody() {
    let key = TokenKey::new("k1", "EdDSA");
    use TokenProblem as No;
    for (changes, outcome) in [
        (json!({"aud": ["x", "other"]}), None),
        (json!({"aud": "Tollgate"}), Some(No::Audience)),
        (json!({"aud": ["x"]}), Some(No::Audience)),
        (json!({"aud": []}), Some(No::Audience)),
        (json!({"aud": {"tollgate": 1}}), Some(No::Audience)),
        (json!({"aud": [["tollgate"]]}), Some(No::Audience)),
        (json!({"aud": null}), Some(No::Claim("aud"))),
        (json!({"iss": "https://issuer.example/"}), Some(No::UnknownIssuer)),
        (json!({"iss": ["https://issuer.example"]}), Some(No::UnknownIssuer)),
        (json!({"iss": null}), Some(No::UnknownIssuer)),
        (json!({"sub": null}), Some(No::Claim("sub"))),
        (json!({"sub": ""}), Some(No::Claim("sub"))),
        (json!({"sub": 7}), Some(No::Claim("sub"))),
        (json!({"sub": "a\nb"}), Some(No::Claim("sub"))),
        (json!({"sub": "x".repeat(256)}), Some(No::Claim("sub"))),
        (json!({"sub": "repo:acme/app:ref:refs/heads/main"}), None),
    ] {
        let token = key.token(&claims(&changes));
        assert_eq!(sent(&accepting(&key), &token).await.err(), outcome, "{changes}");
    }
}

/// What a rule makes of changed claims.
async fn ruled(rules: Vec<Rule>, changes: Value) -> Result<String, TokenProblem> {
    let key = TokenKey::new("k1", "EdDSA");
    let caller = sent(&callers(vec![issuer(fixed(&[&key]), rules)]), &key.token(&claims(&changes))).await?;
    let subject = &caller.subject;
    let labels: Vec<_> = subject.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let user = subject.user.as_ref().map_or("-", |user| user.name.as_str());
    let team = subject.team.as_ref().map_or("-", |team| team.as_str());
    Ok(format!("{} {team} {user} {}", subject.workspace.name, labels.join(" ")))
}

#[tokio::test]
async fn the_first_rule_that_is_for_a_token_says_whose_it_is() {
    let rules = || {
        let research = Rule {
            conditions: vec![condition("groups", &["never", "ml-*"]), condition("email", &["*@example.com"])],
            workspace: template("research"),
            labels: vec![("app".into(), template("for-${sub}").unwrap())],
            ..rule()
        };
        let rest = Rule { conditions: vec![condition("groups", &["staff"])], user: None, ..rule() };
        vec![research, rest]
    };
    let research = "research - ada@example.com app=for-ada from=research tier=basic";
    assert_eq!(ruled(rules(), json!({})).await.unwrap(), research);
    assert_eq!(
        ruled(rules(), json!({"email": "eve@evil.example"})).await.unwrap(),
        "default - - from=default tier=basic"
    );
    assert_eq!(ruled(rules(), json!({"groups": ["guests"]})).await.unwrap_err(), TokenProblem::NoRule);
    assert_eq!(ruled(Vec::new(), json!({})).await.unwrap_err(), TokenProblem::NoRule);
}

#[tokio::test]
async fn claims_name_only_what_is_there() {
    let rules = || {
        let by_claims = Rule {
            workspace: template("${place.workspace}"),
            team: template("${team}"),
            user: template("${sub}"),
            environment: template("${env}"),
            ..rule()
        };
        vec![by_claims]
    };
    let all = json!({"place": {"workspace": "research"}, "team": "vision", "sub": "lin", "env": "prod"});
    assert!(ruled(rules(), all.clone()).await.is_ok());
    let unfilled = |claim: &str| TokenProblem::Unfilled(ClaimPath::new(claim).unwrap());
    for (claim, value, why) in [
        ("place", json!({"workspace": "secret-plans"}), TokenProblem::Unplaced(Absent::Workspace)),
        ("place", json!({"workspace": ["research"]}), unfilled("place.workspace")),
        ("place", json!("research"), unfilled("place.workspace")),
        ("team", json!("nobodys"), TokenProblem::Unplaced(Absent::Team)),
        ("team", json!(""), unfilled("team")),
        ("sub", json!("ada"), TokenProblem::Unplaced(Absent::Membership)),
        ("sub", json!("not a name"), unfilled("sub")),
        ("env", json!("moon"), TokenProblem::Unplaced(Absent::Environment)),
        ("env", json!({"prod": true}), unfilled("env")),
    ] {
        let mut changes = all.clone();
        changes[claim] = value;
        assert_eq!(ruled(rules(), changes.clone()).await.unwrap_err(), why, "{changes}");
    }
    let mut stranger = all;
    stranger["sub"] = json!("somebody-new");
    assert!(ruled(rules(), stranger).await.unwrap().contains("somebody-new"), "the issuer vouches for them");
}

#[tokio::test]
async fn a_verified_token_is_found_by_its_hash_until_it_ends() {
    let key = TokenKey::new("k1", "EdDSA");
    let callers = accepting(&key);
    let token = key.token(&claims(&json!({})));
    let hash = KeyHash::of(&token);
    assert!(callers.known(&hash, noon()).is_none());
    let caller = sent(&callers, &token).await.unwrap();
    let found = |seconds| callers.known(&hash, noon() + Duration::from_secs(seconds));
    assert!(std::sync::Arc::ptr_eq(&found(0).unwrap(), &caller));
    assert!(found(89).is_some() && found(90).is_none(), "a minute, and the leeway");
    let late = sent_at(&callers, &token, noon() + Duration::from_secs(90)).await;
    assert_eq!(late.unwrap_err(), TokenProblem::Expired);
    assert!(callers.known(&KeyHash::of(&key.token(&claims(&json!({"sub": "eve"})))), noon()).is_none());
}

#[tokio::test]
async fn no_refusal_repeats_anything_of_a_token() {
    let key = TokenKey::new("k1", "EdDSA");
    let by_claims = Rule { workspace: template("${sub}"), ..rule() };
    let callers = callers(vec![issuer(fixed(&[&key]), vec![by_claims])]);
    for changes in [
        json!({}),
        json!({"iss": "marker"}),
        json!({"aud": "marker"}),
        json!({"exp": "marker"}),
        json!({"nbf": "marker"}),
        json!({"sub": {"marker": 1}}),
    ] {
        let mut changes = changes;
        changes["email"] = json!("marker");
        if changes.get("sub").is_none() {
            changes["sub"] = json!("marker");
        }
        let problem = sent(&callers, &key.token(&claims(&changes))).await.unwrap_err();
        assert!(!format!("{problem} {problem:?}").contains("marker"), "{problem}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_token_of_which_a_byte_was_changed_is_accepted(
        place: prop::sample::Index,
        letter in prop::sample::select(b"ABCXYZabcxyz0189-_.=+/ ~".to_vec()),
        algorithm in prop::sample::select(vec!["ES256", "EdDSA"]),
    ) {
        let key = TokenKey::new("k1", algorithm);
        let token = key.token(&claims(&json!({})));
        let mut changed = token.clone().into_bytes();
        let place = place.index(changed.len());
        prop_assume!(changed[place] != letter);
        changed[place] = letter;
        let changed = String::from_utf8(changed).unwrap();
        let callers = accepting(&key);
        prop_assert!(runs(sent(&callers, &token)).is_ok());
        prop_assert!(runs(sent(&callers, &changed)).is_err(), "{}", changed);
    }
}
