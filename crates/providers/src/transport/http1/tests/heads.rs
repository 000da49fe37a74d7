//! Laws of answer heads.

use http::Version;
use proptest::prelude::*;

use super::laws::{cut, read, the_outcome_does_not_depend_on_the_cuts};
use crate::transport::http1::bounds::{HEAD_BYTES_MAX, HEADERS_MAX, INTERIM_ANSWERS_MAX};
use crate::transport::http1::problem::AnswerProblem;

/// Answers that end by themselves: what was sent, its body, and whether the connection may be kept.
const WHOLE: [(&str, &str, bool); 17] = [
    ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "ok", true),
    ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok", true),
    ("HTTP/1.1 200 OK\ncontent-length: 2\n\nok", "ok", true),
    ("HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\ncontent-length: 2\r\n\r\nok", "ok", true),
    ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "", true),
    ("HTTP/1.1 204 No Content\r\n\r\n", "", true),
    ("HTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\n", "", true),
    ("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n", "", true),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", true),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "", true),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "ok",
        false,
    ),
    ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", "ok", false),
    ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\nok", "ok", false),
    ("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", "ok", true),
    ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", "ok", false),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "ok", true),
    (
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 102 \r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "ok",
        true,
    ),
];

/// What is refused before any of the body is read.
const BROKEN: [(&str, AnswerProblem); 32] = [
    ("\r\nHTTP/1.1 200 OK\r\n\r\n", AnswerProblem::Version),
    ("SSH-2.0-OpenSSH_9.9\r\n", AnswerProblem::Version),
    ("HTTP/2.0 200 OK\r\n\r\n", AnswerProblem::Version),
    ("HTTP/1.2 200 OK\r\n\r\n", AnswerProblem::Version),
    ("http/1.1 200 OK\r\n\r\n", AnswerProblem::Version),
    ("HTTP/1.1 20 OK\r\n\r\n", AnswerProblem::Status),
    ("HTTP/1.1 2000 OK\r\n\r\n", AnswerProblem::Status),
    ("HTTP/1.1 099 Low\r\n\r\n", AnswerProblem::Status),
    ("HTTP/1.1 abc OK\r\n\r\n", AnswerProblem::Status),
    ("HTTP/1.1 200 O\x01K\r\n\r\n", AnswerProblem::Status),
    ("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n", AnswerProblem::SwitchedProtocols),
    ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", AnswerProblem::Header),
    ("HTTP/1.1 200 OK\r\nname : value\r\n\r\n", AnswerProblem::Header),
    ("HTTP/1.1 200 OK\r\n: value\r\n\r\n", AnswerProblem::Header),
    ("HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", AnswerProblem::Header),
    ("HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n", AnswerProblem::Header),
    ("HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n", AnswerProblem::Header),
    ("HTTP/1.1 200 OK\r\na: b\r\n\rx", AnswerProblem::Line),
    ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: 0x1\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: 1 2\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: 1,\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\n", AnswerProblem::ContentLength),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", AnswerProblem::TransferEncoding),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", AnswerProblem::TransferEncoding),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n", AnswerProblem::TransferEncoding),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        AnswerProblem::TransferEncoding,
    ),
    ("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", AnswerProblem::TransferEncoding),
];

fn headers(count: usize) -> String {
    format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count))
}

#[test]
fn an_answer_ends_where_its_head_says_and_may_keep_its_connection() {
    for (answer, body, is_persistent) in WHOLE {
        let outcome = read([answer.as_bytes()], false);
        assert!(outcome.has_ended && outcome.rest.is_empty(), "{answer}: {outcome:?}");
        assert_eq!(outcome.body, body.as_bytes(), "{answer}");
        assert_eq!(outcome.is_persistent, is_persistent, "{answer}");
        assert_eq!(outcome.problem, None, "{answer}");
    }
}

#[test]
fn what_comes_behind_an_answer_is_told_apart_from_it() {
    for (answer, body, _) in WHOLE {
        let outcome = read([answer.as_bytes(), b"HTTP"], false);
        assert_eq!(outcome.body, body.as_bytes(), "{answer}");
        assert_eq!(outcome.rest, b"HTTP", "{answer}");
    }
}

#[test]
fn an_answer_cut_at_any_byte_is_the_same_answer() {
    for (answer, ..) in WHOLE {
        for place in 0..=answer.len() {
            the_outcome_does_not_depend_on_the_cuts(answer.as_bytes(), &[place], false);
        }
        let every: Vec<usize> = (0..answer.len()).collect();
        the_outcome_does_not_depend_on_the_cuts(answer.as_bytes(), &every, false);
    }
}

