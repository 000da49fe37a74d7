//! Scans a form as it arrives, in pieces of any size, without keeping any of it but the head of the part it is in.

use memchr::memchr2;

use super::head::{HeadError, PartHead};
use super::{Boundary, FormOutline, Part};

/// What a form may have at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormLimits {
    /// Most parts.
    pub parts_max: usize,
    /// Largest head of a part.
    pub part_head_bytes_max: usize,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self { parts_max: 256, part_head_bytes_max: 8 << 10 }
    }
}

/// A body that is no form, or that readers would read differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It begins otherwise.
    #[error("it does not begin with its boundary")]
    NoBoundary,
    /// A line begins as a delimiter does and is none.
    #[error("its boundary stands inside of a part, at byte {at}")]
    BoundaryInside {
        /// Where that line begins.
        at: usize,
    },
    /// It stopped in the middle.
    #[error("it ends before its last boundary")]
    UnexpectedEnd,
    /// Something follows its last delimiter.
    #[error("something follows its last boundary, at byte {at}")]
    AfterEnd {
        /// Where.
        at: usize,
    },
    /// It has too many parts.
    #[error("it has more than {parts_max} parts")]
    TooManyParts {
        /// The most allowed.
        parts_max: usize,
    },
    /// The head of a part is too large.
    #[error("the head of part {part} is larger than {bytes_max} bytes")]
    HeadTooLarge {
        /// Which part, counted from 1.
        part: usize,
        /// The most allowed.
        bytes_max: usize,
    },
    /// The head of a part is not what it should be.
    #[error("the head of part {part} is wrong: {problem}")]
    Head {
        /// Which part, counted from 1.
        part: usize,
        /// What is wrong with it.
        problem: HeadError,
    },
}

/// A push scanner for one form.
#[derive(Debug)]
pub struct FormScanner {
    boundary: Boundary,
    delimiter: Vec<u8>,
    limits: FormLimits,
    state: State,
    /// Bytes that were scanned.
    at: usize,
    head: Vec<u8>,
    parts: Vec<Part>,
}

/// Where the scanner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In a line that may be a delimiter, as far as `matched`.
    Line { begin: usize, after: Break, matched: usize },
    /// In a line of a part's content that is no delimiter.
    Content,
    /// After a carriage return in a part's content.
    Return,
    /// After a whole delimiter.
    Delimiter { begin: usize },
    /// After a delimiter and a carriage return.
    DelimiterReturn { begin: usize },
    /// After a delimiter and one dash.
    DelimiterDash { begin: usize },
    /// In the head of the part that begins there.
    Head { begin: usize },
    /// After the last delimiter, which begins there.
    End { begin: usize },
}

/// What stands before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// Nothing: the body begins here.
    Start,
    /// A line break that makes a delimiter of what follows (RFC 2046 section 5.1.1).
    Full,
    /// Half of one, or the end of a part's head. Some readers take what follows for a delimiter.
    Half,
}

