//! The outside as a test wants it: files that are not there, a clock that stands still, and token endpoints on the loopback
//! interface that answer what the test says and remember what they were asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use domain::ports::sign_in::{Payload, SignIn, SignInProblem};
use domain::provider::BaseUrl;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::outside::{Outside, OutsideParts};
use super::plan::{Plan, Planned, Reader, plan};
use super::register::Startable;
use crate::definition::SignIn as Settings;
use crate::problem::Problems;
use crate::transport::{Transport, TransportSettings};

/// 2026-01-02 03:04:05 UTC.
pub(crate) fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_323_045)
}

/// An outside with these files, in which it is always [`noon`].
pub(crate) fn outside(files: &[(&str, &str)]) -> Outside {
    outside_at(files, noon)
}

/// An outside with these files and this clock.
pub(crate) fn outside_at(
    files: &[(&str, &str)],
    clock: impl Fn() -> SystemTime + Send + Sync + 'static,
) -> Outside {
    let files: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let read = move |path: &Path, _: u64| {
        let text = files.get(path.to_str().unwrap());
        text.cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    Outside::new(OutsideParts {
        transport: Transport::new(TransportSettings::default()).unwrap(),
        read_file: Box::new(read),
        wall_clock: Box::new(clock),
        random: Box::new(|| u64::MAX / 2),
    })
    .unwrap()
}

/// What an endpoint was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of the form that was sent.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name);
        values.next().map(|(_, value)| crate::percent::decode(value).unwrap().into_owned())
    }
}

/// A token endpoint.
pub(crate) struct Endpoint {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Endpoint {
    /// One that answers with a status and a body.
    pub(crate) async fn answering(
        answer: impl Fn(&Asked) -> (u16, String) + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, remembered) = (answer.clone(), Arc::clone(&remembered));
                let service = service_fn(move |request| {
                    let (answer, remembered) = (answer.clone(), Arc::clone(&remembered));
                    async move {
                        let asked = read(request).await;
                        let (status, body) = answer(&asked);
                        remembered.lock().push(asked);
                        let mut response = Response::new(Full::new(Bytes::from(body)));
                        *response.status_mut() = status.try_into().unwrap();
                        Ok::<_, Infallible>(response)
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serving);
            }
        });
        Self { address, asked, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(request: Request<Incoming>) -> Asked {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Asked {
        method: head.method,
        target: head.uri.to_string(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// What settings, written as TOML below `sign_in`, and environment make.
pub(crate) fn planned(text: &str, environment: &[(&str, &str)]) -> Result<Option<Planned>, Vec<String>> {
    let settings: Settings = toml::from_str(text).unwrap();
    let variable =
        |name: &str| environment.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let fill = |_: &str, text: &str, _: &mut Problems| Some(text.to_owned());
    let mut problems = Problems::default();
    let planned = plan(&settings, &mut Reader::new("sign_in", &variable, &fill, &mut problems));
    match problems.into_result() {
        Ok(()) => Ok(planned),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

/// The plan of settings that are whole.
pub(crate) fn ready(text: &str, environment: &[(&str, &str)]) -> Plan {
    match planned(text, environment) {
        Ok(Some(Planned::Ready(plan))) => *plan,
        Ok(Some(Planned::Missing(variables))) => panic!("missing {variables:?}"),
        other => panic!("no plan: {:?}", other.err()),
    }
}

/// The variables that settings wait for.
pub(crate) fn missing(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    match planned(text, environment) {
        Ok(Some(Planned::Missing(variables))) => variables,
        Ok(Some(Planned::Ready(plan))) => panic!("not missing anything: {plan:?}"),
        other => panic!("no plan: {:?}", other.err()),
    }
}

/// The mistakes in settings.
pub(crate) fn mistakes(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    planned(text, environment).err().unwrap_or_default()
}

/// A sign-in that was started and knows whether it works.
pub(crate) async fn started(plan: &Plan, outside: &Outside) -> Arc<dyn Startable> {
    plan.begun(outside).await
}

/// A request that a sign-in signed at [`noon`]: `POST /model/m/converse` to `https://host.example` with the body `{}`.
pub(crate) fn signed(sign_in: &dyn SignIn) -> Result<Parts, SignInProblem> {
    let (mut head, ()) = Request::post("/model/m/converse").body(()).unwrap().into_parts();
    head.headers.insert("content-type", "application/json".parse().unwrap());
    let base = BaseUrl::parse("https://host.example").unwrap();
    sign_in.sign(&mut head, &base, Payload::Read(&[Bytes::from_static(b"{}")]), noon())?;
    Ok(head)
}

/// The `authorization` that a sign-in adds.
pub(crate) fn authorization(sign_in: &dyn SignIn) -> Result<String, SignInProblem> {
    let head = signed(sign_in)?;
    let value = &head.headers["authorization"];
    assert!(value.is_sensitive() || value.to_str().unwrap().starts_with("AWS4-"), "{value:?}");
    Ok(value.to_str().unwrap().to_owned())
}