#[test]
fn a_malformed_head_is_an_error_that_says_what_is_wrong() {
    for (answer, problem) in BROKEN {
        let outcome = read([answer.as_bytes()], false);
        assert_eq!(outcome.problem, Some(problem), "{answer:?}: {outcome:?}");
        for place in 0..=answer.len() {
            the_outcome_does_not_depend_on_the_cuts(answer.as_bytes(), &[place], false);
        }
    }
}

#[test]
fn the_answer_to_a_head_request_has_no_body() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
    ] {
        let outcome = read([head.as_bytes()], true);
        assert!(outcome.has_ended && outcome.is_persistent, "{head}: {outcome:?}");
    }
}

#[test]
fn an_answer_of_unknown_length_goes_on_until_its_connection_closes() {
    let outcome = read([b"HTTP/1.1 200 OK\r\n\r\nall ".as_slice(), b"that comes"], false);
    assert_eq!(outcome.body, b"all that comes");
    assert!(!outcome.has_ended && !outcome.is_persistent);
}

#[test]
fn values_are_kept_as_they_are_and_in_order() {
    let head = b"HTTP/1.0 429 \xffSlow\r\nX-B: \t1 \r\nset-cookie: a\r\nx-empty:\r\nset-cookie: \xe9\r\ncontent-length: 0\r\n\r\n";
    let answer = read([head.as_slice()], false).answer.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (429, Version::HTTP_10));
    let fields: Vec<(&str, &[u8])> =
        answer.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let expected: [(&str, &[u8]); 5] = [
        ("x-b", b"1"),
        ("set-cookie", b"a"),
        ("set-cookie", b"\xe9"),
        ("x-empty", b""),
        ("content-length", b"0"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn bounds_hold_exactly() {
    let fits = headers(HEADERS_MAX);
    assert_eq!(read([fits.as_bytes()], false).answer.unwrap().headers().len(), HEADERS_MAX);
    let over = headers(HEADERS_MAX + 1);
    assert_eq!(read([over.as_bytes()], false).problem, Some(AnswerProblem::TooManyHeaders));

    let frame = "HTTP/1.1 200 OK\r\na: \r\n\r\n".len();
    for (extra, problem) in [(0, None), (1, Some(AnswerProblem::HeadTooLarge))] {
        let value = "v".repeat(HEAD_BYTES_MAX - frame + extra);
        let answer = format!("HTTP/1.1 200 OK\r\na: {value}\r\n\r\n");
        assert_eq!(read([answer.as_bytes()], false).problem, problem);
        assert_eq!(read(answer.as_bytes().chunks(1000), false).problem, problem);
    }
    for (extra, problem) in [(0, None), (1, Some(AnswerProblem::TooManyInterimAnswers))] {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(INTERIM_ANSWERS_MAX + extra);
        let answer = format!("{interim}HTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(read([answer.as_bytes()], false).problem, problem);
    }
}

#[test]
fn a_head_without_end_is_refused_however_slowly_it_comes() {
    let endless = [b"HTTP/1.1 200 OK\r\n".as_slice(), &b"a: b\r\n".repeat(HEAD_BYTES_MAX)].concat();
    let outcome = read(endless.chunks(7), false);
    assert_eq!(outcome.problem, Some(AnswerProblem::HeadTooLarge));
}

proptest! {
    #[test]
    fn any_bytes_are_read_the_same_however_they_are_cut(
        answer in "(HTTP/1\\.[01] (200|100|204)[ a]{0,2}\r?\n)?([a-c:]{0,3}: ?[x\t \r]{0,3}\r?\n){0,3}(transfer-encoding: chunked\r\n|content-length: [0-9]{1,2}\r\n)?(\r\n)?[0-9a-f;\r\n]{0,24}",
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        is_head_request: bool,
    ) {
        the_outcome_does_not_depend_on_the_cuts(answer.as_bytes(), &cuts, is_head_request);
    }

    #[test]
    fn no_bytes_make_it_panic(
        answer in proptest::collection::vec(any::<u8>(), 0..64),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
    ) {
        let chunked = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &answer[..]].concat();
        the_outcome_does_not_depend_on_the_cuts(&answer, &cuts, false);
        the_outcome_does_not_depend_on_the_cuts(&chunked, &cuts, false);
        prop_assert_eq!(cut(&answer, &cuts).concat(), answer);
    }
}
