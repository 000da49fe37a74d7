//! The head of an answer: parsed by `httparse`, with values that are slices of the bytes that came, and what it says
//! about the body and the connection.

use std::mem::MaybeUninit;
use std::ops::Range;

use bytes::BytesMut;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use smallvec::SmallVec;

use super::bounds::{HEAD_BYTES_MAX, HEADERS_MAX, INTERIM_ANSWERS_MAX};
use super::chunked::Chunked;
use super::decoder::BodyDecoder;
use super::problem::AnswerProblem;

/// The head of a final answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) answer: Response<()>,
    pub(super) body: BodyDecoder,
    /// Whether the connection may serve another request after this answer.
    pub(super) is_persistent: bool,
}

/// Finds the head of the final answer behind any interim ones.
#[derive(Debug)]
pub(super) struct HeadReader {
    /// Whether the request was HEAD, whose answer has no body whatever its head says.
    is_head_request: bool,
    /// Whether the request asked for another protocol, so that an answer may change to it.
    asks_to_upgrade: bool,
    interim_answers: usize,
    /// How many bytes of the buffer were looked at, in which no head ends.
    searched: usize,
}

impl HeadReader {
    pub(super) fn new(is_head_request: bool, asks_to_upgrade: bool) -> Self {
        Self { is_head_request, asks_to_upgrade, interim_answers: 0, searched: 0 }
    }

    /// Takes the head from the front of `buffer`; `None` while it is not whole.
    pub(super) fn read(&mut self, buffer: &mut BytesMut) -> Result<Option<Head>, AnswerProblem> {
        while self.may_hold_head(buffer) {
            let Some(answer) = take_answer(buffer)? else { break };
            self.searched = 0;
            match answer.status() {
                StatusCode::SWITCHING_PROTOCOLS if self.asks_to_upgrade => {
                    return Ok(Some(Head { answer, body: BodyDecoder::Ended, is_persistent: false }));
                }
                StatusCode::SWITCHING_PROTOCOLS => return Err(AnswerProblem::SwitchedProtocols),
                status if !status.is_informational() => return self.interpret(answer).map(Some),
                _ => self.interim_answers += 1,
            }
            if self.interim_answers > INTERIM_ANSWERS_MAX {
                return Err(AnswerProblem::TooManyInterimAnswers);
            }
        }
        self.searched = buffer.len();
        if buffer.len() > HEAD_BYTES_MAX {
            return Err(AnswerProblem::HeadTooLarge);
        }
        Ok(None)
    }

    /// Whether parsing can tell more than before. The first bytes are always parsed, since they tell at once what is
    /// not HTTP; a head that comes in many pieces is not parsed again for each of them.
    fn may_hold_head(&self, buffer: &[u8]) -> bool {
        // An empty line may have begun among the bytes that were looked at.
        const EMPTY_LINE_BYTES: usize = 3;
        match self.searched {
            0 => !buffer.is_empty(),
            searched => has_empty_line(&buffer[searched.saturating_sub(EMPTY_LINE_BYTES)..]),
        }
    }

    /// What a head says about the body and the connection (RFC 9112, sections 6.3 and 9.3).
    fn interpret(&self, answer: Response<()>) -> Result<Head, AnswerProblem> {
        let headers = answer.headers();
        let coded = headers.contains_key(TRANSFER_ENCODING);
        let length = content_length(headers);
        let body = match answer.status() {
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => BodyDecoder::Ended,
            _ if self.is_head_request => BodyDecoder::Ended,
            _ if coded => chunked(&answer)?,
            _ => length?.map_or(BodyDecoder::UntilClose, BodyDecoder::of_length),
        };
        // Both headers at once may be an attempt at smuggling: the coding counts, and nothing more is believed.
        let is_ambiguous = coded && headers.contains_key(CONTENT_LENGTH);
        let is_persistent = answer.version() == Version::HTTP_11
            && body != BodyDecoder::UntilClose
            && !is_ambiguous
            && !asks_to_close(headers);
        Ok(Head { answer, body, is_persistent })
    }
}

