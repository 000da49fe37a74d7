//! An issuer of tokens that publishes the keys that the test says, or fails.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::task::OwnedTask;
use crate::{TokenKey, within};

/// An issuer on a free port. Ends when dropped.
#[derive(Debug)]
pub struct TokenIssuer {
    address: SocketAddr,
    /// Status and body of the next answers.
    answer: Arc<Mutex<(u16, String)>>,
    asked: watch::Receiver<usize>,
    _serving: OwnedTask,
}

impl TokenIssuer {
    /// Begins to publish these keys.
    pub async fn start(keys: &[&TokenKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new((200, set(keys).to_string())));
        let (count, asked) = watch::channel(0);
        let shared = (Arc::clone(&answer), Arc::new(count));
        let serving = OwnedTask::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = service_fn(move |_request| {
                    let (answer, count) = shared.clone();
                    async move {
                        let (status, body) = answer.lock().clone();
                        count.send_modify(|count| *count += 1);
                        let mut response = Response::new(Full::new(Bytes::from(body)));
                        *response.status_mut() = status.try_into().unwrap();
                        Ok::<_, Infallible>(response)
                    }
                });
                let builder = hyper::server::conn::http1::Builder::new();
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, answer, asked, _serving: serving }
    }

    /// Where the keys are.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    /// Publishes these keys from now on, and no others.
    pub fn publish(&self, keys: &[&TokenKey]) {
        self.answer_with(200, &set(keys).to_string());
    }

    /// Answers so from now on.
    pub fn answer_with(&self, status: u16, body: &str) {
        *self.answer.lock() = (status, body.to_owned());
    }

    /// How often it was asked so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits until it was asked so often.
    pub async fn asked_times(&self, count: usize) {
        let mut asked = self.asked.clone();
        within("the issuer being asked", asked.wait_for(|asked| *asked >= count)).await.unwrap();
    }
}

fn set(keys: &[&TokenKey]) -> Value {
    json!({"keys": keys.iter().map(|key| key.published()).collect::<Vec<_>>()})
}
