//! One HTTP/1.1 connection: the thin shell that moves bytes between a stream and the codec.
//!
//! While an answer is waited for, nothing is held for reading: bytes that come are read into the stack first, and only
//! what was there is kept. A read that fills it is followed by reads into the heap, of a size that grows with need.

use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::Response;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::decoder::BodyDecoder;
use super::fault::Fault;
use super::head::{Head, HeadReader};
use super::outgoing::Outgoing;
use crate::transport::stream::Stream;

/// What one read takes while little comes.
const SMALL_READ_BYTES: usize = 8 * 1024;

/// What one read takes at most, when every one before was filled.
const READ_BYTES_MAX: usize = 256 * 1024;

/// One connection. Dropping it closes it at once.
pub(in crate::transport) struct Connection {
    stream: Stream,
    /// What was read and not looked at: an unfinished head, or what came together with one.
    unread: BytesMut,
    /// What the next read takes.
    read_bytes: usize,
    /// `None` once the request was sent, or once the server took no more of it.
    outgoing: Option<Box<Outgoing>>,
    body: BodyDecoder,
    /// Whether the connection may serve another request after this exchange.
    is_persistent: bool,
}

/// Why a request got no answer.
pub(in crate::transport) enum Unanswered {
    /// The connection had closed before anything of the request left.
    Unsent(Box<Outgoing>),
    /// Something of the request may have reached the server.
    Failed(Fault),
}

impl Connection {
    pub(in crate::transport) fn new(stream: Stream) -> Box<Self> {
        Box::new(Self {
            stream,
            unread: BytesMut::new(),
            read_bytes: SMALL_READ_BYTES,
            outgoing: None,
            body: BodyDecoder::Ended,
            is_persistent: true,
        })
    }

    /// Sends a request until the head of the answer is there; the rest of the request is sent while the answer's body
    /// is read.
    pub(in crate::transport) async fn exchange(
        &mut self,
        mut outgoing: Box<Outgoing>,
    ) -> Result<Response<()>, Unanswered> {
        if self.stream.is_encrypted() {
            // A failed write may have sent a part, of which the TLS library does not tell.
            outgoing.touch();
        }
        self.is_persistent = !outgoing.asks_to_close;
        let mut reader = HeadReader::new(outgoing.is_head_request, outgoing.asks_to_upgrade);
        self.outgoing = Some(outgoing);
        let head = poll_fn(|context| self.poll_head(&mut reader, context)).await?;
        self.is_persistent &= head.is_persistent;
        self.body = head.body;
        Ok(head.answer)
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(in crate::transport) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Fault>>> {
        if let Err(fault) = self.poll_send(context) {
            return Poll::Ready(Some(Err(fault)));
        }
        loop {
            if let Some(problem) = self.body.problem() {
                return Poll::Ready(Some(Err(Fault::Answer(problem))));
            }
            if self.body.has_ended() {
                return Poll::Ready(None);
            }
            match ready!(self.poll_content(context)) {
                // The bytes only framed the content.
                Ok(piece) if piece.is_empty() => {}
                piece => return Poll::Ready(Some(piece)),
            }
        }
    }

    /// What is left of the answer's body.
    pub(in crate::transport) fn body(&self) -> &BodyDecoder {
        &self.body
    }

    /// The byte stream, after an answer that changed the protocol, and what of it was read already.
    pub(in crate::transport) fn into_parts(self) -> (Stream, BytesMut) {
        (self.stream, self.unread)
    }

    /// Whether the exchange is over and the connection may serve another.
    pub(super) fn is_reusable(&self) -> bool {
        self.is_persistent && self.outgoing.is_none() && self.body.has_ended() && self.unread.is_empty()
    }

    /// Whether an idle connection is not known to be closed. Costs no system call unless something happened to it.
    pub(in crate::transport) fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let mut context = Context::from_waker(Waker::noop());
        // Whatever can be read now is an end, a failure, or an answer to nothing.
        Pin::new(&mut self.stream).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
    }

