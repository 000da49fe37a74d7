//! A scanned body: its bytes with its outline, looked up by key.

use std::borrow::Cow;

use bytes::Bytes;

use super::{ChunkedBytes, Kind, Member, Outline, ScanError, ScanLimits, Scanner, text};

/// A JSON document that was scanned, with the bytes it was scanned from.
#[derive(Debug, Clone)]
pub struct Document {
    body: ChunkedBytes,
    outline: Outline,
}

/// A key that was asked for stands more than once in its object, so that readers may disagree which value counts:
/// serde_json takes the last, others the first or none. A gateway must not authorise one and forward the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` occurs more than once, send it once")]
pub struct DuplicateKey {
    /// The key, unescaped.
    pub key: String,
}

/// One member of a document's top-level object.
#[derive(Debug, Clone, Copy)]
pub struct MemberRef<'d> {
    body: &'d ChunkedBytes,
    member: &'d Member,
}

impl Document {
    /// Scans a body that arrived in one piece.
    ///
    /// # Errors
    /// When the bytes are not JSON or exceed the limits.
    pub fn parse(bytes: Bytes, limits: ScanLimits) -> Result<Self, ScanError> {
        let mut scanner = Scanner::new(limits);
        scanner.feed(&bytes)?;
        Ok(Self { outline: scanner.finish()?, body: ChunkedBytes::from(bytes) })
    }

    /// Joins a body with the outline of exactly these bytes, which a [`Scanner`] made while they arrived.
    pub fn from_parts(body: ChunkedBytes, outline: Outline) -> Self {
        Self { body, outline }
    }

    /// Scans bytes that are known to be a value of a scanned document, listing the elements of an array too.
    pub(crate) fn of_value(bytes: Bytes) -> Result<Self, ScanError> {
        let mut scanner =
            Scanner::listing_elements(ScanLimits { depth_max: u16::MAX, members_max: usize::MAX });
        scanner.feed(&bytes)?;
        Ok(Self { outline: scanner.finish()?, body: ChunkedBytes::from(bytes) })
    }

    /// The bytes as they arrived.
    pub fn body(&self) -> &ChunkedBytes {
        &self.body
    }

    /// What the top-level value is, and where its members lie.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// The bytes as they arrived, without the outline.
    pub fn into_body(self) -> ChunkedBytes {
        self.body
    }

    /// The member with this key; keys are compared unescaped (`"mod\u0065l"` is `model`).
    ///
    /// # Errors
    /// When the key occurs more than once.
    pub fn member(&self, key: &str) -> Result<Option<MemberRef<'_>>, DuplicateKey> {
        Ok(self
            .position(key)?
            .and_then(|index| self.outline.members.get(index))
            .map(|member| self.at(member)))
    }

    /// All members in their order, duplicates included.
    pub fn members(&self) -> impl Iterator<Item = MemberRef<'_>> {
        self.outline.members.iter().map(|member| self.at(member))
    }

    /// The index of the member with this key.
    pub(super) fn position(&self, key: &str) -> Result<Option<usize>, DuplicateKey> {
        if self.outline.kind != Kind::Object {
            return Ok(None);
        }
        let mut found = None;
        for (index, member) in self.outline.members.iter().enumerate() {
            if self.has_key(member, key) && found.replace(index).is_some() {
                return Err(DuplicateKey { key: key.to_owned() });
            }
        }
        Ok(found)
    }

    fn has_key(&self, member: &Member, key: &str) -> bool {
        if member.escaped_key {
            return self.at(member).key().is_some_and(|text| text == key);
        }
        member.key.len() == key.len() && *self.body.range(member.key.clone()) == *key.as_bytes()
    }

    fn at<'d>(&'d self, member: &'d Member) -> MemberRef<'d> {
        MemberRef { body: &self.body, member }
    }
}

