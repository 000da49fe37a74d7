//! The issuers of tokens: each name and each `iss` once, each with its keys, and rules that give what there is.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::name::check_name;
use domain::{Pattern, Subject};
use http::Uri;
use identity::{
    Algorithm, ClaimPath, Condition, Issuer, KeySet, Listing, Rule, SigningKeys, Template, Tenants,
    check_user_name,
};

use super::routes::Routes;
use super::tenants::{Whose, labels, subject};
use super::{Problems, Surroundings, keys};
use crate::file::{TokenIssuerSection, TokenRuleSection};
use crate::interpolate::FILE_BYTES_MAX;
use crate::path::Path;

pub(super) const LEEWAY_DEFAULT: Duration = Duration::from_secs(60);
/// A clock that is further off is to be set, not to be forgiven.
pub(super) const LEEWAY_MAX: Duration = Duration::from_secs(5 * 60);

pub(super) fn compile(
    sections: &[TokenIssuerSection],
    (tenants, routes): (&Tenants, &Routes),
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> Vec<Issuer> {
    let (mut names, mut issuers) = (HashMap::new(), HashMap::new());
    let mut compiled = Vec::with_capacity(sections.len());
    for (index, section) in sections.iter().enumerate() {
        let path = Path::root().key("token_issuers").index(index);
        if let Err(problem) = check_name(&section.name) {
            problems.push((path.key("name"), problem.to_string()));
        }
        for (key, text, known) in
            [("name", &section.name, &mut names), ("issuer", &section.issuer, &mut issuers)]
        {
            if let Some(first) = known.insert(text.as_str(), index) {
                problems.push((path.key(key), format!("`token_issuers[{first}]` has `{text}` already")));
            }
        }
        check(section, &path, problems);
        let rules = section.rules.iter().enumerate();
        let rules = rules.map(|(index, section)| {
            rule(section, (tenants, routes), &path.key("rules").index(index), problems)
        });
        let rules = rules.collect();
        let Some(keys) = signing_keys(section, surroundings, &path, problems) else { continue };
        compiled.push(Issuer {
            name: section.name.as_str().into(),
            issuer: section.issuer.as_str().into(),
            rules,
            audiences: section.audiences.iter().map(|text| text.as_str().into()).collect(),
            algorithms: section.algorithms.clone().unwrap_or_else(|| vec![Algorithm::Rs256]),
            leeway: section.leeway.map_or(LEEWAY_DEFAULT, |span| span.0),
            keys,
        });
    }
    compiled
}

fn check(section: &TokenIssuerSection, path: &Path, problems: &mut Problems) {
    let mut report = |key: &str, message: &str| problems.push((path.key(key), message.to_owned()));
    if section.issuer.is_empty() {
        report("issuer", "it is empty; write the `iss` of its tokens");
    }
    if section.audiences.is_empty() || section.audiences.iter().any(String::is_empty) {
        report("audiences", "write at least one text; a token for anybody would be one for everybody");
    }
    if section.algorithms.as_ref().is_some_and(Vec::is_empty) {
        report("algorithms", "write at least one, or leave it out for `RS256`");
    }
    if section.rules.is_empty() {
        report("rules", "write at least one; `{}` is a rule for every token");
    }
    if section.leeway.is_some_and(|span| span.0 > LEEWAY_MAX) {
        report("leeway", "expected at most 5 minutes");
    }
}

fn signing_keys(
    section: &TokenIssuerSection,
    surroundings: &Surroundings<'_>,
    path: &Path,
    problems: &mut Problems,
) -> Option<Arc<SigningKeys>> {
    let found = match (&section.jwks_url, &section.jwks_file) {
        (Some(url), None) if may_be_fetched(url, section.allow_insecure == Some(true)) => {
            return Some(surroundings.key_sources.of(url));
        }
        (Some(_), None) => Err(("jwks_url", "expected `https://…`; over plain HTTP anybody on the way could give their own keys (`allow_insecure`)".to_owned())),
        (None, Some(file)) => {
            let file = surroundings.folder.join(file);
            let read = surroundings.environment.file(&file, FILE_BYTES_MAX).map_err(|error| error.to_string());
            let set = read.and_then(|text| {
                KeySet::read(text.into()).map_err(|problem| problem.to_string())
            });
            set.map_err(|why| ("jwks_file", format!("the file `{}` cannot be used: {why}", file.display())))
        }
        _ => Err(("jwks_url", "write either `jwks_url` or `jwks_file`".to_owned())),
    };
    match found {
        Ok(set) => Some(Arc::new(SigningKeys::fixed(set))),
        Err((key, message)) => {
            problems.push((path.key(key), message));
            None
        }
    }
}

/// Whether nobody can come between, by HTTPS or on this machine, or may.
pub(super) fn may_be_fetched(url: &str, by_anybody: bool) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match url.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_local || (by_anybody && !host.is_empty()),
        _ => false,
    }
}

