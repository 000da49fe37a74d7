//! What stores of shared state have in common: what is too large for each of them, and how their databases count.

use std::time::Duration;

use domain::ports::shared_state::{Change, KEY_BYTES_MAX, StateError, VALUE_BYTES_MAX, Versioned};

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

/// A time as databases count it, in microseconds; no value outlives what they can count.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// The time so many microseconds after 1970, since then.
pub(crate) fn since_1970(micros: i64) -> Duration {
    Duration::from_micros(micros.try_into().unwrap_or_default())
}

/// A version from the number that a database counts up from 1.
pub(crate) fn version(number: i64) -> u64 {
    number.try_into().unwrap_or_default()
}

/// A value with the number of its version.
pub(crate) fn versioned(number: i64, value: Vec<u8>) -> Versioned {
    Versioned { version: version(number), value: value.into() }
}
