//! One event with its fields, read in place.

use std::borrow::Cow;

/// The byte order mark that may open a stream (WHATWG HTML, section 9.2.5).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One frame of an event stream: its lines with the blank line that ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The frame as it came, to be forwarded.
    pub bytes: &'a [u8],
    /// The frame without a byte order mark.
    lines: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A frame somewhere in a stream.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, lines: bytes }
    }

    /// The first frame of a stream, which a byte order mark may precede.
    pub fn opening(bytes: &'a [u8]) -> Self {
        Self { bytes, lines: bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes) }
    }

    /// The value of the last `event` field; none without one.
    pub fn event(&self) -> Option<&'a [u8]> {
        self.lines().filter_map(|line| field(line, b"event")).last()
    }

    /// The values of the `data` fields, joined by newlines; empty without one. A single field is not copied.
    pub fn data(&self) -> Cow<'a, [u8]> {
        let mut values = self.lines().filter_map(|line| field(line, b"data"));
        let Some(first) = values.next() else {
            return Cow::Borrowed(&[]);
        };
        let Some(second) = values.next() else {
            return Cow::Borrowed(first);
        };
        let mut joined = [first, second].join(&b'\n');
        for value in values {
            joined.push(b'\n');
            joined.extend_from_slice(value);
        }
        Cow::Owned(joined)
    }

    /// Whether the frame has no field: comments and blank lines only.
    pub fn is_comment_only(&self) -> bool {
        self.lines().all(|line| line.is_empty() || line.starts_with(b":"))
    }

    /// The lines without their ends.
    pub fn lines(&self) -> Lines<'a> {
        Lines { rest: self.lines }
    }
}

/// The value of a line that is this field: what follows the colon, without one leading space.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

/// The lines of a frame.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => rest,
        };
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_data_line_is_borrowed() {
        let frame = Frame::new(b"data: {\"a\":1}\n\n");
        assert!(matches!(frame.data(), Cow::Borrowed(b"{\"a\":1}")));
        assert_eq!(frame.event(), None);
        assert!(!frame.is_comment_only());
    }

    #[test]
    fn several_data_lines_join_with_newlines() {
        assert_eq!(*Frame::new(b"data: a\ndata:b\ndata\ndata:  c\n\n").data(), *b"a\nb\n\n c");
    }

    #[test]
    fn fields_are_read_whatever_ends_the_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let text = [": hello", "event: error", "id:7", "data: x", "", ""].join(end);
            let frame = Frame::new(text.as_bytes());
            assert_eq!(frame.event(), Some(&b"error"[..]));
            assert_eq!(*frame.data(), *b"x");
            assert_eq!(frame.lines().count(), 5);
        }
    }

    #[test]
    fn a_field_name_must_match_whole() {
        let frame = Frame::new(b"database: 1\nevents: 2\ndata : 3\n\n");
        assert_eq!((frame.event(), frame.data().as_ref()), (None, &b""[..]));
        assert!(!frame.is_comment_only());
    }

    #[test]
    fn of_several_events_the_last_counts() {
        assert_eq!(Frame::new(b"event: a\nevent: b\n\n").event(), Some(&b"b"[..]));
    }

    #[test]
    fn comments_and_blank_lines_are_no_fields() {
        assert!(Frame::new(b": OPENROUTER PROCESSING\n\n").is_comment_only());
        assert!(Frame::new(b"\r\n").is_comment_only());
        assert_eq!(*Frame::new(b": data: x\n\n").data(), *b"");
    }

    #[test]
    fn a_byte_order_mark_counts_only_at_the_start_of_the_stream() {
        let bytes = b"\xef\xbb\xbfdata: x\n\n";
        assert_eq!(*Frame::opening(bytes).data(), *b"x");
        assert_eq!(Frame::opening(bytes).bytes, bytes);
        assert_eq!(*Frame::new(bytes).data(), *b"");
    }
}
