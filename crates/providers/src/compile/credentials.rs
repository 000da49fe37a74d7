//! Finding a provider's credentials and making each ready to be sent.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use domain::CredentialId;
use domain::provider::{AuthScheme, Credential, Proof};
use http::HeaderName;
use secrecy::SecretString;

use super::{Environment, Problems, Values};
use crate::definition::{self, CredentialEntry, CredentialValue, ProviderDefinition, SignIn};
use crate::sign_in::{Planned, Reader, SignIns, plan, present};

/// How many credentials one provider may have.
const CREDENTIALS_MAX: usize = 64;
/// How long the name of one may be.
const NAME_BYTES_MAX: usize = 64;

/// The credentials of a definition.
#[derive(Debug)]
pub(super) enum Found {
    /// At least one; it has no secret where the provider needs none.
    Credentials(Arc<[Credential]>),
    /// None; these variables were looked at.
    Missing(Vec<String>),
}

/// The scheme of a definition; any scheme after a problem.
pub(super) fn scheme(definition: &ProviderDefinition, problems: &mut Problems) -> AuthScheme {
    let auth = &definition.auth;
    let may_have_credential = definition.credentials.as_ref().is_some_and(|list| !list.is_empty())
        || auth.env.is_some()
        || definition.sign_in != SignIn::default();
    match auth.scheme {
        Some(scheme) => {
            named_scheme(scheme, auth.header.as_deref(), auth.parameter.as_deref(), "auth", problems)
        }
        None if may_have_credential => AuthScheme::Bearer,
        None => AuthScheme::None,
    }
}

/// A scheme with the header or the parameter that belongs to it; any scheme after a problem.
pub(super) fn named_scheme(
    scheme: definition::AuthScheme,
    header: Option<&str>,
    parameter: Option<&str>,
    place: &str,
    problems: &mut Problems,
) -> AuthScheme {
    match scheme {
        definition::AuthScheme::Bearer => AuthScheme::Bearer,
        definition::AuthScheme::Token => AuthScheme::Token,
        definition::AuthScheme::None => AuthScheme::None,
        definition::AuthScheme::Header => header_scheme(header, &format!("{place}.header"), problems),
        definition::AuthScheme::Query => match parameter {
            Some(parameter) if !parameter.is_empty() => AuthScheme::Query(parameter.to_owned()),
            _ => {
                problems.add(
                    format!("{place}.parameter"),
                    "it is missing; name the query parameter, as `scheme` is `query`",
                );
                AuthScheme::None
            }
        },
    }
}

/// Where the credentials of one provider are looked for.
pub(super) struct Search<'a> {
    pub(super) name: &'a str,
    pub(super) definition: &'a ProviderDefinition,
    pub(super) auth: &'a AuthScheme,
    pub(super) values: &'a Values,
    pub(super) environment: Environment<'a>,
    pub(super) sign_ins: &'a SignIns,
}

