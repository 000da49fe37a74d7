//! What a scan leaves behind: the kind of the document and where its top-level members lie.

use std::fmt;
use std::ops::Range;

/// The six kinds of JSON values (RFC 8259, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// An integer, a fraction, or either with an exponent.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

impl fmt::Display for Kind {
    /// Writes the kind with its article, as an error message needs it: `a string`, `null`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        })
    }
}

/// One member of the top-level object. Offsets count bytes from the start of the document, over all chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key's text between its quotes, still escaped.
    pub key: Range<usize>,
    /// The value, without surrounding whitespace.
    pub value: Range<usize>,
    /// What the value is.
    pub kind: Kind,
    /// Whether the key's text holds a backslash, so that it must be unescaped before it is compared.
    pub escaped_key: bool,
}

/// The shape of a scanned document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What the top-level value is.
    pub kind: Kind,
    /// Where the top-level value lies, without surrounding whitespace.
    pub root: Range<usize>,
    /// The members of the top-level object in their order, duplicates included; empty for any other kind.
    pub members: Vec<Member>,
}
