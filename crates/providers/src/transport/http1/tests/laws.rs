//! The whole way of an answer through the codec, for any bytes cut anywhere.

use bytes::BytesMut;
use http::{Response, StatusCode};

use crate::transport::http1::head::HeadReader;
use crate::transport::http1::problem::AnswerProblem;

/// What the codec makes of the bytes of an answer.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) answer: Option<Response<()>>,
    pub(super) is_persistent: bool,
    pub(super) body: Vec<u8>,
    /// Whether the body ended, without the connection being closed.
    pub(super) has_ended: bool,
    pub(super) problem: Option<AnswerProblem>,
    /// What came behind the end.
    pub(super) rest: Vec<u8>,
}

impl Outcome {
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(Response::status)
    }
}

/// Reads pieces as a connection does.
pub(super) fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, is_head_request: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut reader = HeadReader::new(is_head_request, false);
    let mut unread = BytesMut::new();
    let mut body = None;
    for piece in pieces {
        unread.extend_from_slice(piece);
        if body.is_none() {
            match reader.read(&mut unread) {
                Ok(None) => continue,
                Ok(Some(head)) => {
                    outcome.answer = Some(head.answer);
                    outcome.is_persistent = head.is_persistent;
                    body = Some(head.body);
                }
                Err(problem) => {
                    outcome.problem = Some(problem);
                    return outcome;
                }
            }
        }
        if let Some(body) = &mut body {
            let decoded = body.decode(&mut unread);
            outcome.body.extend_from_slice(&unread[decoded.content]);
            outcome.rest.extend_from_slice(&unread[decoded.used..]);
            unread.clear();
        }
    }
    if let Some(body) = body {
        outcome.has_ended = body.has_ended();
        outcome.problem = body.problem();
    }
    outcome
}

/// The pieces of `bytes` between the cuts, some of which may be empty.
pub(super) fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.push(bytes.len());
    places.sort_unstable();
    let mut start = 0;
    let pieces = places.into_iter().map(|end| {
        let piece = &bytes[start..end];
        start = end;
        piece
    });
    pieces.collect()
}

/// However an answer is cut, it is read the same. An empty line behind it has a broken head be noticed, which else
/// may be noticed sooner or later.
pub(crate) fn the_outcome_does_not_depend_on_the_cuts(answer: &[u8], cuts: &[usize], is_head_request: bool) {
    let answer = [answer, b"\r\n\r\n"].concat();
    let whole = read([&answer[..]], is_head_request);
    let in_pieces = read(cut(&answer, cuts), is_head_request);
    assert_eq!(format!("{in_pieces:?}"), format!("{whole:?}"), "{:?}", String::from_utf8_lossy(&answer));
}
