//! Making one trial call and judging its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::endpoint::Task;
use domain::provider::{BodyEdits, Offer};
use domain::{Credential, Provider};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Limited};
use providers::named_path;
use providers::sign_in::prove;
use providers::transport::{AddressPolicy, IncomingBody, Origin, OriginKey, OutgoingBody, Transport};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;
use wire::formats::ProviderError;

use super::trial::Trial;
use crate::commands::surroundings::now;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A reasoning model may take its time.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Calls one provider.
pub(super) struct Caller<'a> {
    provider: &'a Provider,
    origin: Arc<Origin>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(transport: &Transport, provider: &'a Provider) -> Self {
        let origin = transport.origin(&OriginKey {
            scheme: provider.base.scheme.clone(),
            authority: provider.base.authority.clone(),
            http_version: provider.http_version,
            address_policy: AddressPolicy::Any,
        });
        Self { provider, origin }
    }

    /// Makes a call; what came of it, for people, `Err` when it did not work.
    pub(super) async fn call(&self, trial: &Trial, credential: &Credential) -> Result<String, String> {
        let request = self.request(trial, credential)?;
        let started = Instant::now();
        let answer = async {
            let response =
                self.origin.send(request, CONNECT_TIMEOUT).await.map_err(|error| error.to_string())?;
            judge(response, trial, credential).await
        };
        let within = tokio::time::timeout(CALL_TIMEOUT, answer).await;
        let text = within.map_err(|_| format!("no answer within {} s", CALL_TIMEOUT.as_secs()))??;
        Ok(format!("{} ms  {text}", started.elapsed().as_millis()))
    }

    fn request(&self, trial: &Trial, credential: &Credential) -> Result<Request<OutgoingBody>, String> {
        let offer = self.provider.offer(trial.endpoint, &trial.model).ok_or("it is not served")?;
        let body = trial.body.clone().map(|body| as_wanted(body, &offer.body));
        let body = body.map(|body| OutgoingBody::from(Bytes::from(body.to_string())));
        let mut request = Request::new(body.unwrap_or_default());
        *request.method_mut() = if trial.body.is_some() { Method::POST } else { Method::GET };
        *request.uri_mut() = uri(offer, trial)?;
        let headers = request.headers_mut();
        headers.extend(self.provider.default_headers.iter().cloned());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let proven = prove(&mut request, credential, offer.auth.as_ref(), &self.provider.base, now().into());
        proven.map_err(|problem| problem.to_string())?;
        Ok(request)
    }
}

fn uri(offer: &Offer, trial: &Trial) -> Result<Uri, String> {
    let path = offer.path(trial.endpoint, trial.streamed).ok_or("it is not served")?;
    let named = trial.in_path.as_deref().unwrap_or(&trial.model);
    let path = named_path(path, named).ok_or_else(|| format!("`{named}` cannot be part of a path"))?;
    let mut path = path.into_owned();
    if let Some(query) = &trial.query {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(query);
    }
    PathAndQuery::try_from(path.as_str()).map(Uri::from).map_err(|_| format!("`{path}` is not a path"))
}

/// A body with what the provider wants in it and without what it does not want.
fn as_wanted(mut body: Value, wanted: &BodyEdits) -> Value {
    let Some(members) = body.as_object_mut() else { return body };
    if let (Some(prefix), Some(Value::String(model))) = (&wanted.model_prefix, members.get_mut("model")) {
        model.insert_str(0, prefix);
    }
    for (member, raw) in &wanted.set {
        let value = serde_json::from_slice(raw).unwrap_or(Value::Null);
        members.insert(member.clone(), value);
    }
    for member in &wanted.remove {
        members.remove(member);
    }
    body
}

async fn judge(
    response: Response<IncomingBody>,
    trial: &Trial,
    credential: &Credential,
) -> Result<String, String> {
    let (head, body) = response.into_parts();
    let read =
        Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| error.to_string())?.to_bytes();
    if !head.status.is_success() {
        let message = ProviderError::parse(&read).message.unwrap_or_default();
        return Err(format!("status {}  {}", head.status.as_u16(), redacted(&message, credential)));
    }
    if trial.endpoint.task() == Task::Speech {
        return judge_audio(&head, &read);
    }
    if trial.streamed { judge_stream(&read, trial) } else { judge_whole(&read, trial) }
}

fn judge_audio(head: &Parts, body: &Bytes) -> Result<String, String> {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.filter(|kind| !kind.starts_with("application/json") && !kind.starts_with("text/"));
    match kind {
        Some(kind) if !body.is_empty() => Ok(format!("{} bytes of {kind}", body.len())),
        _ => Err("the answer is no audio".to_owned()),
    }
}

fn judge_whole(body: &Bytes, trial: &Trial) -> Result<String, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("the answer is not JSON: {error}"))?;
    if trial.body.is_none() {
        // Together's list has nothing around it.
        let models =
            value.get("data").unwrap_or(&value).as_array().ok_or("the answer is no list of models")?;
        return Ok(format!("{} models", models.len()));
    }
    match value.get("usage") {
        Some(usage) => Ok(format!("usage {usage}")),
        None => Ok("no usage reported".to_owned()),
    }
}

fn judge_stream(body: &Bytes, trial: &Trial) -> Result<String, String> {
    let stream = inference::dialect::event_stream(trial.endpoint).ok_or("it has no stream")?;
    let mut splitter = wire::framing::Splitter::new(stream.framing(), ANSWER_BYTES_MAX);
    let batch = splitter.push(body.clone()).map_err(|error| error.to_string())?;
    let mut usage = None;
    let mut ended = false;
    for frame in batch.frames() {
        let seen = stream.format().inspect(frame);
        usage = usage.or(seen.usage);
        ended |= seen.finished || seen.kind == wire::formats::EventKind::End;
        if let wire::formats::EventKind::Error(error) = seen.kind {
            return Err(format!("the stream holds an error: {}", error.message.unwrap_or_default()));
        }
    }
    if !ended {
        return Err("the stream ended without its last event".to_owned());
    }
    Ok(format!(
        "{} events, usage {}",
        batch.ends.len(),
        if usage.is_some() { "reported" } else { "not reported" }
    ))
}

fn redacted(text: &str, credential: &Credential) -> String {
    let clean = credential
        .secret_sent()
        .map_or_else(|| text.to_owned(), |secret| text.replace(secret.expose_secret(), "[redacted]"));
    clean.chars().take(300).collect()
}