impl<'d> MemberRef<'d> {
    /// The key, unescaped; none when it holds an unpaired surrogate.
    pub fn key(&self) -> Option<Cow<'d, str>> {
        let quoted = self.member.key.start.checked_sub(1)?..self.member.key.end + 1;
        text::of_string_cow(self.body.range(quoted))
    }

    /// What the value is.
    pub fn kind(&self) -> Kind {
        self.member.kind
    }

    /// Where the key and the value lie.
    pub fn member(&self) -> &'d Member {
        self.member
    }

    /// The value's bytes, copied only when they cross chunks.
    pub fn raw(&self) -> Cow<'d, [u8]> {
        self.body.range(self.member.value.clone())
    }

    /// The value's bytes as one `Bytes`, copied only when they cross chunks.
    pub fn raw_bytes(&self) -> Bytes {
        self.body.contiguous(self.member.value.clone())
    }

    /// The text of a string, unescaped; none for another kind, and for an unpaired surrogate.
    pub fn as_str(&self) -> Option<Cow<'d, str>> {
        (self.kind() == Kind::String).then(|| text::of_string_cow(self.raw())).flatten()
    }

    /// `true` or `false`; none for another kind.
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| *self.raw() == *b"true")
    }

    /// A whole number from 0 to 2^64 - 1, written without fraction and exponent; none for anything else.
    pub fn as_u64(&self) -> Option<u64> {
        (self.kind() == Kind::Number).then(|| serde_json::from_slice(&self.raw()).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap()
    }

    #[test]
    fn keys_are_compared_after_unescaping() {
        let document = document(r#"{"mod\u0065l":"a","b\"c":true}"#);
        assert_eq!(document.member("model").unwrap().unwrap().as_str().unwrap(), "a");
        assert_eq!(document.member("b\"c").unwrap().unwrap().as_bool(), Some(true));
        assert!(document.member("mod\\u0065l").unwrap().is_none());
    }

    #[test]
    fn an_escaped_duplicate_is_a_duplicate_of_the_key_asked_for_only() {
        let document = document(r#"{"model":"cheap","x":1,"\u006dodel":"dear"}"#);
        assert_eq!(document.member("model").unwrap_err(), DuplicateKey { key: "model".to_owned() });
        assert_eq!(document.member("x").unwrap().unwrap().as_u64(), Some(1));
    }

    #[test]
    fn values_are_read_only_as_what_they_are() {
        let document =
            document(r#"{"n":18446744073709551615,"f":1.0,"m":-1,"s":"\u00e9\n","b":false,"u":"\ud800"}"#);
        let member = |key| document.member(key).unwrap().unwrap();
        assert_eq!(member("n").as_u64(), Some(u64::MAX));
        assert_eq!(member("f").as_u64(), None);
        assert_eq!(member("m").as_u64(), None);
        assert_eq!(member("s").as_str().unwrap(), "é\n");
        assert_eq!(member("b").as_bool(), Some(false));
        assert_eq!(member("b").as_str(), None);
        assert_eq!(member("u").as_str(), None);
        assert_eq!(member("u").kind(), Kind::String);
    }

    #[test]
    fn a_document_that_is_no_object_has_no_members() {
        assert!(document("[1,2]").member("0").unwrap().is_none());
        let array = Document::of_value(Bytes::from_static(b"[1,2]")).unwrap();
        assert!(array.member("").unwrap().is_none());
        assert_eq!(array.outline().members.len(), 2);
    }

    #[test]
    fn a_member_across_chunks_reads_whole() {
        let chunks = [&br#"{"mo"#[..], br#"del":"gp"#, br#"t-4"}"#].map(Bytes::from_static);
        let mut scanner = Scanner::new(ScanLimits::default());
        for chunk in &chunks {
            scanner.feed(chunk).unwrap();
        }
        let document = Document::from_parts(chunks.into_iter().collect(), scanner.finish().unwrap());
        assert_eq!(document.member("model").unwrap().unwrap().as_str().unwrap(), "gpt-4");
    }
}
