//! A resumable, validating scanner: it takes a body as it arrives and remembers only where the top-level members lie.
//!
//! Chosen over a parser because nothing is built: on the path of a request the gateway reads a handful of top-level
//! members, and 99 % of the bytes lie inside strings that are only to be skipped and checked. UTF-8 is checked only in
//! strings that hold a byte above 0x7f; anywhere else such a byte is not JSON.

mod block;
mod number;
mod place;
mod string;
mod utf8;

use std::ops::Range;

use self::place::Place;
use self::utf8::{BadSequence, CutSequence};
use super::{Kind, Member, Outline, Problem, ScanError};

/// How deep and how wide a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// The most objects and arrays that may be open at once.
    pub depth_max: u16,
    /// The most members of the top-level object, which are all that the scanner remembers.
    pub members_max: usize,
}

impl Default for ScanLimits {
    /// 128 levels, as serde_json allows, and 1,024 members, a multiple of what any provider defines.
    fn default() -> Self {
        Self { depth_max: 128, members_max: 1024 }
    }
}

/// A push parser for one JSON document (RFC 8259).
///
/// Every cut of the same bytes into chunks gives the same outline or the same error. A scanner that has refused a
/// document refuses whatever follows with the same error.
#[derive(Debug)]
pub struct Scanner {
    limits: ScanLimits,
    lists_elements: bool,
    state: State,
    /// Bytes in the chunks before the current one.
    base: usize,
    line: usize,
    line_start: usize,
    place: Place,
    string: OpenString,
    cut: CutSequence,
    root: Option<Kind>,
    root_span: Range<usize>,
    members: Vec<Member>,
    failure: Option<ScanError>,
}

/// Members of a usual request, for which room is made at once.
const MEMBERS_USUAL: usize = 12;

/// What may come next.
#[derive(Debug, Clone, Copy)]
enum State {
    Value,
    ElementOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    Separator,
    Done,
    String(block::Part),
    Number(number::Part),
    Literal { text: &'static str, matched: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

/// The string that is being read.
#[derive(Debug, Default)]
struct OpenString {
    /// Where its text begins in the document.
    start: usize,
    is_key: bool,
    escaped: bool,
}

/// What taking bytes gives. A fault is boxed, so that all else fits into registers: the next step waits for it.
type Taken<T> = Result<T, Box<Fault>>;

/// A problem at an offset of the document, before it is dressed with line and path.
struct Fault {
    offset: usize,
    problem: Problem,
}

impl From<BadSequence> for Box<Fault> {
    fn from(bad: BadSequence) -> Self {
        Self::new(Fault { offset: bad.offset, problem: Problem::InvalidUtf8 })
    }
}

impl Scanner {
    /// A scanner at the start of a document.
    pub fn new(limits: ScanLimits) -> Self {
        Self {
            limits,
            lists_elements: false,
            state: State::Value,
            base: 0,
            line: 1,
            line_start: 0,
            place: Place::default(),
            string: OpenString::default(),
            cut: CutSequence::default(),
            root: None,
            root_span: 0..0,
            members: Vec::new(),
            failure: None,
        }
    }

    /// A scanner that also lists the elements of a top-level array, as members with an empty key.
    pub(super) fn listing_elements(limits: ScanLimits) -> Self {
        Self { lists_elements: true, ..Self::new(limits) }
    }

    /// Takes the next bytes of the document.
    ///
    /// # Errors
    /// When the bytes cannot continue a document within the limits.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let mut at = 0;
        while at < chunk.len() {
            match self.step(chunk, at) {
                Ok(next) => at = next,
                Err(fault) => return Err(self.fail(*fault, chunk)),
            }
        }
        if self.place.depth() > 0 {
            self.remember_place(chunk);
        }
        self.base += chunk.len();
        Ok(())
    }

    /// Ends the document.
    ///
    /// # Errors
    /// When the document was refused, or is not complete.
    pub fn finish(mut self) -> Result<Outline, ScanError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if let State::Number(part) = self.state
            && part.may_end()
        {
            self.value_ends(self.base);
        }
        match (self.state, self.root) {
            (State::Done, Some(kind)) => Ok(Outline { kind, root: self.root_span, members: self.members }),
            _ => Err(self.fail(Fault { offset: self.base, problem: Problem::UnexpectedEnd }, &[])),
        }
    }

    fn step(&mut self, chunk: &[u8], at: usize) -> Taken<usize> {
        match self.state {
            State::String(part) => self.string(chunk, at, part),
            State::Number(part) => self.number(chunk, at, part),
            State::Literal { text, matched } => self.literal(chunk, at, text, matched),
            _ => {
                let at = self.skip_whitespace(chunk, at);
                match chunk.get(at) {
                    Some(&byte) => self.token(chunk, at, byte),
                    None => Ok(at),
                }
            }
        }
    }

