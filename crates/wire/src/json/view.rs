//! A lenient look into a JSON value: what a provider sends is asked for, never required.
//!
//! A struct for serde fails as a whole when one field has an unexpected type; here each question has its own answer,
//! and what is not asked for cannot fail. Children are scanned when they are asked for.

use std::borrow::Cow;

use super::{Kind, Member, ScanError, ScanLimits, Scanner, text};

/// A value inside bytes that were scanned.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    raw: &'a [u8],
    kind: Kind,
    /// Members of an object or elements of an array, addressed within `raw`.
    children: Vec<Member>,
}

impl<'a> View<'a> {
    /// Scans a document.
    ///
    /// # Errors
    /// When the bytes are not JSON or exceed the default limits, which also hold for the elements of an array.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ScanError> {
        let mut scanner = Scanner::listing_elements(ScanLimits::default());
        scanner.feed(bytes)?;
        let outline = scanner.finish()?;
        Ok(Self { raw: bytes, kind: outline.kind, children: outline.members })
    }

    /// What the value is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The member of an object with this key. Of duplicates the last counts, as in most JSON readers.
    pub(crate) fn get(&self, key: &str) -> Option<View<'a>> {
        if self.kind != Kind::Object {
            return None;
        }
        self.children
            .iter()
            .rev()
            .find(|child| self.key_of(child).is_some_and(|text| text == key))
            .and_then(|child| self.child(child))
    }

    /// The member at the end of a path of keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<View<'a>> {
        let (first, rest) = keys.split_first()?;
        let child = self.get(first)?;
        if rest.is_empty() { Some(child) } else { child.at(rest) }
    }

    /// The members of an object with their keys; nothing for another kind.
    pub(crate) fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, View<'a>)> {
        let children = if self.kind == Kind::Object { self.children.as_slice() } else { &[] };
        children.iter().filter_map(|child| Some((self.key_of(child)?, self.child(child)?)))
    }

    /// The elements of an array; nothing for another kind.
    pub(crate) fn elements(&self) -> impl Iterator<Item = View<'a>> {
        let children = if self.kind == Kind::Array { self.children.as_slice() } else { &[] };
        children.iter().filter_map(|child| self.child(child))
    }

    /// The text of a string, unescaped.
    pub(crate) fn as_str(&self) -> Option<Cow<'a, str>> {
        (self.kind == Kind::String).then(|| text::of_string(self.raw.trim_ascii())).flatten()
    }

    /// A whole number from 0 to 2^64 - 1.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        (self.kind == Kind::Number).then(|| serde_json::from_slice(self.raw).ok()).flatten()
    }

    /// The text of a string, or the digits of a number: providers disagree on the type of error codes.
    pub(crate) fn as_label(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::Number => std::str::from_utf8(self.raw).ok().map(Cow::Borrowed),
            _ => self.as_str(),
        }
    }

    /// Whether the value holds something: a string, array or object that is not empty.
    pub(crate) fn has_substance(&self) -> bool {
        match self.kind {
            Kind::String => self.raw.len() > 2,
            Kind::Object | Kind::Array => !self.children.is_empty(),
            Kind::Number | Kind::Bool | Kind::Null => false,
        }
    }

    fn key_of(&self, child: &Member) -> Option<Cow<'a, str>> {
        if child.escaped_key {
            return text::of_string(self.raw.get(child.key.start.checked_sub(1)?..child.key.end + 1)?);
        }
        std::str::from_utf8(self.raw.get(child.key.clone())?).ok().map(Cow::Borrowed)
    }

    /// Scans a child. The bytes were validated with their parent, so only a limit can refuse them.
    fn child(&self, child: &Member) -> Option<View<'a>> {
        let raw = self.raw.get(child.value.clone())?;
        match child.kind {
            Kind::Object | Kind::Array => View::parse(raw).ok(),
            kind => Some(View { raw, kind, children: Vec::new() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_cannot_fail() {
        let view = View::parse(br#" {"a":{"b":[1,"x",{"c":2}]},"code":429,"s":"\u0061","a2":1e9} "#).unwrap();
        assert_eq!(view.at(&["a", "b"]).unwrap().elements().count(), 3);
        assert_eq!(view.at(&["a", "b", "c"]).map(|view| view.kind()), None);
        assert_eq!(view.get("code").unwrap().as_label().unwrap(), "429");
        assert_eq!(view.get("code").unwrap().as_u64(), Some(429));
        assert_eq!(view.get("s").unwrap().as_str().unwrap(), "a");
        assert_eq!(view.get("a2").unwrap().as_u64(), None);
        assert_eq!(
            view.members().map(|(key, _)| key.into_owned()).collect::<Vec<_>>(),
            ["a", "code", "s", "a2"]
        );
    }

    #[test]
    fn of_duplicates_the_last_counts() {
        let view = View::parse(br#"{"a":1,"\u0061":2}"#).unwrap();
        assert_eq!(view.get("a").unwrap().as_u64(), Some(2));
    }

    #[test]
    fn only_text_and_filled_containers_have_substance() {
        let substance = |text: &str| View::parse(text.as_bytes()).unwrap().has_substance();
        assert!(substance(r#""x""#) && substance("[0]") && substance(r#"{"a":1}"#));
        assert!(!substance(r#""""#) && !substance("[ ]") && !substance("{}"));
        assert!(!substance("null") && !substance("7") && !substance("true"));
    }
}
