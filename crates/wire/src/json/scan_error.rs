//! Why a document was refused, and exactly where.

use std::fmt;

/// A document that is not JSON, or exceeds the limits it was scanned under.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at line {line} column {column}{}", Place(path))]
pub struct ScanError {
    /// Bytes before the offending one, over all chunks.
    pub offset: usize,
    /// The line of the offending byte, counted from 1.
    pub line: usize,
    /// The byte within the line, counted from 1.
    pub column: usize,
    /// The offending place, such as `messages[3].content`; empty at the top level. Long keys are cut.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A byte that the grammar does not allow here.
    #[error("expected {wanted} but found {}", Byte(*found))]
    UnexpectedByte {
        /// The byte that was found.
        found: u8,
        /// What the grammar allows here.
        wanted: &'static str,
    },
    /// The document stopped in the middle of a value.
    #[error("the document ends too early")]
    UnexpectedEnd,
    /// Objects and arrays are nested deeper than the limit.
    #[error("nested deeper than {depth_max} levels")]
    TooDeep {
        /// The deepest nesting allowed.
        depth_max: u16,
    },
    /// The top-level value has more members than the limit.
    #[error("more than {members_max} members in one object")]
    TooManyMembers {
        /// The most members allowed.
        members_max: usize,
    },
    /// A string is not UTF-8. The offset is where the bad sequence begins.
    #[error("invalid UTF-8 in a string")]
    InvalidUtf8,
    /// A byte below 0x20 stands unescaped in a string (RFC 8259, section 7).
    #[error("unescaped control character {} in a string, write it as an escape", Byte(*found))]
    ControlCharacter {
        /// The byte that was found.
        found: u8,
    },
    /// A backslash is not followed by an escape of RFC 8259, section 7.
    #[error("invalid escape in a string")]
    InvalidEscape,
    /// A number does not follow RFC 8259, section 6.
    #[error("invalid number")]
    InvalidNumber,
    /// Something other than whitespace follows the top-level value.
    #[error("expected the end of the document but found {}", Byte(*found))]
    TrailingData {
        /// The byte that was found.
        found: u8,
    },
}

/// Shows printable bytes as themselves and others by number.
struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            byte @ 0x20..=0x7e => write!(f, "`{}`", char::from(byte)),
            byte => write!(f, "byte 0x{byte:02x}"),
        }
    }
}

/// Shows a path in parentheses, and nothing for the top level.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " ({})", self.0) }
    }
}