    /// Newlines lie only between tokens, so lines are counted only here.
    fn skip_whitespace(&mut self, chunk: &[u8], mut at: usize) -> usize {
        while let Some(&byte) = chunk.get(at)
            && byte <= b' '
        {
            match byte {
                b' ' | b'\t' | b'\r' => {}
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.base + at + 1;
                }
                _ => break,
            }
            at += 1;
        }
        at
    }

    /// Takes the token that begins with `byte`. A string, which is what most tokens are, is read on at once; of anything
    /// longer than a byte the rest is left to the next step.
    fn token(&mut self, chunk: &[u8], at: usize, byte: u8) -> Taken<usize> {
        match (self.state, byte) {
            (State::Value | State::ElementOrEnd, b'"') => {
                self.value_begins(Kind::String, at)?;
                return self.open_string(false, chunk, at);
            }
            (State::Key | State::KeyOrEnd, b'"') => return self.open_string(true, chunk, at),
            (State::ElementOrEnd, b']') => self.close(at),
            (State::Value | State::ElementOrEnd, _) => self.value(byte, at)?,
            (State::KeyOrEnd, b'}') => self.close(at),
            (State::Colon, b':') => self.state = State::Value,
            (State::Separator, _) => self.separator(byte, at)?,
            (State::Key, _) => return Err(self.unexpected(byte, at, "a key in quotes")),
            (State::KeyOrEnd, _) => return Err(self.unexpected(byte, at, "a key in quotes or `}`")),
            (State::Colon, _) => return Err(self.unexpected(byte, at, "`:`")),
            _ => return Err(self.fault(at, Problem::TrailingData { found: byte })),
        }
        Ok(at + 1)
    }

    fn separator(&mut self, byte: u8, at: usize) -> Taken<()> {
        match (self.place.container(), byte) {
            (Some(Container::Object), b',') => {
                self.place.next_child();
                self.state = State::Key;
            }
            (Some(Container::Array), b',') => {
                self.place.next_child();
                self.state = State::Value;
            }
            (Some(Container::Object), b'}') | (Some(Container::Array), b']') => self.close(at),
            (Some(Container::Array), _) => return Err(self.unexpected(byte, at, "`,` or `]`")),
            _ => return Err(self.unexpected(byte, at, "`,` or `}`")),
        }
        Ok(())
    }

    fn value(&mut self, byte: u8, at: usize) -> Taken<()> {
        match byte {
            b'{' => {
                self.value_begins(Kind::Object, at)?;
                self.open(Container::Object, at)?;
            }
            b'[' => {
                self.value_begins(Kind::Array, at)?;
                self.open(Container::Array, at)?;
            }
            b'-' | b'0'..=b'9' => {
                self.value_begins(Kind::Number, at)?;
                self.state = State::Number(number::Part::first(byte));
            }
            b't' => self.open_literal("true", Kind::Bool, at)?,
            b'f' => self.open_literal("false", Kind::Bool, at)?,
            b'n' => self.open_literal("null", Kind::Null, at)?,
            _ => return Err(self.unexpected(byte, at, "a value")),
        }
        Ok(())
    }

    fn open(&mut self, container: Container, at: usize) -> Taken<()> {
        let depth_max = self.limits.depth_max;
        if self.place.depth() >= usize::from(depth_max) {
            return Err(self.fault(at, Problem::TooDeep { depth_max }));
        }
        self.place.enter(container);
        self.state = match container {
            Container::Object => State::KeyOrEnd,
            Container::Array => State::ElementOrEnd,
        };
        Ok(())
    }

    fn close(&mut self, at: usize) {
        self.place.leave();
        self.value_ends(self.base + at + 1);
    }

    fn open_string(&mut self, is_key: bool, chunk: &[u8], at: usize) -> Taken<usize> {
        self.string = OpenString { start: self.base + at + 1, is_key, escaped: false };
        self.string(chunk, at + 1, block::Part::Plain)
    }

    fn open_literal(&mut self, text: &'static str, kind: Kind, at: usize) -> Taken<()> {
        self.state = State::Literal { text, matched: 1 };
        self.value_begins(kind, at)
    }

    fn string(&mut self, chunk: &[u8], at: usize, part: block::Part) -> Taken<usize> {
        let mut from = at;
        if self.cut.is_open() {
            from += self.cut.resume(&chunk[at..])?;
            if self.cut.is_open() {
                return Ok(chunk.len());
            }
        }
        let run = string::run(chunk, from, part);
        self.string.escaped |= run.escaped;
        if run.high {
            let goes_on = matches!(run.outcome, string::Outcome::Open(_));
            self.cut.check(&chunk[from..run.end], self.base + from, goes_on)?;
        }
        match run.outcome {
            string::Outcome::Open(part) => {
                self.state = State::String(part);
                Ok(run.end)
            }
            string::Outcome::Refused(problem) => Err(self.fault(run.end, problem)),
            string::Outcome::Closed => self.string_ends(chunk, run.end),
        }
    }

    /// The closing quote is at `at`.
    fn string_ends(&mut self, chunk: &[u8], at: usize) -> Taken<usize> {
        if !self.string.is_key {
            self.value_ends(self.base + at + 1);
            return Ok(at + 1);
        }
        let key = self.string.start..self.base + at;
        if self.place.depth() == 1 {
            let escaped_key = self.string.escaped;
            self.push_member(Member { key: key.clone(), value: 0..0, kind: Kind::Null, escaped_key })?;
        }
        self.place.at_key(key);
        // Hardly any key is followed by anything else, so the step of the colon is saved.
        if chunk.get(at + 1) == Some(&b':') {
            self.state = State::Value;
            return Ok(at + 2);
        }
        self.state = State::Colon;
        Ok(at + 1)
    }

    fn number(&mut self, chunk: &[u8], from: usize, mut part: number::Part) -> Taken<usize> {
        for (at, &byte) in chunk.iter().enumerate().skip(from) {
            match part.step(byte) {
                number::Step::Continue(next) => part = next,
                number::Step::Invalid => return Err(self.fault(at, Problem::InvalidNumber)),
                number::Step::End => {
                    self.value_ends(self.base + at);
                    return Ok(at);
                }
            }
        }
        self.state = State::Number(part);
        Ok(chunk.len())
    }

    fn literal(&mut self, chunk: &[u8], at: usize, text: &'static str, matched: usize) -> Taken<usize> {
        let wanted = text.as_bytes().iter().skip(matched);
        let mut next = at;
        for (&wanted, &found) in wanted.zip(&chunk[at..]) {
            if wanted != found {
                return Err(self.unexpected(found, next, text));
            }
            next += 1;
        }
        let matched = matched + (next - at);
        if matched == text.len() {
            self.value_ends(self.base + next);
        } else {
            self.state = State::Literal { text, matched };
        }
        Ok(next)
    }

    fn value_begins(&mut self, kind: Kind, at: usize) -> Taken<()> {
        let offset = self.base + at;
        match (self.place.depth(), self.root) {
            (0, _) => {
                self.root = Some(kind);
                self.root_span.start = offset;
                if kind == Kind::Object {
                    self.members.reserve(MEMBERS_USUAL.min(self.limits.members_max));
                }
            }
            (1, Some(Kind::Object)) => {
                if let Some(member) = self.members.last_mut() {
                    member.value.start = offset;
                    member.kind = kind;
                }
            }
            (1, _) if self.lists_elements => {
                self.push_member(Member {
                    key: offset..offset,
                    value: offset..offset,
                    kind,
                    escaped_key: false,
                })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn value_ends(&mut self, offset: usize) {
        self.state = State::Separator;
        match self.place.depth() {
            0 => {
                self.root_span.end = offset;
                self.state = State::Done;
            }
            1 => {
                if let Some(member) = self.members.last_mut() {
                    member.value.end = offset;
                }
            }
            _ => {}
        }
    }

    fn push_member(&mut self, member: Member) -> Taken<()> {
        let members_max = self.limits.members_max;
        if self.members.len() >= members_max {
            return Err(Box::new(Fault {
                offset: member.key.start,
                problem: Problem::TooManyMembers { members_max },
            }));
        }
        self.members.push(member);
        Ok(())
    }

    fn remember_place(&mut self, chunk: &[u8]) {
        let end = self.base + chunk.len();
        let reads_key = matches!(self.state, State::String(_)) && self.string.is_key;
        let unfinished = reads_key.then_some(self.string.start..end);
        self.place.remember(chunk, self.base, unfinished.as_ref());
    }

    #[cold]
    fn fault(&self, at: usize, problem: Problem) -> Box<Fault> {
        Box::new(Fault { offset: self.base + at, problem })
    }

    #[cold]
    fn unexpected(&self, found: u8, at: usize, wanted: &'static str) -> Box<Fault> {
        self.fault(at, Problem::UnexpectedByte { found, wanted })
    }

    #[cold]
    fn fail(&mut self, fault: Fault, chunk: &[u8]) -> ScanError {
        let error = ScanError {
            offset: fault.offset,
            line: self.line,
            column: fault.offset - self.line_start + 1,
            path: self.place.path(chunk, self.base),
            problem: fault.problem,
        };
        self.failure = Some(error.clone());
        error
    }
}

#[cfg(test)]
mod tests;
