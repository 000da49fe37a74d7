//! How soon after others an attempt to sign in may be made, by its name and by the network that it comes from; the same for all replicas.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use domain::ports::shared_state::{Change, Replaced, SharedState, StateError};
use domain::{ErrorCode, KeyHash};
use engine::neighbourhood;
use identity::{ATTEMPTS_KEPT, Attempts};

use super::sessions::unavailable;
use crate::api::problem::Problem;

/// How many attempts at one name are free.
const FREE_OF_NAME: u32 = 5;
/// How many attempts from one network are free: many people may be behind one address.
const FREE_OF_NETWORK: u32 = 20;
/// How often it is tried to count an attempt that others count at the same time.
const ROUNDS_MAX: usize = 8;

/// What attempts are counted by.
pub(super) struct Pace {
    name: Box<str>,
    counted: Vec<(Box<str>, u32)>,
}

impl Pace {
    /// That of attempts at a name from a network. Names are kept as hashes: people write their passwords into the wrong field.
    pub(super) fn of(name: &str, client: Option<IpAddr>) -> Self {
        let network = client.map_or("unknown".to_owned(), |client| neighbourhood(client).to_string());
        let name: Box<str> = format!("sign-in/name/{}", KeyHash::of(name)).into();
        let counted = vec![
            (name.clone(), FREE_OF_NAME),
            (format!("sign-in/network/{network}").into(), FREE_OF_NETWORK),
        ];
        Self { name, counted }
    }

    /// Counts an attempt before it is judged.
    pub(super) async fn begin(&self, state: &dyn SharedState) -> Result<(), Problem> {
        match self.count(state).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(wait)) => Err(too_many(wait)),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn count(&self, state: &dyn SharedState) -> Result<Result<(), Duration>, StateError> {
        let mut left = self.counted.clone();
        for _ in 0..ROUNDS_MAX {
            let keys: Vec<_> = left.iter().map(|(key, _)| key.clone()).collect();
            let seen = state.read(&keys).await?;
            let now = u64::try_from(seen.at.as_millis()).unwrap_or(u64::MAX);
            let mut changes = Vec::with_capacity(left.len());
            for ((key, free), found) in left.iter().zip(seen.what) {
                let attempts: Attempts = found
                    .as_ref()
                    .and_then(|found| serde_json::from_slice(&found.value).ok())
                    .unwrap_or_default();
                let attempts = match attempts.and_one_more(*free, now) {
                    Ok(attempts) => attempts,
                    Err(wait) => return Ok(Err(wait)),
                };
                changes.push(Change {
                    key: key.clone(),
                    replaces: found.map(|found| found.version),
                    value: serde_json::to_vec(&attempts).map(Bytes::from).unwrap_or_default(),
                    expires_in: Some(ATTEMPTS_KEPT),
                });
            }
            let replaced = state.replace(&changes).await?.what;
            let mut outcomes = replaced.iter();
            left.retain(|_| !matches!(outcomes.next(), Some(Replaced::Done(_))));
            if left.is_empty() {
                return Ok(Ok(()));
            }
        }
        // So many at the same time are too many.
        Ok(Err(Duration::from_secs(1)))
    }

    /// Forgets the attempts at the name, once one succeeded. Those from the network stay: somebody there may guess at other names.
    pub(super) async fn forget(&self, state: &dyn SharedState) {
        let keys = [self.name.clone()];
        let Ok(seen) = state.read(&keys).await else { return };
        let Some(found) = seen.what.into_iter().next().flatten() else { return };
        let [key] = keys;
        let change = Change {
            key,
            replaces: Some(found.version),
            value: Bytes::new(),
            expires_in: Some(Duration::ZERO),
        };
        // Where somebody else tries at the same time, their attempt stays counted; it is forgotten after an hour anyway.
        let _ = state.replace(&[change]).await;
    }
}

fn too_many(wait: Duration) -> Problem {
    let detail = "too many sign-ins with this name or from this network failed; wait before the next";
    Problem::new(ErrorCode::TooManySignIns, detail).with_retry_after(wait)
}
