//! Laws of requests on their way out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Body, Frame, SizeHint};
use proptest::prelude::*;
use smallvec::SmallVec;
use tokio::io::AsyncWrite;

use crate::transport::body::{BoxError, OutgoingBody};
use crate::transport::http1::chunked::Chunked;
use crate::transport::http1::decoder::BodyDecoder;
use crate::transport::http1::fault::Fault;
use crate::transport::http1::outgoing::Outgoing;

/// Takes at most so many bytes at a time, and every other time none.
struct Narrow {
    taken: Vec<u8>,
    bytes_max: usize,
    is_ready: bool,
    writes: usize,
}

impl Narrow {
    fn new(bytes_max: usize) -> Self {
        Self { taken: Vec::new(), bytes_max, is_ready: true, writes: 0 }
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !std::mem::replace(&mut this.is_ready, true) {
            return Poll::Pending;
        }
        this.is_ready = this.bytes_max == usize::MAX;
        this.writes += 1;
        let whole: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        let taken = whole.len().min(this.bytes_max);
        this.taken.extend_from_slice(&whole[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Pieces with a pause before each, and the length that they claim to have.
struct Halting {
    pieces: Vec<Bytes>,
    is_ready: bool,
    claimed: Option<u64>,
}

impl Body for Halting {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        this.is_ready = !this.is_ready;
        match this.pieces.pop() {
            None => Poll::Ready(None),
            Some(piece) if this.is_ready => Poll::Ready(Some(Ok(Frame::data(piece)))),
            Some(piece) => {
                this.pieces.push(piece);
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.claimed.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn halting(pieces: &[Vec<u8>], claimed: Option<u64>) -> OutgoingBody {
    OutgoingBody::stream(Halting {
        pieces: pieces.iter().rev().cloned().map(Bytes::from).collect(),
        is_ready: true,
        claimed,
    })
}

fn request(method: Method, target: &str, body: OutgoingBody) -> Request<OutgoingBody> {
    let request = Request::builder().method(method).uri(target);
    let request = request.header("x-first", "1").header("host", "provider.test");
    // Whoever sends the request does not say how it is framed.
    let request = request.header("content-length", "77").header("transfer-encoding", "gzip");
    request.header("x-last", "2").body(body).unwrap()
}

/// Sends all of it; polls often enough for every pause.
fn send(request: Request<OutgoingBody>, stream: &mut Narrow) -> Result<(), Fault> {
    const POLLS_MAX: usize = 100_000;
    let mut outgoing = Outgoing::new(request);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..POLLS_MAX {
        if let Poll::Ready(sent) = outgoing.poll_send(stream, &mut context) {
            return sent;
        }
    }
    panic!("it never ends: {:?}", String::from_utf8_lossy(&stream.taken));
}

fn sent(request: Request<OutgoingBody>) -> String {
    let mut stream = Narrow::new(usize::MAX);
    send(request, &mut stream).unwrap();
    String::from_utf8(stream.taken).unwrap()
}

const HEADERS: &str = "host: provider.test\r\nx-first: 1\r\nx-last: 2\r\n";

#[test]
fn a_request_without_a_body_says_so_where_its_method_has_one() {
    for (method, framing) in [
        (Method::GET, ""),
        (Method::HEAD, ""),
        (Method::DELETE, ""),
        (Method::POST, "content-length: 0\r\n"),
        (Method::PUT, "content-length: 0\r\n"),
        (Method::PATCH, "content-length: 0\r\n"),
    ] {
        let expected = format!("{method} /v1?a=b HTTP/1.1\r\n{HEADERS}{framing}\r\n");
        assert_eq!(sent(request(method.clone(), "/v1?a=b", OutgoingBody::Empty)), expected);
        assert_eq!(sent(request(method, "/v1?a=b", Bytes::new().into())), expected);
    }
}

#[test]
fn the_target_is_a_path_or_a_whole_url() {
    for (target, expected) in [
        ("/", "/"),
        ("*", "*"),
        ("/v1/chat%20x?q=%7B", "/v1/chat%20x?q=%7B"),
        ("http://provider.test:81", "http://provider.test:81/"),
        ("http://provider.test/v1?q", "http://provider.test/v1?q"),
    ] {
        let text = sent(request(Method::GET, target, OutgoingBody::Empty));
        assert_eq!(text.lines().next().unwrap(), format!("GET {expected} HTTP/1.1"));
    }
}

#[test]
fn a_spliced_body_leaves_with_its_head_in_one_write() {
    let segments: SmallVec<[Bytes; 4]> =
        ["{\"model\":", "\"x\"", "", "}"].into_iter().map(Bytes::from).collect();
    let mut stream = Narrow::new(usize::MAX);
    send(request(Method::POST, "/v1", segments.into()), &mut stream).unwrap();
    let expected = format!("POST /v1 HTTP/1.1\r\n{HEADERS}content-length: 13\r\n\r\n{{\"model\":\"x\"}}");
    assert_eq!(String::from_utf8(stream.taken).unwrap(), expected);
    assert_eq!(stream.writes, 1);
}

#[test]
fn a_stream_that_is_not_as_long_as_it_said_is_an_error() {
    for (claimed, pieces) in [(4, vec![b"five!".to_vec()]), (6, vec![b"five!".to_vec()])] {
        let body = halting(&pieces, Some(claimed));
        let error = send(request(Method::POST, "/", body), &mut Narrow::new(usize::MAX)).unwrap_err();
        assert!(matches!(error, Fault::Request(_)), "{error:?}");
    }
}

#[test]
fn a_request_is_untouched_until_something_was_written() {
    let mut stream = Narrow::new(3);
    stream.is_ready = false;
    let mut outgoing = Outgoing::new(request(Method::GET, "/", OutgoingBody::Empty));
    let mut context = Context::from_waker(Waker::noop());
    assert!(outgoing.poll_send(&mut stream, &mut context).is_pending());
    assert!(!outgoing.is_touched());
    assert!(outgoing.poll_send(&mut stream, &mut context).is_pending());
    assert!(outgoing.is_touched());
}

proptest! {
    #[test]
    fn a_body_arrives_whole_through_a_stream_of_any_width(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..9),
        bytes_max in 1..64_usize,
        kind in 0..3_u8,
    ) {
        let whole = pieces.concat();
        let body = match kind {
            0 => OutgoingBody::from(pieces.iter().cloned().map(Bytes::from).collect::<SmallVec<[Bytes; 4]>>()),
            1 => halting(&pieces, Some(whole.len() as u64)),
            _ => halting(&pieces, None),
        };
        let mut stream = Narrow::new(bytes_max);
        send(request(Method::POST, "/", body), &mut stream).unwrap();
        let head_bytes = stream.taken.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let (head, rest) = stream.taken.split_at_mut(head_bytes);
        let head = String::from_utf8(head.to_vec()).unwrap();
        let announced = format!("\r\ncontent-length: {}\r\n", whole.len());
        let mut decoder = if kind < 2 {
            prop_assert!(head.contains(&announced) && !head.contains("encoding"));
            BodyDecoder::of_length(whole.len() as u64)
        } else {
            prop_assert!(head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("length"));
            BodyDecoder::Chunked(Chunked::new())
        };
        let decoded = decoder.decode(rest);
        prop_assert_eq!(&rest[decoded.content], &whole[..]);
        prop_assert_eq!(decoded.used, rest.len());
        prop_assert!(decoder.has_ended());
    }
}
