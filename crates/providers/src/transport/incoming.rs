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
pub struct IncomingBody {
    body: Incoming,
    source: Source,
}

/// What the body comes over.
enum Source {
    /// A connection of its own, and the pool that it goes back to.
    Http1(Box<http1::Connection>, Arc<http1::Pool>),
    /// A place on a shared connection, held until the end.
    Http2 { _place: http2::Place },
    /// Nothing any more.
    Ended,
}

impl IncomingBody {
    pub(super) fn http1(body: Incoming, connection: Box<http1::Connection>, pool: &Arc<http1::Pool>) -> Self {
        let mut incoming = Self {
            body,
            source: Source::Http1(connection, Arc::clone(pool)),
        };
        if incoming.body.is_end_stream() {
            incoming.give_back();
        }
        incoming
    }

    pub(super) fn http2(body: Incoming, place: http2::Place) -> Self {
        Self {
            body,
            source: Source::Http2 { _place: place },
        }
    }

    fn give_back(&mut self) {
        if let Source::Http1(connection, pool) = std::mem::replace(&mut self.source, Source::Ended) {
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
        let frame = match &mut this.source {
            Source::Http1(connection, _) => connection.poll_frame(&mut this.body, context),
            Source::Http2 { .. } | Source::Ended => Pin::new(&mut this.body).poll_frame(context),
        };
        let Poll::Ready(frame) = frame else {
            return Poll::Pending;
        };
        match &frame {
            // A server that knows the end asks no more after the last frame.
            Some(Ok(_)) if !this.body.is_end_stream() => {}
            Some(Ok(_)) | None => this.give_back(),
            Some(Err(_)) => this.source = Source::Ended,
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for IncomingBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("IncomingBody").field(&self.body).finish()
    }
}
