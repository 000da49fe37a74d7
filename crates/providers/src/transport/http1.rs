//! HTTP/1.1 connections of one origin: one exchange at a time on each, kept alive in a stack.
//!
//! The task of an exchange drives the connection itself; see [`Wakeup`] for why. An idle connection is driven by
//! nobody: that its server hung up is noticed when it is taken out again, or when idle ones are reaped.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::body::OutgoingBody;
use super::error::SendError;
use super::stream::Stream;
use super::wakeup::Wakeup;

/// The longest head of an answer; also the most that is read ahead of a slow client.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How often a connection is looked at again in one poll before other tasks get their turn.
const TURNS_MAX: usize = 4;

/// The idle connections of an origin. The one that was used last is used next, so that the rest grow old and go.
pub(super) struct Pool {
    idle: Mutex<Vec<Idle>>,
    idle_connections_max: usize,
}

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

impl Pool {
    pub(super) fn new(idle_connections_max: usize) -> Self {
        Self {
            idle: Mutex::default(),
            idle_connections_max,
        }
    }

    /// The connection that was used last. It may have closed; sending tells.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        self.idle.lock().pop().map(|idle| idle.connection)
    }

    /// Keeps a connection whose exchange is over, if it can serve another and there is room.
    pub(super) fn put(&self, mut connection: Box<Connection>) {
        if !connection.is_idle() && !connection.is_reusable() {
            return;
        }
        connection.served = true;
        connection.wakeup.detach();
        let since = Instant::now();
        let mut idle = self.idle.lock();
        if idle.len() < self.idle_connections_max {
            idle.push(Idle { connection, since });
        }
    }

    /// Closes connections that were idle for too long or that their server closed.
    pub(super) fn reap(&self, now: Instant, idle_timeout: Duration) {
        let mut idle = self.idle.lock();
        let expired = idle.partition_point(|idle| idle.since + idle_timeout <= now);
        let mut closing: Vec<Idle> = idle.drain(..expired).collect();
        closing.extend(idle.extract_if(.., |idle| !idle.connection.is_reusable()));
        drop(idle);
        // Closing sockets needs no lock.
        drop(closing);
    }

    /// How many connections are idle.
    pub(super) fn idle_connections(&self) -> usize {
        self.idle.lock().len()
    }
}

type Driver = http1::Connection<TokioIo<Stream>, OutgoingBody>;

/// One connection. Dropping it closes it at once.
pub(super) struct Connection {
    sender: http1::SendRequest<OutgoingBody>,
    /// `None` once it has finished, which closed the stream.
    driver: Option<Driver>,
    wakeup: Wakeup,
    /// Whether an exchange on it was completed.
    pub(super) served: bool,
}

/// A request that was not sent, with the reason, or only the reason when some of it may have been sent.
pub(super) type Unanswered = TrySendError<Request<OutgoingBody>>;

impl Connection {
    pub(super) async fn open(stream: Stream) -> Result<Box<Self>, SendError> {
        let opened = http1::Builder::new()
            .max_buf_size(BUFFER_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, driver) = opened.map_err(SendError::Http)?;
        Ok(Box::new(Self {
            sender,
            driver: Some(driver),
            wakeup: Wakeup::new(),
            served: false,
        }))
    }

    /// Sends a request and drives the connection until the head of the answer is there.
    pub(super) async fn exchange(
        &mut self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(request));
        std::future::poll_fn(|context| self.poll_until(context, |context| answer.as_mut().poll(context)))
            .await
    }

    /// Drives the connection until the next frame of the answer's body is there.
    pub(super) fn poll_frame(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, hyper::Error>>> {
        self.poll_until(context, |context| Pin::new(&mut *body).poll_frame(context))
    }

    /// Polls `outcome`, which the connection brings about, and the connection in turns.
    fn poll_until<T>(
        &mut self,
        context: &mut Context<'_>,
        mut outcome: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.wakeup.drive(context);
        for _ in 0..TURNS_MAX {
            let ready = outcome(&mut Context::from_waker(self.wakeup.waker()));
            if ready.is_ready() {
                return ready;
            }
            self.drive();
            if self.wakeup.rest() {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets the connection read and write what it can. Once it has finished it is dropped, which resolves whatever
    /// waits for it.
    fn drive(&mut self) {
        let mut context = Context::from_waker(self.wakeup.waker());
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(&mut context).is_ready()
        {
            self.driver = None;
        }
    }

    /// Whether the last exchange is over and the connection is not known to be closed.
    fn is_idle(&self) -> bool {
        self.driver.is_some() && self.sender.is_ready()
    }

    /// The same after a look at what happened to the connection since.
    fn is_reusable(&mut self) -> bool {
        self.drive();
        self.is_idle()
    }
}
