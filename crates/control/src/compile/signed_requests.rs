//! The key pairs of all keys.

use std::collections::HashMap;
use std::time::Duration;

use domain::key_pair::{PairingSecret, SignedRequests};
use domain::{KeyHash, KnownKey};

use super::Problems;
use crate::file::SignedRequestsSection;
use crate::path::Path;

/// AWS's own tolerance.
const CLOCK_SKEW_MAX_DEFAULT: Duration = Duration::from_secs(5 * 60);

pub(super) fn compile(
    section: &SignedRequestsSection,
    keys: &HashMap<KeyHash, KnownKey>,
    problems: &mut Problems,
) -> SignedRequests {
    let mut secrets = Vec::with_capacity(section.secrets.len());
    for (index, secret) in section.secrets.iter().enumerate() {
        match PairingSecret::new(secret.expose()) {
            Ok(secret) => secrets.push(secret),
            Err(problem) => {
                let path = Path::root().key("signed_requests").key("secrets").index(index);
                problems.push((path, problem.to_string()));
            }
        }
    }
    let pairs = secrets.iter().flat_map(|secret| {
        keys.iter().map(|(hash, key)| {
            let pair = secret.pair(*hash);
            (pair.access_key_id, (pair.secret_access_key, key.clone()))
        })
    });
    SignedRequests {
        pairs: pairs.collect(),
        pairing_secret: secrets.into_iter().next(),
        clock_skew_max: section.clock_skew_max.map_or(CLOCK_SKEW_MAX_DEFAULT, |span| span.0),
        unsigned_payload: section.unsigned_payload.unwrap_or(false),
    }
}
