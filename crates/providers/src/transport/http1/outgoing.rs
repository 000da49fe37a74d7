//! A request on its way out: its head and the first piece of its body leave in one write, and a streamed body is asked
//! for its next piece only when the one before has left.

use std::fmt::Write;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::header::UPGRADE;
use http::{Method, Request};
use http_body::Body;
use tokio::io::AsyncWrite;

use super::fault::Fault;
use super::head::asks_to_close;
use super::request::{Framing, encode_head};
use crate::transport::body::OutgoingBody;

/// How many slices one write takes: the head, a piece, and the segments of a spliced body.
const SLICES_MAX: usize = 8;

/// What is left to send of a request.
pub(in crate::transport) struct Outgoing {
    /// The head, or what frames a chunk; it goes before `piece`.
    lead: BytesMut,
    /// A piece of a streamed body.
    piece: Bytes,
    body: OutgoingBody,
    framing: Framing,
    /// Whether a streamed body may have more pieces.
    is_streaming: bool,
    /// Whether a chunk was begun, whose line has to be ended.
    has_open_chunk: bool,
    /// Whether anything may have reached the server.
    is_touched: bool,
    pub(super) is_head_request: bool,
    pub(super) asks_to_close: bool,
    /// Whether it asks for another protocol on its connection.
    pub(super) asks_to_upgrade: bool,
}

impl Outgoing {
    /// Encodes the head of a request, of which nothing else is kept but the body.
    pub(in crate::transport) fn new(request: Request<OutgoingBody>) -> Self {
        let framing = Framing::of(request.method(), request.body());
        Self {
            lead: encode_head(&request, framing),
            piece: Bytes::new(),
            framing,
            is_streaming: framing != Framing::None && matches!(request.body(), OutgoingBody::Stream(_)),
            has_open_chunk: false,
            is_touched: false,
            is_head_request: *request.method() == Method::HEAD,
            asks_to_close: asks_to_close(request.headers()),
            asks_to_upgrade: request.headers().contains_key(UPGRADE),
            body: request.into_body(),
        }
    }

    /// Whether anything may have reached the server, so that a second try could have it processed twice.
    pub(super) fn is_touched(&self) -> bool {
        self.is_touched
    }

    /// From now on something may have reached the server, whatever writing says.
    pub(super) fn touch(&mut self) {
        self.is_touched = true;
    }

    /// Sends what the stream takes and the body has; ready when all is sent.
    pub(super) fn poll_send(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Fault>> {
        loop {
            let is_waiting =
                self.is_streaming && self.piece.is_empty() && self.poll_piece(context)?.is_pending();
            if self.has_bytes() {
                let written = ready!(self.poll_write(stream, context))?;
                self.advance(written);
                continue;
            }
            // An encrypted stream may hold bytes back, which must not wait for the next piece.
            let flushed = ready!(Pin::new(&mut *stream).poll_flush(context)).map_err(Fault::from);
            return if is_waiting && flushed.is_ok() { Poll::Pending } else { Poll::Ready(flushed) };
        }
    }

    fn has_bytes(&self) -> bool {
        let segments_left = match &self.body {
            OutgoingBody::Segments(segments) => segments.length() > 0,
            OutgoingBody::Empty | OutgoingBody::Stream(_) => false,
        };
        segments_left || !self.lead.is_empty() || !self.piece.is_empty()
    }

    fn poll_write(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let segments = match &self.body {
            OutgoingBody::Segments(segments) => segments.pieces(),
            OutgoingBody::Empty | OutgoingBody::Stream(_) => &[],
        };
        let parts = [&self.lead[..], &self.piece[..]].into_iter();
        let parts = parts.chain(segments.iter().map(|segment| &segment[..]));
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(parts.filter(|part| !part.is_empty())) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        match ready!(Pin::new(stream).poll_write_vectored(context, &slices[..count]))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => Poll::Ready(Ok(written)),
        }
    }

    fn advance(&mut self, written: usize) {
        self.is_touched = true;
        let lead = written.min(self.lead.len());
        self.lead.advance(lead);
        if self.lead.is_empty() {
            // A streamed body may take long; its head needs no room meanwhile.
            self.lead = BytesMut::new();
        }
        let piece = (written - lead).min(self.piece.len());
        self.piece.advance(piece);
        if let OutgoingBody::Segments(segments) = &mut self.body {
            segments.advance(written - lead - piece);
        }
    }

    /// Ready when there is a piece, or when the body has ended.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        loop {
            let next = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(self.end()),
                Some(Err(error)) => return Poll::Ready(Err(Fault::Request(error))),
                Some(Ok(frame)) => frame.into_data(),
            };
            // An empty chunk would end the body, and nobody asked for trailers.
            if let Ok(piece) = next
                && !piece.is_empty()
            {
                return Poll::Ready(self.frame(piece));
            }
        }
    }

    fn frame(&mut self, piece: Bytes) -> Result<(), Fault> {
        let length = piece.len() as u64;
        match &mut self.framing {
            Framing::None => return Err(wrong_length()),
            Framing::Length(left) => *left = left.checked_sub(length).ok_or_else(wrong_length)?,
            Framing::Chunked => {
                self.end_chunk();
                // Writing to memory cannot fail.
                write!(self.lead, "{length:x}\r\n").ok();
                self.has_open_chunk = true;
            }
        }
        self.piece = piece;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.is_streaming = false;
        match self.framing {
            Framing::Length(left) if left > 0 => return Err(wrong_length()),
            Framing::None | Framing::Length(_) => {}
            Framing::Chunked => {
                self.end_chunk();
                self.lead.put_slice(b"0\r\n\r\n");
            }
        }
        Ok(())
    }

    fn end_chunk(&mut self) {
        if self.has_open_chunk {
            self.lead.put_slice(b"\r\n");
        }
    }
}

/// A body that is not as long as it said (RFC 9112, section 8: such a request is incomplete).
fn wrong_length() -> Fault {
    Fault::Request("the body is not as long as it said".into())
}
