//! The head of a request, and how its body is framed (RFC 9112, sections 3 and 6).

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request};
use http_body::Body;

use crate::transport::body::OutgoingBody;

/// How the end of a request's body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// By its length in bytes.
    Length(u64),
    /// By an empty chunk.
    Chunked,
}

impl Framing {
    /// A method that means something by a body says so when there is none (RFC 9110, section 8.6).
    pub(super) fn of(method: &Method, body: &OutgoingBody) -> Self {
        match body.size_hint().exact() {
            Some(0) if matches!(*method, Method::POST | Method::PUT | Method::PATCH) => Self::Length(0),
            Some(0) => Self::None,
            Some(length) => Self::Length(length),
            None if body.is_end_stream() => Self::None,
            None => Self::Chunked,
        }
    }
}

/// Room for the head of a usual request; longer ones grow.
const HEAD_BYTES_TYPICAL: usize = 512;

/// The request line and the headers. The target is a whole URL when the request has one (for a proxy), path and query
/// otherwise. Headers that frame the body are written from `framing` and never from the request.
pub(super) fn encode_head(request: &Request<OutgoingBody>, framing: Framing) -> BytesMut {
    let mut head = BytesMut::with_capacity(HEAD_BYTES_TYPICAL);
    head.put_slice(request.method().as_str().as_bytes());
    head.put_u8(b' ');
    encode_target(&mut head, request.uri());
    head.put_slice(b" HTTP/1.1\r\n");
    // The host comes first, so that whoever routes by it need not read on (RFC 9110, section 7.2).
    for value in request.headers().get_all(HOST) {
        encode_header(&mut head, HOST.as_str(), value);
    }
    for (name, value) in request.headers() {
        if *name != HOST && *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            encode_header(&mut head, name.as_str(), value);
        }
    }
    encode_framing(&mut head, framing);
    head.put_slice(b"\r\n");
    head
}

fn encode_target(head: &mut BytesMut, uri: &http::Uri) {
    if uri.scheme().is_some() {
        // Writing to memory cannot fail.
        write!(head, "{uri}").ok();
        return;
    }
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    head.put_slice(path.as_bytes());
}

fn encode_header(head: &mut BytesMut, name: &str, value: &HeaderValue) {
    head.put_slice(name.as_bytes());
    head.put_slice(b": ");
    head.put_slice(value.as_bytes());
    head.put_slice(b"\r\n");
}

fn encode_framing(head: &mut BytesMut, framing: Framing) {
    match framing {
        Framing::None => {}
        Framing::Length(length) => {
            write!(head, "content-length: {length}\r\n").ok();
        }
        Framing::Chunked => head.put_slice(b"transfer-encoding: chunked\r\n"),
    }
}
