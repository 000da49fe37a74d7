//! Amazon Web Services: requests signed with keys (Signature Version 4).

mod instance;
mod keys;
mod plan;
mod profile;
mod security_token;
mod signature;
mod token;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use domain::ports::sign_in::{Payload, Pending, SignIn, SignInProblem};
use domain::provider::BaseUrl;
use http::request::Parts;
use secrecy::SecretString;

pub(crate) use plan::{Plan, plan};
pub use verify::{Claim, SignedHead, VerifyProblem};

use super::bearer::Bearer;
use super::live::Live;
use super::outside::Outside;
use super::register::Startable;
use keys::KeySource;
use signature::{Scope, sign};
use token::TokenSource;

/// A sign-in by a signature over each request.
struct Signed {
    keys: Live<KeySource>,
    scope: Scope,
}

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        let (keys, scope) = (KeySource::new(self), self.scope.clone());
        match &self.token_prefix {
            Some(prefix) => Arc::new(Bearer::new(TokenSource { keys, scope, prefix: prefix.clone() })),
            None => Arc::new(Signed { keys: Live::new(keys), scope }),
        }
    }
}

impl SignIn for Signed {
    fn sign(
        &self,
        head: &mut Parts,
        base: &BaseUrl,
        payload: Payload<'_>,
        now: SystemTime,
    ) -> Result<(), SignInProblem> {
        let Payload::Read(body) = payload else { return Err(SignInProblem::BodyUnread) };
        let keys = self.keys.current(now)?;
        sign(head, base, body, &keys.proof, &self.scope, now)
    }

    /// The secret key is never sent; the token of a session is.
    fn secret(&self) -> Option<SecretString> {
        let latest = self.keys.latest()?;
        latest.proof.session_token().map(SecretString::from)
    }

    fn pending(&self) -> Option<Pending<'_>> {
        self.keys.pending()
    }
}

impl Startable for Signed {
    fn start(&self, outside: &Outside) {
        self.keys.start(outside);
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signed").field("scope", &self.scope).finish_non_exhaustive()
    }
}
