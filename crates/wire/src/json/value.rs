//! A whole JSON value as a tree of borrowed parts: read once, asked leniently, copied verbatim.
//!
//! What a provider sends is asked for, never required: a struct for serde fails as a whole when one field has an
//! unexpected type; here each question has its own answer. Every part remembers the text it was read from, so that what
//! is only passed on (a tool's schema, the digits of a number, a long prompt) is copied and never written anew.

mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{Kind, Text, text};

pub use parse::NotJson;

/// A JSON value inside bytes that outlive it.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<'a> {
    raw: &'a str,
    content: Content<'a>,
}

#[derive(Debug, Clone, PartialEq)]
enum Content<'a> {
    Leaf(Kind),
    Array(Vec<Value<'a>>),
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// When the bytes are not one JSON value (RFC 8259) in UTF-8, or nest deeper than 128 levels.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotJson> {
        parse::document(bytes)
    }

    /// The value's text as it stood in its source, without surrounding whitespace.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.content {
            Content::Leaf(kind) => *kind,
            Content::Array(_) => Kind::Array,
            Content::Object(_) => Kind::Object,
        }
    }

    /// The member of an object with this key. Of duplicates the last counts, as in most JSON readers.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.members().iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The member at the end of a path of keys.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Value<'a>> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The member with this key, unless it is `null`: most formats treat an absent member and `null` alike.
    #[must_use]
    pub fn present(&self, key: &str) -> Option<&Value<'a>> {
        self.get(key).filter(|value| value.kind() != Kind::Null)
    }

    /// The members of an object with their keys, in their order; nothing for another kind.
    #[must_use]
    pub fn members(&self) -> &[(Cow<'a, str>, Value<'a>)] {
        match &self.content {
            Content::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array; nothing for another kind.
    #[must_use]
    pub fn elements(&self) -> &[Value<'a>] {
        match &self.content {
            Content::Array(elements) => elements,
            _ => &[],
        }
    }

    /// A string as it stood, to be copied or read.
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        (self.kind() == Kind::String).then_some(Text::Source(self.raw))
    }

    /// The text of a string, unescaped; none for an unpaired surrogate, which no Rust string can hold.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| text::of_string(self.raw.as_bytes())).flatten()
    }

    /// A whole number from 0 to 2^64 - 1.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        (self.kind() == Kind::Number).then(|| self.raw.parse().ok()).flatten()
    }

    /// A number as a float; large ones lose digits.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        (self.kind() == Kind::Number).then(|| self.raw.parse().ok()).flatten()
    }

    /// The digits of a number as they stood.
    #[must_use]
    pub fn as_number(&self) -> Option<&'a str> {
        (self.kind() == Kind::Number).then_some(self.raw)
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind() == Kind::Bool).then_some(self.raw == "true")
    }

    /// The text of a string, or the digits of a number: providers disagree on the type of error codes.
    #[must_use]
    pub fn as_label(&self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Number => Some(Cow::Borrowed(self.raw)),
            _ => self.as_str(),
        }
    }

    /// Whether the value holds something: a string, array or object that is not empty.
    #[must_use]
    pub fn has_substance(&self) -> bool {
        match &self.content {
            Content::Leaf(Kind::String) => self.raw.len() > 2,
            Content::Leaf(_) => false,
            Content::Array(elements) => !elements.is_empty(),
            Content::Object(members) => !members.is_empty(),
        }
    }
}