/// Whether a `connection` header says that the connection closes after the exchange (RFC 9112, section 9.6).
pub(super) fn asks_to_close(headers: &HeaderMap) -> bool {
    let mut options =
        headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// Whether a line end follows directly on another, as `httparse` takes them: a line feed, with a carriage return or
/// without.
fn has_empty_line(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    // What comes before the first line feed is the rest of a line, what comes after the last one has not ended.
    lines.next();
    lines.next_back();
    lines.any(|line| matches!(line, [] | [b'\r']))
}

/// Nothing but `chunked` was asked for, and no client could read it; HTTP/1.0 knows no codings (RFC 9112,
/// section 6.1).
fn chunked(answer: &Response<()>) -> Result<BodyDecoder, AnswerProblem> {
    let mut codings = answer.headers().get_all(TRANSFER_ENCODING).iter();
    match (answer.version(), codings.next(), codings.next()) {
        (Version::HTTP_11, Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            Ok(BodyDecoder::Chunked(Chunked::new()))
        }
        _ => Err(AnswerProblem::TransferEncoding),
    }
}

/// The one number that all values state, which may be lists of it (RFC 9110, section 8.6).
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, AnswerProblem> {
    let mut length = None;
    for number in
        headers.get_all(CONTENT_LENGTH).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    {
        let number = decimal(number.trim_ascii())?;
        if *length.get_or_insert(number) != number {
            return Err(AnswerProblem::ContentLength);
        }
    }
    Ok(length)
}

fn decimal(digits: &[u8]) -> Result<u64, AnswerProblem> {
    // A sign is none of the digits, though `parse` takes one.
    let text = std::str::from_utf8(digits).map_err(|_| AnswerProblem::ContentLength)?;
    match text.parse() {
        Ok(number) if digits.iter().all(u8::is_ascii_digit) => Ok(number),
        _ => Err(AnswerProblem::ContentLength),
    }
}

/// Names and the places of their values; answers of providers seldom have more.
type Fields = SmallVec<[(HeaderName, Range<usize>); 24]>;

/// Takes one head, interim or final, from the front of `buffer`; `None` while it is not whole.
fn take_answer(buffer: &mut BytesMut) -> Result<Option<Response<()>>, AnswerProblem> {
    // Servers send nothing before an answer, though `httparse` would skip empty lines there.
    if matches!(buffer.first(), Some(b'\r' | b'\n')) {
        return Err(AnswerProblem::Version);
    }
    let mut room = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let parsing =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, buffer, &mut room);
    let length = match parsing.map_err(problem)? {
        httparse::Status::Complete(length) if length <= HEAD_BYTES_MAX => length,
        httparse::Status::Complete(_) => return Err(AnswerProblem::HeadTooLarge),
        httparse::Status::Partial => return Ok(None),
    };
    let mut answer = Response::new(());
    *answer.status_mut() = status(parsed.code)?;
    *answer.version_mut() = version(parsed.version)?;
    let fields = fields(buffer, parsed.headers)?;
    fill(answer.headers_mut(), buffer.split_to(length), fields)?;
    Ok(Some(answer))
}

fn status(code: Option<u16>) -> Result<StatusCode, AnswerProblem> {
    let status = code.and_then(|code| StatusCode::from_u16(code).ok());
    status.ok_or(AnswerProblem::Status)
}

fn version(minor: Option<u8>) -> Result<Version, AnswerProblem> {
    match minor {
        Some(1) => Ok(Version::HTTP_11),
        Some(0) => Ok(Version::HTTP_10),
        _ => Err(AnswerProblem::Version),
    }
}

fn fields(buffer: &[u8], parsed: &[httparse::Header<'_>]) -> Result<Fields, AnswerProblem> {
    let field = |header: &httparse::Header<'_>| {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| AnswerProblem::Header)?;
        Ok((name, place(buffer, header.value)))
    };
    parsed.iter().map(field).collect()
}

/// Where in `buffer` a part of it is.
fn place(buffer: &[u8], part: &[u8]) -> Range<usize> {
    if part.is_empty() {
        // The parser may make up an empty part.
        return 0..0;
    }
    let start = part.as_ptr().addr() - buffer.as_ptr().addr();
    start..start + part.len()
}

fn fill(headers: &mut HeaderMap, head: BytesMut, fields: Fields) -> Result<(), AnswerProblem> {
    let head = head.freeze();
    headers.reserve(fields.len());
    for (name, place) in fields {
        let value = HeaderValue::from_maybe_shared(head.slice(place)).map_err(|_| AnswerProblem::Header)?;
        headers.append(name, value);
    }
    Ok(())
}

fn problem(error: httparse::Error) -> AnswerProblem {
    match error {
        httparse::Error::Version => AnswerProblem::Version,
        httparse::Error::Status => AnswerProblem::Status,
        httparse::Error::HeaderName | httparse::Error::HeaderValue => AnswerProblem::Header,
        httparse::Error::TooManyHeaders => AnswerProblem::TooManyHeaders,
        httparse::Error::NewLine | httparse::Error::Token => AnswerProblem::Line,
    }
}
