//! HTTP/2 connections of one origin: many exchanges on each, and another connection before any is full.
//!
//! An exchange beyond a connection's stream limit would wait, unseen, for a stream that may last minutes. So each
//! connection counts its streams against the limit that its server announced.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use hyper::client::conn::http2;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::body::OutgoingBody;
use super::error::SendError;
use super::stream::Stream;

/// The most streams on one connection, whatever its server allows: all of them share one lock and one TCP window.
const STREAMS_MAX: usize = 100;

/// What is announced to be readable per stream, in bytes: enough for a fast answer over a long distance.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// Room for all streams, so that slow readers never hold up the others.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * 100;

/// How often a connection with streams is asked whether it is alive, and how long the answer may take.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Stands for a limit that the server has not announced yet; no announced one (32 bits) is equal.
const UNANNOUNCED: usize = usize::MAX - 1;

/// The connections of an origin.
#[derive(Default)]
pub(super) struct Pool {
    connections: Mutex<Vec<Connection>>,
    /// Held while a connection is opened, so that many waiting exchanges open one and not one each.
    pub(super) opening: tokio::sync::Mutex<()>,
}

type Sender = http2::SendRequest<OutgoingBody>;
type Driver = http2::Connection<TokioIo<Stream>, OutgoingBody, Tasks>;

/// One connection. It closes when it is dropped and its streams have ended.
pub(super) struct Connection {
    sender: Sender,
    load: Arc<Load>,
    idle_since: Option<Instant>,
}

struct Load {
    streams: AtomicUsize,
    streams_max: AtomicUsize,
}

/// The right to one stream on a connection; dropping it gives the place back.
pub(super) struct Place(Arc<Load>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Release);
    }
}

impl Pool {
    /// A place on the connection with the fewest streams; none when all are full.
    pub(super) fn take(&self) -> Option<(Sender, Place)> {
        let mut connections = self.connections.lock();
        connections.retain(|connection| !connection.sender.is_closed());
        let least = connections.iter_mut().filter(|connection| connection.has_room());
        let connection = least.min_by_key(|connection| connection.streams())?;
        Some(connection.place())
    }

    /// Adds a connection and takes a place on it.
    pub(super) fn add(&self, mut connection: Connection) -> (Sender, Place) {
        let place = connection.place();
        self.connections.lock().push(connection);
        place
    }

    /// Forgets a connection that takes no more requests.
    pub(super) fn remove(&self, place: &Place) {
        self.connections.lock().retain(|connection| !Arc::ptr_eq(&connection.load, &place.0));
    }

    /// Closes connections without streams for too long, or that their server closed.
    pub(super) fn reap(&self, now: Instant, idle_timeout: Duration) {
        self.connections.lock().retain_mut(|connection| !connection.is_spent(now, idle_timeout));
    }

    /// How many connections there are.
    pub(super) fn connections(&self) -> usize {
        self.connections.lock().len()
    }
}

impl Connection {
    /// Opens a connection and waits for the server's settings, which say how many streams it takes.
    pub(super) async fn open(stream: Stream) -> Result<Self, SendError> {
        let tasks = Tasks::default();
        let opened = http2::Builder::new(tasks.clone())
            .timer(TokioTimer::new())
            .initial_max_send_streams(UNANNOUNCED)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_INTERVAL)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, driver) = opened.map_err(SendError::Http2)?;
        let load = Arc::new(Load { streams: AtomicUsize::new(0), streams_max: AtomicUsize::new(0) });
        let (announce, announced) = oneshot::channel();
        tokio::spawn(drive(driver, tasks, Arc::clone(&load), announce));
        match announced.await {
            Ok(Ok(())) => Ok(Self { sender, load, idle_since: None }),
            Ok(Err(error)) => Err(SendError::Http2(error)),
            Err(_) => Err(SendError::Closed { reused: false }),
        }
    }

    fn streams(&self) -> usize {
        self.load.streams.load(Ordering::Acquire)
    }

    fn has_room(&self) -> bool {
        self.streams() < self.load.streams_max.load(Ordering::Relaxed)
    }

    fn place(&mut self) -> (Sender, Place) {
        self.idle_since = None;
        self.load.streams.fetch_add(1, Ordering::Relaxed);
        (self.sender.clone(), Place(Arc::clone(&self.load)))
    }

    fn is_spent(&mut self, now: Instant, idle_timeout: Duration) -> bool {
        if self.streams() > 0 {
            self.idle_since = None;
            return self.sender.is_closed();
        }
        let since = *self.idle_since.get_or_insert(now);
        self.sender.is_closed() || since + idle_timeout <= now
    }
}

/// Hands requests to a connection until it ends, keeps its limit up to date, and tells when the limit is known for the
/// first time.
async fn drive(mut driver: Driver, tasks: Tasks, load: Arc<Load>, announce: Announce) {
    let mut announce = Some(announce);
    let ended = poll_fn(|context| {
        if announce.is_some() {
            tasks.0.register(context.waker());
        }
        let ended = Pin::new(&mut driver).poll(context);
        let limit = driver.current_max_send_streams();
        if limit != UNANNOUNCED {
            load.streams_max.store(limit.min(STREAMS_MAX), Ordering::Relaxed);
            if ended.is_pending()
                && let Some(announce) = announce.take()
            {
                // The one who opened the connection may have given up.
                announce.send(Ok(())).ok();
            }
        }
        ended
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "http/2 connection ended");
        if let Some(announce) = announce {
            announce.send(Err(error)).ok();
        }
    }
}

type Announce = oneshot::Sender<Result<(), hyper::Error>>;

/// Runs what hyper runs beside a connection. Frames are read there, so it is there that the server's settings arrive
/// first; whoever waits for them is woken after each turn.
#[derive(Clone, Default)]
struct Tasks(Arc<AtomicWaker>);

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let waiting = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut future = pin!(future);
            poll_fn(|context| {
                let polled = future.as_mut().poll(context);
                waiting.wake();
                polled
            })
            .await;
        });
    }
}
