//! One message with its headers and payload, read in place.

use super::{PRELUDE_BYTES, STRING, TRAILER_BYTES, number_at};

/// One message of an event stream, whose lengths and checksums were verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message as it came, to be forwarded.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// What the message is: the type of an event, the type of an exception, or the code of an error.
    #[must_use]
    pub fn event(&self) -> Option<&'a [u8]> {
        let types: [&[u8]; 3] = [b":event-type", b":exception-type", b":error-code"];
        types.into_iter().find_map(|name| self.header(name))
    }

    /// Whether the message reports a failure instead of an event: an exception that the service's model knows, or an error
    /// that it does not.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.header(b":message-type").is_some_and(|kind| kind != b"event")
    }

    /// What went wrong, of an error: it has no payload.
    #[must_use]
    pub fn error_message(&self) -> Option<&'a [u8]> {
        self.header(b":error-message")
    }

    /// The payload.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        let end = self.bytes.len().saturating_sub(TRAILER_BYTES);
        self.bytes.get(PRELUDE_BYTES + self.headers_bytes()..end).unwrap_or_default()
    }

    fn headers_bytes(&self) -> usize {
        number_at(self.bytes, 4).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
    }

    /// The value of a string header.
    pub(super) fn header(&self, wanted: &[u8]) -> Option<&'a [u8]> {
        self.headers().find(|(name, _)| *name == wanted).map(|(_, value)| value)
    }

    /// The string headers.
    fn headers(&self) -> Headers<'a> {
        let rest = self.bytes.get(PRELUDE_BYTES..PRELUDE_BYTES + self.headers_bytes()).unwrap_or_default();
        Headers { rest }
    }
}

/// Headers with string values, by name; those of other types are skipped.
struct Headers<'a> {
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn take_number<const BYTES: usize>(&mut self) -> Option<usize> {
        let bytes = self.take(BYTES)?;
        Some(bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    /// The next header; its value is none when it is no string.
    fn header(&mut self) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let name_bytes = self.take_number::<1>()?;
        let name = self.take(name_bytes)?;
        let kind = *self.take(1)?.first()?;
        let length = match kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            6 | STRING => self.take_number::<2>()?,
            _ => return None,
        };
        let value = self.take(length)?;
        Some((name, (kind == STRING).then_some(value)))
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let (name, Some(value)) = self.header()? {
                return Some((name, value));
            }
        }
    }
}
