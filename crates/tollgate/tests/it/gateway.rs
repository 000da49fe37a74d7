//! A whole gateway in the process of a test, on a free port, with a configuration in a folder of its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use control::DiskEnvironment;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, Call, Client, EventStream, FakeProvider, scripts, within};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tollgate::serve::{Entrance, Prepared, Reloads, Server, ServerParts};

use crate::configuration::{key, key_entry, one};

/// A gateway that is being set up.
pub(crate) struct Setup {
    folder: TempDir,
    variables: HashMap<String, String>,
    wall_clock: fn() -> Timestamp,
    control_listen: Option<SocketAddr>,
}

/// A running gateway. Everybody's key is `key(1)` unless the configuration has keys of its own.
pub(crate) struct TestGateway {
    folder: TempDir,
    address: SocketAddr,
    control: Option<Entrance>,
    reload: mpsc::Sender<()>,
    reloads: watch::Receiver<Reloads>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: HashMap::new(),
            wall_clock: Timestamp::now,
            control_listen: None,
        }
    }

    /// Gives the control plane a listener of its own.
    pub(crate) fn apart(self) -> Self {
        Self { control_listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))), ..self }
    }

    /// Lets it go by another clock.
    pub(crate) fn clock(self, wall_clock: fn() -> Timestamp) -> Self {
        Self { wall_clock, ..self }
    }

    /// Sets an environment variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes a file beside the configuration.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// Starts the gateway.
    pub(crate) async fn start(self, configuration: Value) -> TestGateway {
        let Self { folder, variables, wall_clock, control_listen } = self;
        let file = folder.path().join("tollgate.yaml");
        std::fs::write(&file, complete(configuration)).unwrap();
        let parts = ServerParts {
            file,
            environment: Arc::new(DiskEnvironment(move |name: &str| variables.get(name).cloned())),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            control_listen,
            scripted: false,
            random,
            random_key: || Some(std::array::from_fn(|_| random().to_le_bytes()[0])),
            wall_clock,
        };
        let server = Server::start(Prepared::load(parts).unwrap()).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        TestGateway {
            folder,
            address: server.address(),
            control: server.control(),
            reload: server.reload_requests(),
            reloads: server.reloads(),
            stop: Some(stop),
            running: tokio::spawn(server.run_until(async { stopped.await.unwrap_or_default() })),
        }
    }
}

impl TestGateway {
    /// Starts one.
    pub(crate) async fn start(configuration: Value) -> Self {
        Setup::new().start(configuration).await
    }

    /// Starts one before a single provider `p`.
    pub(crate) async fn before(fake: &FakeProvider) -> Self {
        Self::start(one(fake)).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the control plane is.
    pub(crate) fn control_address(&self) -> SocketAddr {
        self.control.map_or(self.address, |control| control.address)
    }

    /// A client of the control plane, without a key.
    pub(crate) fn at_control(&self) -> Client {
        Client::new(self.control_address())
    }

    /// A client with the key that everybody has.
    pub(crate) fn client(&self) -> Client {
        self.client_of(1)
    }

    /// A client with the key of a number.
    pub(crate) fn client_of(&self, number: u8) -> Client {
        self.anybody().with_key(key(number).reveal())
    }

    /// A client without a key.
    pub(crate) fn anybody(&self) -> Client {
        Client::new(self.address)
    }

    /// A small request in a format.
    pub(crate) fn ask(&self, stream: EventStream, model: &str) -> Call {
        self.post(stream, model, false)
    }

    /// The same, streamed.
    pub(crate) fn ask_streamed(&self, stream: EventStream, model: &str) -> Call {
        self.post(stream, model, true)
    }

    /// The answer to a small chat.
    pub(crate) async fn chat(&self, model: &str) -> Answer {
        self.ask(EventStream::Chat, model).answer().await
    }

    /// A chat with a body as written.
    pub(crate) fn post_chat(&self, body: impl Into<bytes::Bytes>) -> Call {
        self.client().post(scripts::path(EventStream::Chat), body)
    }

    fn post(&self, stream: EventStream, model: &str, streamed: bool) -> Call {
        let body = scripts::request(stream, model, streamed);
        self.client().post(&scripts::path_of(stream, model, streamed), body.to_string())
    }

    /// The value of one series of `/metrics`, as `tollgate_connections`; 0 when there is none.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let text = self.at_control().get("/metrics").answer().await;
        let value = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
        text.text().lines().find_map(value).unwrap_or(0.0)
    }

    /// How many requests to provider `p` ended in a way.
    pub(crate) async fn ended(&self, operation: &str, outcome: &str) -> f64 {
        let labels = format!("provider=\"p\",operation=\"{operation}\",outcome=\"{outcome}\"");
        self.metric(&format!("tollgate_requests_total{{{labels}}}")).await
    }

    /// Replaces the configuration and waits until it is in force.
    pub(crate) async fn reconfigure(&mut self, configuration: Value) {
        let before = self.reloads.borrow().generation;
        self.replace(&complete(configuration));
        let newer = self.reloads.wait_for(|reloads| reloads.generation > before);
        within("the reload", newer).await.unwrap();
    }

    /// Replaces the configuration with a text and waits until it is refused.
    pub(crate) async fn reconfigure_wrongly(&mut self, text: &str) {
        let before = self.reloads.borrow().refused;
        self.replace(text);
        let refused = self.reloads.wait_for(|reloads| reloads.refused > before);
        within("the refusal", refused).await.unwrap();
    }

    /// Asks for the configuration to be read again, as SIGHUP does, and waits until it was.
    pub(crate) async fn reload(&mut self) {
        let before = self.reloads.borrow().generation;
        self.reload.send(()).await.unwrap();
        let newer = self.reloads.wait_for(|reloads| reloads.generation > before);
        within("the reload", newer).await.unwrap();
    }

    /// Writes a file beside the configuration.
    pub(crate) fn write_file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// As editors do it: written aside, then put in place.
    fn replace(&self, text: &str) {
        let aside = self.folder.path().join("aside");
        std::fs::write(&aside, text).unwrap();
        std::fs::rename(aside, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("tollgate.yaml")
    }

    /// Tells it to stop, as SIGTERM does.
    pub(crate) fn begin_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Stops it, and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.begin_to_stop();
        self.stopped().await;
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(self) {
        within("the end of the server", self.running).await.unwrap();
    }
}

/// The configuration with a key for everybody, if it has none.
fn complete(mut configuration: Value) -> String {
    if configuration.get("keys").is_none() {
        configuration["keys"] = json!([key_entry(1, json!({"passthrough": true, "inline_config": true}))]);
    }
    configuration.to_string()
}

/// SplitMix64 over a counter: different at each call, the same in each run.
fn random() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut bits = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
