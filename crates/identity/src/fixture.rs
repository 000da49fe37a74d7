//! Issuers and tokens of tests.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::tenant::{Labels, User};
use domain::{ApiKey, KeyHash, Workspace};
use serde_json::{Value, json};
use testkit::TokenKey;

use crate::{
    Algorithm, Callers, ClaimPath, Condition, Issuer, KeySet, KnownUser, KnownWorkspace, Rule, SigningKeys,
    Template, Tenants, TokenProblem,
};

/// 2026-01-02 03:04:05 UTC, in seconds.
pub(crate) const NOON: u64 = 1_767_323_045;

pub(crate) fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOON)
}

/// Claims that are accepted at [`noon`], with some of them replaced; `null` takes one away.
pub(crate) fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://issuer.example", "aud": "tollgate", "sub": "ada", "exp": NOON + 60, "iat": NOON,
        "email": "ada@example.com", "groups": ["staff", "ml-vision"],
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

pub(crate) fn set(keys: &[&TokenKey]) -> String {
    json!({"keys": keys.iter().map(|key| key.published()).collect::<Vec<_>>()}).to_string()
}

pub(crate) fn fixed(keys: &[&TokenKey]) -> Arc<SigningKeys> {
    Arc::new(SigningKeys::fixed(KeySet::read(set(keys).into()).unwrap()))
}

pub(crate) fn template(text: &str) -> Option<Template> {
    Some(Template::new(text).unwrap())
}

/// A rule for every token, whose caller is a user of the implied workspace.
pub(crate) fn rule() -> Rule {
    Rule {
        conditions: Vec::new(),
        workspace: None,
        team: None,
        user: template("${email}"),
        environment: None,
        labels: Vec::new(),
        grant: ApiKey::new("", Arc::default()),
    }
}

pub(crate) fn condition(claim: &str, patterns: &[&str]) -> Condition {
    let patterns = patterns.iter().map(|text| (*text).into()).collect();
    Condition { claim: ClaimPath::new(claim).unwrap(), patterns }
}

/// The issuer of [`claims`], which signs in every way.
pub(crate) fn issuer(keys: Arc<SigningKeys>, rules: Vec<Rule>) -> Issuer {
    Issuer {
        name: "corp".into(),
        issuer: "https://issuer.example".into(),
        audiences: vec!["other".into(), "tollgate".into()],
        algorithms: Algorithm::ALL.to_vec(),
        leeway: Duration::from_secs(30),
        keys,
        rules,
    }
}

/// The workspaces `default` and `research`, this one with a team `vision` that `lin` is in and `ada` is not.
pub(crate) fn tenants() -> Tenants {
    let workspace = |name: &str, teams: &[&str]| {
        let known = KnownWorkspace {
            workspace: Arc::new(Workspace { name: name.into(), ..Workspace::default() }),
            environments: vec!["dev".to_owned(), "prod".to_owned()],
            labels: [("tier", "basic"), ("from", name)].into_iter().collect(),
            teams: teams.iter().map(|team| ((*team).to_owned(), Labels::default())).collect(),
        };
        (name.to_owned(), known)
    };
    let user = |name: &str, teams: &[&str]| {
        let user = User { name: name.into(), is_service_account: false };
        let teams = teams.iter().map(|team| (*team).to_owned()).collect();
        (name.to_owned(), KnownUser { user, teams, is_disabled: false, labels: Labels::default() })
    };
    Tenants {
        organization: "acme".into(),
        workspaces: [workspace("default", &[]), workspace("research", &["vision"])].into(),
        users: [user("lin", &["research/vision"]), user("ada", &[])].into(),
    }
}

pub(crate) fn callers(issuers: Vec<Issuer>) -> Callers {
    Callers::new(issuers, tenants())
}

/// What becomes of a token at a time.
pub(crate) async fn sent_at(
    callers: &Callers,
    token: &str,
    now: SystemTime,
) -> Result<Arc<ApiKey>, TokenProblem> {
    callers.verify(token, KeyHash::of(token), now).await
}

/// The same at [`noon`].
pub(crate) async fn sent(callers: &Callers, token: &str) -> Result<Arc<ApiKey>, TokenProblem> {
    sent_at(callers, token, noon()).await
}
