//! Credentials that are a fixed text, sent as it is.

use domain::CredentialId;
use domain::provider::{AuthScheme, Credential, Proof};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use crate::percent;

/// Why a secret cannot be sent. The secret itself is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// There is nothing in it.
    #[error("the secret is empty; write it, or set the environment variable it comes from")]
    Empty,
    /// A header cannot carry it.
    #[error(
        "the secret holds a line break or another character that no header may have; check how it was copied"
    )]
    NotAHeaderValue,
    /// The provider takes none.
    #[error("the provider takes no credential; remove it, or set `auth.scheme`")]
    NotWanted,
}

/// Makes a secret ready to be sent to a provider that is told who calls by `auth`.
///
/// # Errors
/// When the secret cannot be carried there.
pub fn present(
    auth: &AuthScheme,
    secret: &SecretString,
    id: CredentialId,
) -> Result<Credential, SecretProblem> {
    let text = secret.expose_secret().trim();
    if text.is_empty() {
        return Err(SecretProblem::Empty);
    }
    let proof = match auth {
        AuthScheme::Bearer => Proof::Header(AUTHORIZATION, sensitive(&format!("Bearer {text}"))?),
        AuthScheme::Token => Proof::Header(AUTHORIZATION, sensitive(&format!("Token {text}"))?),
        AuthScheme::Header(name) => Proof::Header(name.clone(), sensitive(text)?),
        AuthScheme::Query(name) => {
            Proof::Query(SecretString::from(format!("{}={}", percent::encode(name), percent::encode(text))))
        }
        AuthScheme::None => return Err(SecretProblem::NotWanted),
    };
    Ok(Credential { id, secret: Some(SecretString::from(text)), proof })
}

fn sensitive(text: &str) -> Result<HeaderValue, SecretProblem> {
    let mut value = HeaderValue::from_str(text).map_err(|_| SecretProblem::NotAHeaderValue)?;
    value.set_sensitive(true);
    Ok(value)
}
