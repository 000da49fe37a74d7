//! Connections that change to another protocol (RFC 9110, section 7.8).

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use http::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::http1;
use super::incoming::IncomingBody;
use super::stream::Stream;

/// The answer to a request for another protocol.
#[derive(Debug)]
pub enum UpgradeAnswer {
    /// It is spoken from now on.
    Switched(Response<()>, UpgradedStream),
    /// It is not: an ordinary answer.
    Other(Response<IncomingBody>),
}

/// A byte stream to a provider on which something else than HTTP is spoken. Dropping it closes it at once.
pub struct UpgradedStream {
    stream: Stream,
    /// What came together with the head of the answer.
    unread: BytesMut,
}

impl UpgradeAnswer {
    pub(super) fn new(answer: Response<()>, connection: Box<http1::Connection>) -> Self {
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let (stream, unread) = connection.into_parts();
            return Self::Switched(answer, UpgradedStream { stream, unread });
        }
        // A connection that was opened for another protocol is not kept for requests.
        let no_pool = Arc::new(http1::Pool::new(0));
        Self::Other(answer.map(|()| IncomingBody::http1(connection, &no_pool)))
    }
}

impl fmt::Debug for UpgradedStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpgradedStream")
            .field("unread_bytes", &self.unread.len())
            .finish_non_exhaustive()
    }
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let bytes = self.unread.len().min(buffer.remaining());
        buffer.put_slice(self.unread.get(..bytes).unwrap_or_default());
        self.unread.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
