//! The text of keys and strings, unescaped only where an escape occurs.

use std::borrow::Cow;

/// The text of a string that has been scanned, quotes included; none for an unpaired surrogate, which no Rust string
/// can hold (and which must not compare equal to anything).
pub(super) fn of_string(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(quoted).ok().map(Cow::Owned)
}

/// As [`of_string`], keeping the lifetime of borrowed bytes.
pub(super) fn of_string_cow(quoted: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match quoted {
        Cow::Borrowed(bytes) => of_string(bytes),
        Cow::Owned(bytes) => of_string(&bytes).map(|text| Cow::Owned(text.into_owned())),
    }
}

/// Writes text as a JSON string with its quotes.
pub(super) fn to_string(text: &str) -> Vec<u8> {
    // Serialising a str cannot fail; the quotes are what an unreachable failure would leave.
    serde_json::to_vec(text).unwrap_or_else(|_| b"\"\"".to_vec())
}