impl Search<'_> {
    /// The credentials that were written, the account that was written, the secrets of the environment, or the account of
    /// the environment: the first of these that there are.
    pub(super) fn find(&self, problems: &mut Problems) -> Found {
        let nothing_is_written = self.definition.credentials.as_ref().is_none_or(Vec::is_empty);
        let mut missing = Vec::new();
        let mut credentials =
            if nothing_is_written { self.unwritten(&mut missing, problems) } else { self.written(problems) };
        let needs_none = *self.auth == AuthScheme::None || self.definition.auth.optional == Some(true);
        if credentials.is_empty() && needs_none {
            credentials.push(Credential { id: self.id(1), secret: None, proof: Proof::Nothing });
        }
        if !credentials.is_empty() {
            return Found::Credentials(credentials.into());
        }
        let has_a_way_in = self.definition.auth.env.is_some() || self.definition.sign_in != SignIn::default();
        if nothing_is_written && !has_a_way_in {
            problems.add("credentials", "there is none; write one, or set `auth.scheme` to `none`");
        }
        Found::Missing(missing)
    }

    /// The credentials where the configuration has no `credentials`.
    fn unwritten(&self, missing: &mut Vec<String>, problems: &mut Problems) -> Vec<Credential> {
        let env = self.definition.auth.env.as_deref().unwrap_or_default();
        let sign_in = &self.definition.sign_in;
        if !sign_in.names_an_account() {
            let secrets = self.secrets(&from_environment(env, self.environment), problems);
            if !secrets.is_empty() {
                return secrets;
            }
            missing.extend_from_slice(env);
        }
        match self.account(sign_in, "sign_in", self.id(1), problems) {
            Ok(credential) => credential.into_iter().collect(),
            Err(variables) => {
                if variables.is_empty() {
                    // With a value for the definition's variable it could be signed in, and no secret is needed.
                    missing.clear();
                }
                missing.extend(variables);
                Vec::new()
            }
        }
    }

    /// The entries of `credentials`.
    fn written(&self, problems: &mut Problems) -> Vec<Credential> {
        let entries = self.definition.credentials.as_deref().unwrap_or_default();
        check_number(entries.len(), problems);
        check_names(entries, problems);
        let mut credentials = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().take(CREDENTIALS_MAX).enumerate() {
            let path = format!("credentials[{place}]");
            let id = entry.name.as_deref().map_or_else(|| self.id(place + 1), |name| self.id(name));
            match &entry.value {
                CredentialValue::Secret(secret) => {
                    let secret = secret.clone().into_inner();
                    credentials.extend(self.secret(&path, &secret, id, problems));
                }
                CredentialValue::SignIn(own) => {
                    let settings = self.definition.sign_in.clone().merge((**own).clone());
                    match self.account(&settings, &path, id, problems) {
                        Ok(credential) => credentials.extend(credential),
                        Err(variables) if variables.is_empty() => {}
                        Err(variables) => problems.add(path, nothing_to_sign_in_with(&variables)),
                    }
                }
            }
        }
        credentials
    }

    fn secrets(&self, secrets: &[(String, SecretString)], problems: &mut Problems) -> Vec<Credential> {
        check_number(secrets.len(), problems);
        let numbered = (1..).zip(secrets).take(CREDENTIALS_MAX);
        let id = |number: usize| self.id(number);
        numbered
            .filter_map(|(number, (path, secret))| self.secret(path, secret, id(number), problems))
            .collect()
    }

    fn secret(
        &self,
        path: &str,
        secret: &SecretString,
        id: CredentialId,
        problems: &mut Problems,
    ) -> Option<Credential> {
        match present(self.auth, secret, id) {
            Ok(credential) => Some(credential),
            Err(problem) => {
                problems.add(path, problem.to_string());
                None
            }
        }
    }

    /// The credential of a sign-in; none after a problem, or where there is no sign-in. `Err` holds the variables of which
    /// one would make it possible.
    fn account(
        &self,
        settings: &SignIn,
        place: &str,
        id: CredentialId,
        problems: &mut Problems,
    ) -> Result<Option<Credential>, Vec<String>> {
        let fill = |path: &str, text: &str, problems: &mut Problems| self.values.fill(path, text, problems);
        let mut lacking = Vec::new();
        let mut reader = Reader::new(place, self.environment, &fill, problems);
        if !settings.names_an_account() {
            reader = reader.lenient(&mut lacking);
        }
        match plan(settings, &mut reader) {
            _ if !lacking.is_empty() => Err(lacking),
            None => Ok(None),
            Some(Planned::Missing(variables)) => Err(variables),
            Some(Planned::Ready(plan)) => {
                let proof = Proof::SignIn(self.sign_ins.of(*plan));
                Ok(Some(Credential { id, secret: None, proof }))
            }
        }
    }

    /// The credential of a name, or of a place from 1 on.
    fn id(&self, name: impl Display) -> CredentialId {
        CredentialId::from(format!("{}#{name}", self.name))
    }
}

fn check_number(found: usize, problems: &mut Problems) {
    if found > CREDENTIALS_MAX {
        problems.add("credentials", format!("there are more than {CREDENTIALS_MAX}; remove some"));
    }
}

/// Names tell credentials apart, and no name looks like a place.
fn check_names(entries: &[CredentialEntry], problems: &mut Problems) {
    let mut known = BTreeSet::new();
    for (place, name) in
        entries.iter().enumerate().filter_map(|(place, entry)| Some((place, entry.name.as_ref()?)))
    {
        let path = format!("credentials[{place}].name");
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_plain || name.len() > NAME_BYTES_MAX || name.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!(
                "a name is up to {NAME_BYTES_MAX} letters, digits, `-`, `_` and `.`, and not digits alone"
            );
            problems.add(path, message);
        } else if !known.insert(name) {
            problems.add(path, format!("another credential is called `{name}`"));
        }
    }
}

fn nothing_to_sign_in_with(variables: &[String]) -> String {
    format!("there is nothing to sign in with; write it, or set {}", variables.join(" or "))
}

/// The secrets of the first variable that is set, split at commas.
fn from_environment(env: &[String], environment: Environment<'_>) -> Vec<(String, SecretString)> {
    let present = |value: &String| !value.trim().is_empty();
    let Some((name, value)) = env.iter().find_map(|name| Some((name, environment(name).filter(present)?)))
    else {
        return Vec::new();
    };
    let secrets = value.split(',').map(str::trim).filter(|secret| !secret.is_empty());
    secrets.map(|secret| (format!("auth.env ({name})"), SecretString::from(secret))).collect()
}

fn header_scheme(header: Option<&str>, path: &str, problems: &mut Problems) -> AuthScheme {
    let Some(header) = header else {
        problems.add(path, "it is missing; name the header, as `scheme` is `header`");
        return AuthScheme::None;
    };
    match HeaderName::try_from(header) {
        Ok(name) => AuthScheme::Header(name),
        Err(_) => {
            problems.add(path, format!("`{header}` is not the name of a header"));
            AuthScheme::None
        }
    }
}
