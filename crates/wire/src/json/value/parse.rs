//! Reading a [`Value`]: strict RFC 8259, in one pass, copying nothing but keys with escapes.

use std::borrow::Cow;

use super::{Content, Value};
use crate::json::{Kind, text};

/// Deepest nesting of arrays and objects, as [`crate::json::ScanLimits`] allows.
const DEPTH_MAX: usize = 128;

/// Bytes that are not one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {offset}")]
pub struct NotJson {
    /// Bytes before the offending one.
    pub offset: usize,
}

pub(super) fn document(bytes: &[u8]) -> Result<Value<'_>, NotJson> {
    let source =
        simdutf8::compat::from_utf8(bytes).map_err(|error| NotJson { offset: error.valid_up_to() })?;
    let mut reader = Reader { source, at: 0, depth: 0 };
    reader.skip_whitespace();
    let value = reader.value()?;
    reader.skip_whitespace();
    if reader.at == source.len() { Ok(value) } else { Err(reader.fault()) }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn fault(&self) -> NotJson {
        NotJson { offset: self.at }
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Result<(), NotJson> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            return Ok(());
        }
        Err(self.fault())
    }

    fn since(&self, start: usize) -> Result<&'a str, NotJson> {
        self.source.get(start..self.at).ok_or(self.fault())
    }

    fn value(&mut self) -> Result<Value<'a>, NotJson> {
        let start = self.at;
        let content = match self.peek() {
            Some(b'"') => self.string().map(|()| Content::Leaf(Kind::String)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b't') => self.literal("true", Kind::Bool),
            Some(b'f') => self.literal("false", Kind::Bool),
            Some(b'n') => self.literal("null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.fault()),
        }?;
        Ok(Value { raw: self.since(start)?, content })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Content<'a>, NotJson>,
    ) -> Result<Content<'a>, NotJson> {
        if self.depth == DEPTH_MAX {
            return Err(self.fault());
        }
        self.depth += 1;
        self.at += 1;
        self.skip_whitespace();
        let content = read(self)?;
        self.depth -= 1;
        Ok(content)
    }

    fn object(&mut self) -> Result<Content<'a>, NotJson> {
        let mut members = Vec::new();
        if self.ends(b'}') {
            return Ok(Content::Object(members));
        }
        loop {
            let key = self.key()?;
            self.skip_whitespace();
            self.take(b':')?;
            self.skip_whitespace();
            members.push((key, self.value()?));
            self.skip_whitespace();
            if self.ends(b'}') {
                return Ok(Content::Object(members));
            }
            self.take(b',')?;
            self.skip_whitespace();
        }
    }

    fn array(&mut self) -> Result<Content<'a>, NotJson> {
        let mut elements = Vec::new();
        if self.ends(b']') {
            return Ok(Content::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            self.skip_whitespace();
            if self.ends(b']') {
                return Ok(Content::Array(elements));
            }
            self.take(b',')?;
            self.skip_whitespace();
        }
    }

    fn ends(&mut self, end: u8) -> bool {
        let ends = self.peek() == Some(end);
        self.at += usize::from(ends);
        ends
    }

    /// A key, unescaped. One with an unpaired surrogate, which no Rust string can hold, keeps its escapes and so is
    /// never taken for a known one.
    fn key(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.fault());
        }
        self.string()?;
        let quoted = self.since(start)?;
        Ok(text::of_string(quoted.as_bytes()).unwrap_or(Cow::Borrowed(quoted)))
    }

    fn string(&mut self) -> Result<(), NotJson> {
        self.at += 1;
        loop {
            let rest = self.source.as_bytes().get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.source.len();
                return Err(self.fault());
            };
            let plain = rest.get(..length).unwrap_or_default();
            // RFC 8259 section 7: control characters stand as escapes only.
            if plain.iter().any(|byte| *byte < 0x20) {
                return Err(self.fault());
            }
            self.at += length;
            if self.ends(b'"') {
                return Ok(());
            }
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        self.at += 1;
        let hexadecimal = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.fault()),
        };
        self.at += 1;
        for _ in 0..hexadecimal {
            if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.fault());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, literal: &str, kind: Kind) -> Result<Content<'a>, NotJson> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        if !rest.starts_with(literal) {
            return Err(self.fault());
        }
        self.at += literal.len();
        Ok(Content::Leaf(kind))
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Result<Content<'a>, NotJson> {
        self.ends(b'-');
        if !self.ends(b'0') {
            self.digits()?;
        }
        if self.ends(b'.') {
            self.digits()?;
        }
        if self.ends(b'e') || self.ends(b'E') {
            let _sign = self.ends(b'+') || self.ends(b'-');
            self.digits()?;
        }
        Ok(Content::Leaf(Kind::Number))
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault()) } else { Ok(()) }
    }
}
