//! A vault that speaks HashiCorp's API: secrets that a test puts there, and keys that never leave it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::task::OwnedTask;

/// The token that opens it.
const TOKEN: &str = "hvs.fake-token";

/// A vault on a free port. Ends when dropped.
#[derive(Debug)]
pub struct FakeVault {
    address: SocketAddr,
    state: Arc<State>,
    _serving: OwnedTask,
}

#[derive(Debug, Default)]
struct State {
    /// Secrets of the key-value engine, version 2, by mount and path.
    secrets: Mutex<BTreeMap<String, Value>>,
    is_sealed: Mutex<bool>,
}

impl FakeVault {
    /// Begins to answer.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let serving = OwnedTask::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(shared.answer(request).await) }
                });
                let builder = hyper::server::conn::http1::Builder::new();
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, state, _serving: serving }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that opens it.
    #[must_use]
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// Puts a secret at a mount and a path, as `secret/openai`.
    pub fn put(&self, path: &str, data: Value) {
        self.state.secrets.lock().insert(path.to_owned(), data);
    }

    /// Answers nothing but that it is sealed, or does again what it did.
    pub fn seal(&self, is_sealed: bool) {
        *self.state.is_sealed.lock() = is_sealed;
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let is_open = head.headers.get("x-vault-token").is_some_and(|token| token == TOKEN);
        let (status, answer) = match (*self.is_sealed.lock(), is_open) {
            (true, _) => (503, json!({"errors": ["Vault is sealed"]})),
            (false, false) => (403, json!({"errors": ["permission denied"]})),
            (false, true) => self.look(head.uri.path(), &body),
        };
        let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
        *response.status_mut() = status.try_into().unwrap();
        response
    }

    fn look(&self, path: &str, body: &Value) -> (u16, Value) {
        let nothing = || (404, json!({"errors": []}));
        let Some(path) = path.strip_prefix("/v1/") else { return nothing() };
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        // What is encrypted is only turned around: that nobody else reads it is not what tests are about.
        let turned = |text: &str| text.chars().rev().collect::<String>();
        if path.starts_with("transit/encrypt/") {
            let ciphertext = format!("vault:v1:{}.{}", text("associated_data"), turned(text("plaintext")));
            return (200, json!({"data": {"ciphertext": ciphertext}}));
        }
        if path.starts_with("transit/decrypt/") {
            let bound = format!("vault:v1:{}.", text("associated_data"));
            return match text("ciphertext").strip_prefix(&bound) {
                Some(plaintext) => (200, json!({"data": {"plaintext": turned(plaintext)}})),
                None => (400, json!({"errors": ["cipher: message authentication failed"]})),
            };
        }
        let (mount, path) = path.split_once("/data/").unwrap_or_default();
        match self.secrets.lock().get(&format!("{mount}/{path}")) {
            Some(data) => (200, json!({"data": {"data": data, "metadata": {"version": 1}}})),
            None => nothing(),
        }
    }
}
