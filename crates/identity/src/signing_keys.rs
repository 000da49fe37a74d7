//! The keys of an issuer of tokens, renewed in the background.

use crate::algorithm::Algorithm;
use crate::key_set::KeySet;
use crate::problem::TokenProblem;
use crate::renewed::{RENEWAL_PAUSE, Renewed, Sources};
use crate::token::Token;

/// The keys of one issuer, by their URL.
pub type SigningKeys = Renewed<KeySet>;

/// The published keys of a process.
pub type KeySources = Sources<KeySet>;

impl SigningKeys {
    /// Verifies a token's signature; with which version of the keys it was good.
    pub(crate) fn verify(&self, token: &Token<'_>, algorithm: Algorithm) -> Result<u64, TokenProblem> {
        let published = self.current().ok_or(TokenProblem::NoKeys { retry_after: RENEWAL_PAUSE })?;
        published.document.verify(token, algorithm).map(|()| published.version)
    }
}