fn rule(
    section: &TokenRuleSection,
    (tenants, routes): (&Tenants, &Routes),
    path: &Path,
    problems: &mut Problems,
) -> Rule {
    let mut template = |key: &str, text: Option<&str>| {
        let template = Template::new(text?);
        template.map_err(|problem| problems.push((path.key(key), problem.to_string()))).ok()
    };
    let workspace = template("workspace", section.workspace.as_deref());
    let team = template("team", section.team.as_deref());
    let user = template("user", section.user.as_deref());
    let environment = template("environment", section.environment.as_deref());
    let mut labels = Vec::with_capacity(section.metadata.len());
    for (name, text) in &section.metadata {
        match Template::new(text) {
            Ok(template) => labels.push((name.as_str().into(), template)),
            Err(problem) => problems.push((path.key("metadata").key(name), problem.to_string())),
        }
    }
    let rule = Rule {
        conditions: conditions(&section.when, &path.key("when"), problems),
        grant: keys::grant(&section.may, routes, &path.key("may"), problems),
        workspace,
        team,
        user,
        environment,
        labels,
    };
    check_names(&rule, section, tenants, path, problems);
    rule
}

/// What a rule gives without looking at a token has to be there. Where the workspace is up to the token, so is all that is in it.
fn check_names(
    rule: &Rule,
    section: &TokenRuleSection,
    tenants: &Tenants,
    path: &Path,
    problems: &mut Problems,
) {
    fn constant(template: Option<&Template>) -> Option<&str> {
        template.and_then(Template::constant)
    }
    if let Some(Err(problem)) = constant(rule.user.as_ref()).map(check_user_name) {
        problems.push((path.key("user"), problem.to_string()));
    }
    if rule.workspace.as_ref().is_some_and(|template| template.constant().is_none()) {
        labels(&section.metadata, &path.key("metadata"), problems);
        return;
    }
    let whose = Whose {
        workspace: section.workspace.as_deref(),
        team: constant(rule.team.as_ref()),
        user: constant(rule.user.as_ref()),
        environment: constant(rule.environment.as_ref()),
        metadata: &section.metadata,
        listing: Listing::Open,
    };
    let _: Subject = subject(&whose, tenants, path, problems);
}

fn conditions(
    written: &BTreeMap<String, Vec<String>>,
    path: &Path,
    problems: &mut Problems,
) -> Vec<Condition> {
    let mut conditions = Vec::with_capacity(written.len());
    for (claim, patterns) in written {
        if patterns.is_empty() {
            problems.push((path.key(claim), "no value can match an empty list".to_owned()));
        }
        match ClaimPath::new(claim) {
            Some(claim) => {
                let patterns = patterns.iter().map(|text| Pattern::from(text.as_str())).collect();
                conditions.push(Condition { claim, patterns });
            }
            None => problems.push((path.key(claim), "a claim's name has no empty part".to_owned())),
        }
    }
    conditions
}
