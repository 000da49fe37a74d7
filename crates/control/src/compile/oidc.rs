//! The identity provider at which people sign in.

use std::sync::Arc;

use http::Uri;
use identity::{Algorithm, ClaimPath, ProviderSources, RelyingParty, RelyingPartyParts, Tenants};

use super::Problems;
use super::authority::{Roles, held};
use super::token_issuers::{LEEWAY_DEFAULT, LEEWAY_MAX, may_be_fetched};
use crate::authority::{ExternalPeople, GroupRole};
use crate::file::{GroupRoleSection, HeldRoleSection, OidcSection};
use crate::path::Path;

/// What is asked for beside `openid` where nothing is said.
const SCOPES_DEFAULT: [&str; 2] = ["profile", "email"];

pub(super) fn compile(
    section: &OidcSection,
    (tenants, roles): (&Tenants, &Roles),
    sources: &ProviderSources,
    path: &Path,
    problems: &mut Problems,
) -> Option<ExternalPeople> {
    check(section, path, problems);
    let rules = section.roles.iter().enumerate();
    let rules = rules.filter_map(|(index, section)| {
        let GroupRoleSection { group, role, workspace, environment } = section.clone();
        let held_role = HeldRoleSection { role, workspace, environment };
        let path = path.key("roles").index(index);
        let role = held(&held_role, (tenants, roles), &path, problems)?;
        Some(GroupRole { group: group.into(), role })
    });
    let rules: Vec<_> = rules.collect();
    let mut claim = |key: &str, written: &Option<String>, absent: &str| {
        let claim = ClaimPath::new(written.as_deref().unwrap_or(absent));
        if claim.is_none() {
            problems.push((path.key(key), "a claim's name has no empty part".to_owned()));
        }
        claim
    };
    let user_claim = claim("user_claim", &section.user_claim, "preferred_username");
    let groups_claim = claim("groups_claim", &section.groups_claim, "groups");
    let relying_party = RelyingParty::new(RelyingPartyParts {
        issuer: section.issuer.as_str().into(),
        client_id: section.client_id.as_str().into(),
        client_secret: section.client_secret.expose().into(),
        redirect_url: section.redirect_url.as_str().into(),
        scopes: scopes(section),
        user_claim: user_claim?,
        groups_claim: groups_claim?,
        algorithms: section.algorithms.clone().unwrap_or_else(|| vec![Algorithm::Rs256]),
        leeway: section.leeway.map_or(LEEWAY_DEFAULT, |span| span.0),
        provider: sources.of(&section.issuer),
    });
    Some(ExternalPeople {
        relying_party: Arc::new(relying_party?),
        roles: rules,
        listed_only: section.listed_users_only == Some(true),
    })
}

fn check(section: &OidcSection, path: &Path, problems: &mut Problems) {
    let mut report = |key: &str, message: &str| problems.push((path.key(key), message.to_owned()));
    let allowed = section.allow_insecure == Some(true);
    let is_name = !section.issuer.contains(['?', '#']) && may_be_fetched(&section.issuer, allowed);
    if !is_name {
        report(
            "issuer",
            "expected the name of an identity provider, `https://…`; over plain HTTP anybody on the way could sign in as anybody (`allow_insecure`)",
        );
    }
    let redirect = section.redirect_url.parse::<Uri>().ok();
    let is_ours = redirect.is_some_and(|url| url.path() == "/auth/oidc/callback" && url.query().is_none());
    if !is_ours || !may_be_fetched(&section.redirect_url, allowed) {
        report(
            "redirect_url",
            "expected `https://HOST/auth/oidc/callback` with the host at which browsers reach this gateway",
        );
    }
    if section.client_id.is_empty() {
        report("client_id", "it is empty; write what the provider calls this gateway");
    }
    if section.client_secret.expose().len() < 16 {
        report("client_secret", "it has fewer than 16 bytes; sign-ins under way are sealed with it, too");
    }
    let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
    if !section.scopes.iter().flatten().all(is_scope) {
        report("scopes", "a scope is a text without spaces");
    }
    if section.algorithms.as_ref().is_some_and(Vec::is_empty) {
        report("algorithms", "write at least one, or leave it out for `RS256`");
    }
    if section.leeway.is_some_and(|span: engine::route::time::TimeSpan| span.0 > LEEWAY_MAX) {
        report("leeway", "expected at most 5 minutes");
    }
    if section.roles.is_empty() {
        report("roles", "write at least one; without, nobody could sign in");
    }
}

/// `openid` once, and what else is asked for.
fn scopes(section: &OidcSection) -> Vec<Box<str>> {
    let written = section.scopes.clone();
    let more = written.unwrap_or_else(|| SCOPES_DEFAULT.map(str::to_owned).to_vec());
    let more = more.into_iter().filter(|scope| scope != "openid").map(Into::into);
    std::iter::once("openid".into()).chain(more).collect()
}
