//! Whom tokens make of those who send them. A token is verified once and then found by its hash, as a key is, until it ends, its
//! issuer publishes other keys, or another configuration comes into force.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::{ApiKey, KeyHash};
use quick_cache::sync::Cache;

use crate::issuer::{Caller, Issuer};
use crate::problem::TokenProblem;
use crate::tenants::Tenants;
use crate::token::Token;

/// Most tokens that are found by their hash; of more, the least used are verified again.
const KNOWN_MAX: usize = 20_000;
/// How long a request waits for keys that its issuer has only just begun to use.
const KEYS_WAIT_MAX: Duration = Duration::from_secs(2);

/// The issuers of a configuration, and the callers that they vouched for so far.
#[derive(Debug)]
pub struct Callers {
    issuers: Vec<Issuer>,
    tenants: Tenants,
    known: Cache<KeyHash, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    caller: Caller,
    /// The place of its issuer.
    issuer: usize,
}

impl Default for Callers {
    /// Nobody vouches for anybody.
    fn default() -> Self {
        Self::new(Vec::new(), Tenants::default())
    }
}

impl Callers {
    /// Nobody known yet.
    #[must_use]
    pub fn new(issuers: Vec<Issuer>, tenants: Tenants) -> Self {
        Self { issuers, tenants, known: Cache::new(KNOWN_MAX) }
    }

    /// Whether no token is accepted at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issuers.is_empty()
    }

    /// The caller of a token that was verified before; `hash` is that of its text.
    #[must_use]
    pub fn known(&self, hash: &KeyHash, now: SystemTime) -> Option<Arc<ApiKey>> {
        let Known { caller, issuer } = self.known.get(hash)?;
        let is_good = caller.until > now && self.issuers.get(issuer)?.keys.version() == caller.version;
        is_good.then_some(caller.key)
    }

    /// The caller of a token that is seen for the first time. Waits once, and briefly, where its issuer has a key that is not
    /// known here yet.
    ///
    /// # Errors
    /// When it is not accepted, with why.
    pub async fn verify(
        &self,
        text: &str,
        hash: KeyHash,
        now: SystemTime,
    ) -> Result<Arc<ApiKey>, TokenProblem> {
        let token = Token::read(text)?;
        let name = token.claims.text("iss").ok_or(TokenProblem::UnknownIssuer)?;
        let mut issuers = self.issuers.iter().enumerate();
        let (place, issuer) =
            issuers.find(|(_, issuer)| *issuer.issuer == *name).ok_or(TokenProblem::UnknownIssuer)?;
        let caller = match issuer.caller(&token, &self.tenants, now) {
            Err(TokenProblem::UnknownKey | TokenProblem::NoKeys { .. }) => {
                if let Some(renewed) = issuer.keys.renewal() {
                    // What there is of keys by then, the next line finds out.
                    let _ = tokio::time::timeout(KEYS_WAIT_MAX, renewed).await;
                }
                issuer.caller(&token, &self.tenants, now)
            }
            verified => verified,
        }?;
        let key = Arc::clone(&caller.key);
        self.known.insert(hash, Known { caller, issuer: place });
        Ok(key)
    }
}

#[cfg(test)]
mod tests;
