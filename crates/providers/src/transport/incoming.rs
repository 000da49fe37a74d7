//! The body of a provider's answer, which gives its connection back when it ends and closes it when it is dropped
//! before: a provider goes on generating, and charging, for as long as somebody seems to listen.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::error::BodyError;
use super::{http1, http2};

/// The body of a provider's answer.
pub struct IncomingBody(Source);

/// What the body comes over.
enum Source {
    /// A connection of its own, and the pool that it goes back to.
    Http1(Box<http1::Connection>, Arc<http1::Pool>),
    /// A stream, and its place on a shared connection, held until the end.
    Http2(Incoming, #[expect(dead_code, reason = "held, never read")] http2::Place),
    /// Nothing any more.
    Ended,
}

impl IncomingBody {
    pub(super) fn http1(connection: Box<http1::Connection>, pool: &Arc<http1::Pool>) -> Self {
        let mut incoming = Self(Source::Http1(connection, Arc::clone(pool)));
        if incoming.is_end_stream() {
            incoming.give_back();
        }
        incoming
    }

    pub(super) fn http2(body: Incoming, place: http2::Place) -> Self {
        Self(Source::Http2(body, place))
    }

    fn give_back(&mut self) {
        if let Source::Http1(connection, pool) = std::mem::replace(&mut self.0, Source::Ended) {
            pool.put(connection);
        }
    }
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = match &mut this.0 {
            Source::Http1(connection, _) => connection
                .poll_piece(context)
                .map(|piece| piece.map(|piece| piece.map(Frame::data).map_err(BodyError::from))),
            Source::Http2(body, _) => Pin::new(body)
                .poll_frame(context)
                .map(|frame| frame.map(|frame| frame.map_err(BodyError::Http2))),
            Source::Ended => Poll::Ready(None),
        };
        match &frame {
            Poll::Pending => {}
            // Whoever knows the end asks no more after the last frame.
            Poll::Ready(Some(Ok(_))) if !this.is_end_stream() => {}
            Poll::Ready(Some(Ok(_)) | None) => this.give_back(),
            Poll::Ready(Some(Err(_))) => this.0 = Source::Ended,
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Http1(connection, _) => connection.body().has_ended(),
            Source::Http2(body, _) => body.is_end_stream(),
            Source::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Http1(connection, _) => {
                connection.body().length().map_or_else(SizeHint::default, SizeHint::with_exact)
            }
            Source::Http2(body, _) => body.size_hint(),
            Source::Ended => SizeHint::with_exact(0),
        }
    }
}

impl fmt::Debug for IncomingBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = formatter.debug_tuple("IncomingBody");
        match &self.0 {
            Source::Http1(connection, _) => tuple.field(connection.body()),
            Source::Http2(body, _) => tuple.field(body),
            Source::Ended => tuple.field(&"ended"),
        };
        tuple.finish()
    }
}