impl FormScanner {
    /// A scanner at the start of a form.
    #[must_use]
    pub fn new(boundary: Boundary, limits: FormLimits) -> Self {
        Self {
            delimiter: boundary.delimiter(),
            boundary,
            limits,
            state: State::Line { begin: 0, after: Break::Start, matched: 0 },
            at: 0,
            head: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// When they make it no form. Nothing more can be fed then.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), FormError> {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            if self.state == State::Content {
                let line = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                if line > 0 {
                    self.at += line;
                    rest = &rest[line..];
                    continue;
                }
            }
            self.state = self.step(byte)?;
            self.at += 1;
            rest = after;
        }
        Ok(())
    }

    /// Ends the body.
    ///
    /// # Errors
    /// When it is not all there.
    pub fn finish(self) -> Result<FormOutline, FormError> {
        match self.state {
            State::End { begin } => {
                Ok(FormOutline { boundary: self.boundary, parts: self.parts, end: begin })
            }
            _ => Err(FormError::UnexpectedEnd),
        }
    }

    fn step(&mut self, byte: u8) -> Result<State, FormError> {
        match self.state {
            State::Line { begin, after, matched } => self.in_line(byte, begin, after, matched),
            State::Content => Ok(self.content(byte)),
            State::Return if byte == b'\n' => Ok(self.line(self.at + 1, Break::Full)),
            State::Return => self.in_line(byte, self.at, Break::Half, 0),
            State::Delimiter { begin } => match byte {
                b'\r' => Ok(State::DelimiterReturn { begin }),
                b'-' => Ok(State::DelimiterDash { begin }),
                _ => Err(FormError::BoundaryInside { at: begin }),
            },
            State::DelimiterReturn { begin } if byte == b'\n' => self.begin_part(begin),
            State::DelimiterDash { begin } if byte == b'-' => {
                self.end_part(begin);
                Ok(State::End { begin })
            }
            State::DelimiterReturn { begin } | State::DelimiterDash { begin } => {
                Err(FormError::BoundaryInside { at: begin })
            }
            State::Head { begin } => self.in_head(byte, begin),
            State::End { .. } if matches!(byte, b'\r' | b'\n' | b' ' | b'\t') => Ok(self.state),
            State::End { .. } => Err(FormError::AfterEnd { at: self.at }),
        }
    }

    /// A line that may be a delimiter: a boundary has no line breaks, so that a line that differs is none, and the next
    /// one may be.
    fn in_line(&mut self, byte: u8, begin: usize, after: Break, matched: usize) -> Result<State, FormError> {
        if self.delimiter.get(matched) != Some(&byte) {
            return match after {
                // Some clients begin with the line break that belongs to a delimiter.
                Break::Start if matched == 0 && matches!(byte, b'\r' | b'\n') => {
                    Ok(self.line(begin + 1, Break::Start))
                }
                Break::Start => Err(FormError::NoBoundary),
                Break::Full | Break::Half => Ok(self.content(byte)),
            };
        }
        let matched = matched + 1;
        if matched < self.delimiter.len() {
            return Ok(State::Line { begin, after, matched });
        }
        if after == Break::Half {
            Err(FormError::BoundaryInside { at: begin })
        } else {
            Ok(State::Delimiter { begin })
        }
    }

    fn content(&self, byte: u8) -> State {
        match byte {
            b'\r' => State::Return,
            b'\n' => self.line(self.at + 1, Break::Half),
            _ => State::Content,
        }
    }

    fn line(&self, begin: usize, after: Break) -> State {
        State::Line { begin, after, matched: 0 }
    }

    fn begin_part(&mut self, begin: usize) -> Result<State, FormError> {
        self.end_part(begin);
        if self.parts.len() == self.limits.parts_max {
            return Err(FormError::TooManyParts { parts_max: self.limits.parts_max });
        }
        self.head.clear();
        Ok(State::Head { begin })
    }

    /// Closes the part before a delimiter; the line break before that is the delimiter's.
    fn end_part(&mut self, delimiter: usize) {
        if let Some(part) = self.parts.last_mut() {
            part.whole.end = delimiter;
            part.value.end = delimiter.saturating_sub(2);
        }
    }

    fn in_head(&mut self, byte: u8, begin: usize) -> Result<State, FormError> {
        let part = self.parts.len() + 1;
        self.head.push(byte);
        if self.head.len() > self.limits.part_head_bytes_max {
            return Err(FormError::HeadTooLarge { part, bytes_max: self.limits.part_head_bytes_max });
        }
        if !self.head.ends_with(b"\r\n\r\n") && self.head != b"\r\n" {
            return Ok(State::Head { begin });
        }
        let head = PartHead::read(&self.head).map_err(|problem| FormError::Head { part, problem })?;
        let value = self.at + 1;
        self.parts.push(Part {
            name: head.name,
            file_name: head.file_name,
            media_type: head.media_type,
            whole: begin..value,
            value: value..value,
        });
        Ok(self.line(value, Break::Half))
    }
}
