//! A running gateway as its control API shows it, for the commands that administer it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use bytes::Bytes;
use clap::Args;
use control::objects::ObjectKind;
use domain::provider::HttpVersion;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Limited};
use providers::transport::{AddressPolicy, Origin, OriginKey, OutgoingBody};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

use super::surroundings::{environment, loader, variable};
use crate::serve::transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A change of many objects is compiled with everything else.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer: a page of the largest objects.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// The environment variable with the control key; an argument would be seen by everybody on the machine.
const CONTROL_KEY: &str = "TOLLGATE_CONTROL_KEY";

/// Which gateway.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// The URL of the gateway, or of its control plane where that has a listener of its own. The control key is read from the environment variable `TOLLGATE_CONTROL_KEY`.
    #[arg(long, value_name = "URL", env = "TOLLGATE_URL", default_value = "http://127.0.0.1:8080")]
    server: String,
}

/// A running gateway.
pub(crate) struct Gateway {
    url: String,
    origin: Arc<Origin>,
    bearer: HeaderValue,
    runtime: Runtime,
}

/// What is asked of it.
#[derive(Debug, Default)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Below `/api/v1/`.
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a Json>,
    pub(crate) if_match: Option<&'a str>,
    /// Whether what is there already stays as it is.
    pub(crate) must_be_new: bool,
}

/// An object as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown(pub(crate) Json);

impl Server {
    /// The gateway there.
    pub(crate) fn gateway(&self) -> anyhow::Result<Gateway> {
        let url = self.server.trim_end_matches('/');
        let uri: Uri = url.parse().with_context(|| format!("`{url}` is no URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme().cloned(), uri.authority().cloned()) else {
            bail!("`{url}` is no URL; write it as `http://127.0.0.1:8080`");
        };
        ensure!(
            uri.path() == "/" && uri.query().is_none(),
            "`{url}` has a path; the API is found below its root"
        );
        let key = variable(CONTROL_KEY).with_context(|| {
            format!("set {CONTROL_KEY} to a control key; `tollgate key new --control` makes one")
        })?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
            .map_err(|_| anyhow!("{CONTROL_KEY} holds no control key"))?;
        bearer.set_sensitive(true);
        // What the environment says of proxies holds here, too.
        let upstream =
            loader("tollgate.yaml".as_ref()).load_text("", 1).map_err(|errors| anyhow!("{errors}"))?.upstream;
        let origin = transport(&upstream, environment().as_ref())?.origin(&OriginKey {
            scheme,
            authority,
            http_version: HttpVersion::Http1,
            address_policy: AddressPolicy::Any,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Gateway { url: url.to_owned(), origin, bearer, runtime })
    }
}

impl Gateway {
    /// What it answers.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses; every mistake that it tells is a line.
    pub(crate) fn call(&self, call: &Call<'_>) -> anyhow::Result<Json> {
        self.try_call(call)?.map_err(|refused| anyhow!("{}", told(&refused)))
    }

    /// The same; what it says when it refuses is an answer.
    pub(crate) fn try_call(&self, call: &Call<'_>) -> anyhow::Result<Result<Json, Json>> {
        let answered =
            self.runtime.block_on(async { tokio::time::timeout(CALL_TIMEOUT, self.send(call)).await });
        answered
            .with_context(|| format!("{} gave no answer within {} s", self.url, CALL_TIMEOUT.as_secs()))?
    }

    /// All objects of a kind that this control key may see, by name.
    pub(crate) fn all(&self, kind: ObjectKind, hashes: Hashes) -> anyhow::Result<Vec<Shown>> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let hashes = if hashes == Hashes::Whole { "&hashes=whole" } else { "" };
            let path = format!("{}?limit=100{hashes}{after}", kind.section());
            let page = self.call(&Call { path: &path, ..Call::default() })?;
            all.extend(page["objects"].as_array().into_iter().flatten().cloned().map(Shown));
            let Some(next) = page["next"].as_str() else { return Ok(all) };
            after = format!("&after={}", escaped(next));
        }
    }

    async fn send(&self, call: &Call<'_>) -> anyhow::Result<Result<Json, Json>> {
        let body = call.body.map(|body| OutgoingBody::from(Bytes::from(body.to_string())));
        let mut request = Request::new(body.unwrap_or_default());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = format!("/api/v1/{}", call.path).parse()?;
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.bearer.clone());
        if call.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(tag) = call.if_match {
            headers.insert(header::IF_MATCH, HeaderValue::from_str(tag)?);
        }
        if call.must_be_new {
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        let response = self.origin.send(request, CONNECT_TIMEOUT).await;
        let response = response.with_context(|| format!("{} cannot be reached", self.url))?;
        let status = response.status();
        let read = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let bytes =
            read.map_err(|error| anyhow!("the answer of {} broke off: {error}", self.url))?.to_bytes();
        let json = if bytes.is_empty() { Ok(Json::Null) } else { serde_json::from_slice(&bytes) };
        let json =
            json.with_context(|| format!("{} answers {status} with something that is no JSON", self.url))?;
        if status.is_success() {
            return Ok(Ok(json));
        }
        ensure!(
            json["code"].is_string(),
            "{} answers {status}, and not as the control plane does; is that elsewhere (`server.control`)?",
            self.url
        );
        Ok(Err(json))
    }
}

/// Whether hashes of keys are shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hashes {
    Masked,
    Whole,
}

impl Shown {
    pub(crate) fn name(&self) -> &str {
        self.0["name"].as_str().unwrap_or_default()
    }

    pub(crate) fn managed_by(&self) -> &str {
        self.0["managed_by"].as_str().unwrap_or_default()
    }

    pub(crate) fn body(&self) -> &Json {
        &self.0["body"]
    }

    /// The version, 0 for what the file has.
    pub(crate) fn version(&self) -> u64 {
        self.0["version"].as_u64().unwrap_or_default()
    }
}

/// A path of an object, with its name escaped.
pub(crate) fn path_of(kind: ObjectKind, name: &str) -> String {
    format!("{}/{}", kind.section(), escaped(name))
}

/// A text as it can stand in a path or a query.
pub(crate) fn escaped(text: &str) -> String {
    wire::percent::encode(text)
}

/// A refusal for people: what and why, then every mistake.
pub(crate) fn told(refused: &Json) -> String {
    let text = |value: &Json| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    let mistakes = refused["errors"].as_array().into_iter().flatten();
    let mistakes = mistakes.map(|mistake| match mistake["line"].as_u64() {
        Some(line) => format!("\n  line {line}: {}: {}", text(&mistake["path"]), text(&mistake["message"])),
        None => format!("\n  {}: {}", text(&mistake["path"]), text(&mistake["message"])),
    });
    format!("{} ({}){}", text(&refused["detail"]), text(&refused["code"]), mistakes.collect::<String>())
}
