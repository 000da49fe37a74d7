//! One issuer of tokens: what is believed of it, and the rules for its callers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::{ApiKey, KeyName};
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::problem::TokenProblem;
use crate::rule::Rule;
use crate::signing_keys::SigningKeys;
use crate::tenants::Tenants;
use crate::token::Token;

/// The longest `sub` (OpenID Connect Core section 2).
const SUBJECT_BYTES_MAX: usize = 255;

/// An issuer whose tokens are accepted.
#[derive(Debug)]
pub struct Issuer {
    /// What it is called here: in the names of its callers.
    pub name: Box<str>,
    /// The `iss` of its tokens, to the letter.
    pub issuer: Box<str>,
    /// For whom its tokens have to be; one is enough.
    pub audiences: Vec<Box<str>>,
    /// How it signs. What a token says of that is only compared.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may be from ours.
    pub leeway: Duration,
    /// Its keys.
    pub keys: Arc<SigningKeys>,
    /// The first that is for a token says what its caller is.
    pub rules: Vec<Rule>,
}

impl Issuer {
    /// The caller that a token of this issuer makes, and until when.
    pub(crate) fn caller(
        &self,
        token: &Token<'_>,
        tenants: &Tenants,
        now: SystemTime,
    ) -> Result<Caller, TokenProblem> {
        let algorithm = token.algorithm.filter(|algorithm| self.algorithms.contains(algorithm));
        let version = self.keys.verify(token, algorithm.ok_or(TokenProblem::Algorithm)?)?;
        let claims = &token.claims;
        let until = check_times(claims, self.leeway, now)?;
        check_audience(claims, &self.audiences)?;
        let rule = self.rules.iter().find(|rule| rule.is_for(claims)).ok_or(TokenProblem::NoRule)?;
        let key = rule.caller(claims, tenants, self.name_of(claims)?)?;
        Ok(Caller { key: Arc::new(key), until, version })
    }

    /// A colon and a slash are in no name of a key, so no caller is taken for a key or for one of another issuer.
    fn name_of(&self, claims: &Claims) -> Result<KeyName, TokenProblem> {
        let is_fit = |subject: &&str| {
            !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX && !subject.contains(char::is_control)
        };
        let subject = claims.text("sub").filter(is_fit).ok_or(TokenProblem::Claim("sub"))?;
        Ok(format!("jwt:{}/{subject}", self.name).into())
    }
}

/// When the token ends, its leeway included.
pub(crate) fn check_times(
    claims: &Claims,
    leeway: Duration,
    now: SystemTime,
) -> Result<SystemTime, TokenProblem> {
    let time = |name: &'static str| claims.time(name).map_err(TokenProblem::Claim);
    let until = time("exp")?.ok_or(TokenProblem::Claim("exp"))? + leeway;
    if until <= now {
        return Err(TokenProblem::Expired);
    }
    for begin in [time("nbf")?, time("iat")?].into_iter().flatten() {
        if begin > now + leeway {
            return Err(TokenProblem::NotYetValid);
        }
    }
    Ok(until)
}

/// RFC 7519 section 4.1.3: a text, or a list of texts.
pub(crate) fn check_audience(claims: &Claims, audiences: &[Box<str>]) -> Result<(), TokenProblem> {
    let is_ours = |value: &Value| {
        value.as_str().is_some_and(|text| audiences.iter().any(|audience| **audience == *text))
    };
    match claims.get("aud") {
        None => Err(TokenProblem::Claim("aud")),
        Some(Value::Array(list)) if list.iter().any(is_ours) => Ok(()),
        Some(value) if is_ours(value) => Ok(()),
        Some(_) => Err(TokenProblem::Audience),
    }
}

/// What became of a token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) key: Arc<ApiKey>,
    /// When the token ends.
    pub(crate) until: SystemTime,
    /// The version of the keys that it was verified with.
    pub(crate) version: u64,
}
