//! Strings: as they stood in a source, or made here. What is only passed on is copied with its escapes and never
//! unescaped; so the cost is a copy, and even an unpaired surrogate, which no Rust string can hold, survives.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A string that is passed from one document to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text<'a> {
    /// A JSON string of a source, quotes included, its escapes as they stood.
    Source(&'a str),
    /// A text made here, without escapes.
    Made(Cow<'a, str>),
}

impl<'a> Text<'a> {
    /// The text without escapes. An unpaired surrogate becomes U+FFFD.
    #[must_use]
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Source(quoted) => unescaped(quoted),
            Self::Made(text) => Cow::Borrowed(text),
        }
    }

    /// As [`Self::plain`], keeping the lifetime of the source.
    #[must_use]
    pub fn into_plain(self) -> Cow<'a, str> {
        match self {
            Self::Source(quoted) => unescaped(quoted),
            Self::Made(text) => text,
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Source(quoted) => quoted.len() <= 2,
            Self::Made(text) => text.is_empty(),
        }
    }

    /// Writes it as a JSON string with its quotes.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Source(quoted) => out.extend_from_slice(quoted.as_bytes()),
            Self::Made(text) => out.extend_from_slice(&to_string(text)),
        }
    }

    /// Writes it as a part of a JSON string: escaped, without quotes.
    pub fn write_inner(&self, out: &mut Vec<u8>) {
        match self {
            Self::Source(quoted) => {
                out.extend_from_slice(
                    quoted.as_bytes().get(1..quoted.len().saturating_sub(1)).unwrap_or_default(),
                );
            }
            Self::Made(text) => {
                let quoted = to_string(text);
                out.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
            }
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Made(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Made(Cow::Owned(text))
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.plain() == other
    }
}

fn unescaped(quoted: &str) -> Cow<'_, str> {
    of_string(quoted.as_bytes()).unwrap_or_else(|| Cow::Owned(with_replaced_surrogates(quoted)))
}

/// A string with an unpaired surrogate. serde_json reads it as bytes, in which the surrogate is not valid UTF-8.
fn with_replaced_surrogates(quoted: &str) -> String {
    let bytes = serde_json::from_str::<Bytes>(quoted).map(|bytes| bytes.0).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(TakesBytes)
    }
}

struct TakesBytes;

impl Visitor<'_> for TakesBytes {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }
}

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

#[cfg(test)]
mod tests {
    use super::Text;

    fn written(text: &Text<'_>) -> String {
        let mut out = Vec::new();
        text.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_string_of_a_source_is_copied_with_its_escapes() {
        let text = Text::Source(r#""a\u0041\/\ud800""#);
        assert_eq!(written(&text), r#""a\u0041\/\ud800""#);
        let mut inner = Vec::new();
        text.write_inner(&mut inner);
        assert_eq!(inner, br"a\u0041\/\ud800");
    }

    #[test]
    fn an_unpaired_surrogate_is_replaced_only_where_the_text_is_read() {
        assert!(Text::Source(r#""a\n\ud800b""#).plain().starts_with("a\n\u{fffd}"));
        assert!(Text::Source(r#""a\n\ud800b""#).into_plain().ends_with('b'));
        assert_eq!(Text::Source(r#""\ud83d\ude00""#).plain(), "\u{1f600}");
    }

    #[test]
    fn a_text_made_here_is_escaped_when_it_is_written() {
        let text = Text::from("a\"\n");
        assert_eq!(written(&text), r#""a\"\n""#);
        let mut inner = Vec::new();
        text.write_inner(&mut inner);
        assert_eq!(inner, br#"a\"\n"#);
        assert!(Text::from("").is_empty() && Text::Source("\"\"").is_empty() && !text.is_empty());
    }
}
