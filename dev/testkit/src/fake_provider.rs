//! A provider that does what the test says and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use providers::scripted::server::{ClientGone, Server};
use providers::scripted::{Script, Scripted, ScriptedRequest};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::task::OwnedTask;
use crate::{ManualClock, scripts, within};

/// A provider on a free port, over HTTP/1.1 and HTTP/2. Plays the scripts that were queued, then the standing one, and
/// without any echoes as the built-in scripted provider does. Ends when dropped.
#[derive(Debug)]
pub struct FakeProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
    clock: ManualClock,
    gone: tokio::sync::Mutex<mpsc::UnboundedReceiver<ClientGone>>,
    _serving: OwnedTask,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<VecDeque<Script>>,
    standing: Mutex<Option<Script>>,
    quota: Mutex<Option<Quota>>,
    refused: AtomicUsize,
    requests: watch::Sender<Vec<ScriptedRequest>>,
    echo: Scripted,
}

/// So many requests within any span of a length.
#[derive(Debug)]
struct Quota {
    count: usize,
    per: Duration,
    served: VecDeque<Instant>,
}

impl Quota {
    fn has_room(&mut self, now: Instant) -> bool {
        while self.served.front().is_some_and(|served| now.duration_since(*served) >= self.per) {
            self.served.pop_front();
        }
        let has_room = self.served.len() < self.count;
        if has_room {
            self.served.push_back(now);
        }
        has_room
    }
}

impl FakeProvider {
    /// Starts one that echoes.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            standing: Mutex::default(),
            quota: Mutex::default(),
            refused: AtomicUsize::new(0),
            requests: watch::Sender::new(Vec::new()),
            echo: Scripted::default(),
        });
        let clock = ManualClock::new();
        let (tell_gone, gone) = mpsc::unbounded_channel();
        let answering = Arc::clone(&shared);
        let server = Server::new(Arc::new(move |request| answering.answer(request)))
            .with_sleeper(clock.sleeper())
            // A test that no longer listens does not care who leaves.
            .on_client_gone(Arc::new(move |client| drop(tell_gone.send(client.clone()))));
        let serving = OwnedTask::spawn(server.serve(listener, std::future::pending()));
        Self { address, shared, clock, gone: tokio::sync::Mutex::new(gone), _serving: serving }
    }

    /// Starts one that answers everything with the same script.
    pub async fn always(script: Script) -> Self {
        let provider = Self::start().await;
        provider.keep_answering(script);
        provider
    }

    /// Starts one with a queue of scripts.
    pub async fn playing(scripts: impl IntoIterator<Item = Script>) -> Self {
        let provider = Self::start().await;
        scripts.into_iter().for_each(|script| provider.next(script));
        provider
    }

    /// Adds a script for one request more.
    pub fn next(&self, script: Script) {
        self.shared.queue.lock().push_back(script);
    }

    /// Plays this from now on whenever the queue is empty.
    pub fn keep_answering(&self, script: Script) {
        *self.shared.standing.lock() = Some(script);
    }

    /// Refuses from now on what is more than `count` requests within any span of this length.
    pub fn allow(&self, count: usize, per: Duration) {
        *self.shared.quota.lock() = Some(Quota { count, per, served: VecDeque::new() });
    }

    /// How often it refused a request for that.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, as `http://127.0.0.1:1234/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ScriptedRequest> {
        self.shared.requests.borrow().clone()
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.requests.borrow().len()
    }

    /// What it was asked, when it was asked once.
    ///
    /// # Panics
    /// When it was asked another number of times.
    #[must_use]
    pub fn only_request(&self) -> ScriptedRequest {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "requests to the provider");
        requests.remove(0)
    }

    /// Waits until it has been asked `count` times.
    pub async fn was_asked(&self, count: usize) {
        let mut requests = self.shared.requests.subscribe();
        let asked = requests.wait_for(|requests| requests.len() >= count);
        within("the request to the provider", asked).await.unwrap();
    }

    /// Waits until a client leaves before its script is over.
    pub async fn client_left(&self) -> ClientGone {
        within("the client's leaving", async { self.gone.lock().await.recv().await }).await.unwrap()
    }

    /// The clock that its pauses wait on.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

impl Shared {
    fn answer(&self, request: ScriptedRequest) -> Script {
        let mut quota = self.quota.lock();
        if quota.as_mut().is_some_and(|quota| !quota.has_room(Instant::now())) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return scripts::error(429, "slow down");
        }
        drop(quota);
        let queued = self.queue.lock().pop_front();
        let script =
            queued.or_else(|| self.standing.lock().clone()).unwrap_or_else(|| self.echo.answer(&request));
        self.requests.send_modify(|requests| requests.push(request));
        script
    }
}

/// An address where nobody listens.
pub async fn closed_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap()
}

#[cfg(test)]
mod tests {
    use super::{Duration, FakeProvider};
    use crate::{Client, EventStream, Script, Step, closed_address, scripts};

    #[tokio::test]
    async fn queued_scripts_come_first_then_the_standing_one_and_else_the_echo() {
        let provider = FakeProvider::playing([scripts::error(500, "first")]).await;
        let client = Client::new(provider.address());
        let request = scripts::request(EventStream::Chat, "echo", false).to_string();
        let ask = async || client.post("/v1/chat/completions", request.clone()).answer().await;
        assert_eq!(ask().await.status, 500);
        assert_eq!(ask().await.status, 200);
        provider.keep_answering(scripts::error(503, "always"));
        assert_eq!(ask().await.status, 503);
        assert_eq!(provider.asked(), 3);
        assert_eq!(provider.requests()[0].body, request);
    }

    #[tokio::test]
    async fn a_pause_waits_for_the_test() {
        let steps = vec![
            Step::head(http::StatusCode::OK, "text/plain"),
            Step::Bytes("a".into()),
            Step::Pause(Duration::from_secs(3600)),
            Step::Bytes("b".into()),
        ];
        let provider = FakeProvider::always(Script::new(steps)).await;
        let mut answer = Client::new(provider.address()).get("/").open().await;
        assert_eq!(answer.next().await.unwrap(), "a");
        provider.clock().waits_begun(1).await;
        provider.clock().advance(Duration::from_secs(3600));
        assert_eq!(answer.rest().await.text(), "b");
    }

    #[tokio::test]
    async fn leaving_is_told() {
        let provider = FakeProvider::always(scripts::hang()).await;
        let client = Client::new(provider.address());
        let call = tokio::spawn(async move { client.get("/slow").open().await });
        provider.was_asked(1).await;
        call.abort();
        assert_eq!(provider.client_left().await.path, "/slow");
    }

    #[tokio::test]
    async fn nobody_listens_at_a_closed_address() {
        assert!(tokio::net::TcpStream::connect(closed_address().await).await.is_err());
    }
}