    fn poll_head(
        &mut self,
        reader: &mut HeadReader,
        context: &mut Context<'_>,
    ) -> Poll<Result<Head, Unanswered>> {
        // An answer may come before all of the request was sent, and be the reason that it cannot be.
        let sent = self.poll_send(context);
        let head = match (self.poll_read_head(reader, context), sent) {
            (Poll::Pending, Ok(())) => return Poll::Pending,
            (Poll::Pending, Err(fault)) => Err(fault),
            (Poll::Ready(head), _) => head,
        };
        Poll::Ready(head.map_err(|fault| self.unanswered(fault)))
    }

    fn unanswered(&mut self, fault: Fault) -> Unanswered {
        match self.outgoing.take() {
            Some(outgoing) if matches!(fault, Fault::Closed) && !outgoing.is_touched() => {
                Unanswered::Unsent(outgoing)
            }
            _ => Unanswered::Failed(fault),
        }
    }

    fn poll_read_head(
        &mut self,
        reader: &mut HeadReader,
        context: &mut Context<'_>,
    ) -> Poll<Result<Head, Fault>> {
        loop {
            if let Some(head) = reader.read(&mut self.unread).map_err(Fault::Answer)? {
                return Poll::Ready(Ok(head));
            }
            let mut room = [const { MaybeUninit::uninit() }; SMALL_READ_BYTES];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Err(Fault::Closed));
            }
            self.unread.extend_from_slice(read.filled());
        }
    }

    /// Sends more of the request. A server that takes no more of it may still answer, so that is no failure: reading
    /// tells.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let Some(outgoing) = &mut self.outgoing else { return Ok(()) };
        match outgoing.poll_send(&mut self.stream, context) {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(())) => {
                self.outgoing = None;
                Ok(())
            }
            Poll::Ready(Err(Fault::Closed)) if outgoing.is_touched() => {
                self.outgoing = None;
                self.is_persistent = false;
                Ok(())
            }
            Poll::Ready(Err(fault)) => Err(fault),
        }
    }

    /// Content from what was read already, or from a read; empty when there was only framing.
    fn poll_content(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Fault>> {
        if !self.unread.is_empty() {
            let block = std::mem::take(&mut self.unread);
            return Poll::Ready(Ok(self.content_of(block)));
        }
        if self.read_bytes > SMALL_READ_BYTES {
            self.poll_read_block(context)
        } else {
            self.poll_read_small(context)
        }
    }

    fn poll_read_small(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Fault>> {
        let mut room = [const { MaybeUninit::uninit() }; SMALL_READ_BYTES];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        let bytes = read.filled_mut();
        self.count(bytes.len())?;
        let decoded = self.body.decode(bytes);
        self.is_persistent &= decoded.used == bytes.len();
        Poll::Ready(Ok(Bytes::copy_from_slice(&bytes[decoded.content])))
    }

    fn poll_read_block(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Fault>> {
        let mut block = BytesMut::with_capacity(self.read_bytes);
        let Poll::Ready(read) = pin!(self.stream.read_buf(&mut block)).poll(context) else {
            // The wait may be long, and what follows it is little at first.
            self.read_bytes = SMALL_READ_BYTES;
            return Poll::Pending;
        };
        self.count(read?)?;
        Poll::Ready(Ok(self.content_of(block)))
    }

    /// Takes note of how much a read brought.
    fn count(&mut self, bytes: usize) -> Result<(), Fault> {
        if bytes == 0 && !self.body.close() {
            return Err(Fault::Closed);
        }
        self.read_bytes = if bytes < self.read_bytes {
            SMALL_READ_BYTES
        } else {
            (self.read_bytes * 2).min(READ_BYTES_MAX)
        };
        Ok(())
    }

    fn content_of(&mut self, mut block: BytesMut) -> Bytes {
        let decoded = self.body.decode(&mut block);
        self.is_persistent &= decoded.used == block.len();
        if decoded.content.len() < block.capacity() / 2 {
            // Whoever keeps the piece should not keep the room around it.
            return Bytes::copy_from_slice(&block[decoded.content]);
        }
        block.truncate(decoded.content.end);
        block.advance(decoded.content.start);
        block.freeze()
    }
}

#[cfg(test)]
impl Connection {
    /// What is held for reading and for the request, in bytes.
    pub(super) fn held_bytes(&self) -> usize {
        self.unread.capacity() + self.outgoing.as_ref().map_or(0, |outgoing| size_of_val(&**outgoing))
    }
}
