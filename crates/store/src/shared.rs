//! What stores of shared state have in common: how they are found, what is too large for each of them, and how databases count.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::shared_state::{
    Change, KEY_BYTES_MAX, SharedServer, SharedState, StateError, VALUE_BYTES_MAX, Versioned,
};

use crate::{PostgresState, RedisState, RedisTls};

/// Longer than any database exists, in microseconds.
const LIFETIME_MAX: i64 = 1 << 62;

/// Why a store cannot be where it is said to be. The text repeats nothing of a URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It is no URL, or one of something else.
    #[error(
        "expected a URL such as `postgres://user:password@host:5432/database` or `redis://user:password@host:6379/0`"
    )]
    Url,
    /// A server cannot have a part of this name.
    #[error("expected at most 63 lower-case letters, digits and `_`, and no digit first")]
    Namespace,
    /// TLS cannot be spoken there as it is said.
    #[error("expected PEM certificates, and a URL that begins with `rediss://`")]
    Tls,
}

/// The store at a URL, in a namespace of the server's. It connects when it is first asked for something; no call takes longer
/// than `time_limit`. With Redis, TLS is spoken as `tls` says; with PostgreSQL the URL says that.
///
/// # Errors
/// When the URL is none of a known server, the namespace cannot be called so, or `tls` is for another server.
pub fn shared_state_at(
    url: &str,
    namespace: &str,
    time_limit: Duration,
    tls: Option<RedisTls>,
) -> Result<Arc<dyn SharedState>, PlaceError> {
    match (SharedServer::at(url), tls) {
        (Some(SharedServer::Postgres), None) => Ok(Arc::new(PostgresState::new(url, namespace, time_limit)?)),
        (Some(SharedServer::Postgres), Some(_)) => Err(PlaceError::Tls),
        (Some(SharedServer::Redis), None) => Ok(Arc::new(RedisState::new(url, namespace, time_limit)?)),
        (Some(SharedServer::Redis), Some(tls)) => {
            Ok(Arc::new(RedisState::new_with_tls(url, namespace, time_limit, tls)?))
        }
        (None, _) => Err(PlaceError::Url),
    }
}

/// # Errors
/// When a key is too large to have a value.
pub(crate) fn check_keys(keys: &[Box<str>]) -> Result<(), StateError> {
    keys.iter().try_for_each(|key| check("a key", key.len(), KEY_BYTES_MAX))
}

/// # Errors
/// When a key or a value is too large to be kept.
pub(crate) fn check_changes(changes: &[Change]) -> Result<(), StateError> {
    changes.iter().try_for_each(|change| {
        check("a key", change.key.len(), KEY_BYTES_MAX)?;
        check("a value", change.value.len(), VALUE_BYTES_MAX)
    })
}

fn check(what: &'static str, bytes: usize, bytes_max: usize) -> Result<(), StateError> {
    if bytes > bytes_max { Err(StateError::TooLarge { what, bytes, bytes_max }) } else { Ok(()) }
}

/// What comes behind every key that begins so: no key has the byte 0xFF, which is nowhere in UTF-8.
pub(crate) fn behind_prefix(prefix: &str) -> Vec<u8> {
    [prefix.as_bytes(), &[0xFF]].concat()
}

/// A lifetime as databases count it, in microseconds, such that they can add it to the time.
pub(crate) fn lifetime_micros(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_micros()).map_or(LIFETIME_MAX, |micros| micros.min(LIFETIME_MAX))
}

/// The time so many microseconds after 1970, since then.
pub(crate) fn since_1970(micros: i64) -> Duration {
    Duration::from_micros(micros.try_into().unwrap_or_default())
}

/// A version from the number that a database counts up from 1.
pub(crate) fn version(number: i64) -> u64 {
    number.try_into().unwrap_or_default()
}

/// A text that a database keeps as bytes.
pub(crate) fn text(bytes: Vec<u8>) -> Result<Box<str>, sqlx::Error> {
    String::from_utf8(bytes).map(Into::into).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A count as databases count.
pub(crate) fn count(number: usize) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A value with the number of its version.
pub(crate) fn versioned(number: i64, value: Vec<u8>) -> Versioned {
    Versioned { version: version(number), value: value.into() }
}
