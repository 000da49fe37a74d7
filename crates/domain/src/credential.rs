//! What proves to a provider who calls.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::name::CredentialId;
use crate::ports::sign_in::{Pending, SignIn};

/// How a credential is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthScheme {
    /// `authorization: Bearer …`.
    Bearer,
    /// `authorization: Token …`.
    Token,
    /// The bare secret in a header of this name.
    Header(HeaderName),
    /// The secret as a query parameter of this name.
    Query(String),
    /// No credential.
    None,
}

/// One credential, ready to be sent.
#[derive(Debug, Clone)]
pub struct Credential {
    /// For logs and health, never the secret.
    pub id: CredentialId,
    /// The secret itself, kept to redact it from texts; `None` where there is none or it changes.
    pub secret: Option<SecretString>,
    /// What goes along with a request.
    pub proof: Proof,
}

impl Credential {
    /// The secret that a provider might repeat, to redact it from texts.
    #[must_use]
    pub fn secret_sent(&self) -> Option<SecretString> {
        match &self.proof {
            Proof::SignIn(sign_in) => sign_in.secret(),
            Proof::Nothing | Proof::Header(..) | Proof::Query(_) => self.secret.clone(),
        }
    }

    /// What a request may wait for a little, when the sign-in has only just begun.
    #[must_use]
    pub fn pending(&self) -> Option<Pending<'_>> {
        match &self.proof {
            Proof::SignIn(sign_in) => sign_in.pending(),
            Proof::Nothing | Proof::Header(..) | Proof::Query(_) => None,
        }
    }
}

/// What proves to a provider who calls.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Nothing: the provider needs none.
    Nothing,
    /// A header; the value is marked sensitive.
    Header(HeaderName, HeaderValue),
    /// A query parameter, as `name=value`, percent-encoded.
    Query(SecretString),
    /// Something that is made for each request.
    SignIn(Arc<dyn SignIn>),
}

impl Proof {
    /// Whether this is the very same proof, so that what is known of one holds for the other.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Header(name, value), Self::Header(other_name, other)) => {
                name == other_name && value == other
            }
            (Self::Query(one), Self::Query(other)) => one.expose_secret() == other.expose_secret(),
            (Self::SignIn(one), Self::SignIn(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}
