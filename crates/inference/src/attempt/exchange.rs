//! One attempt: send, wait for the answer's head, and decide whether it is an answer or a failure.

use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use domain::provider::HttpVersion;
use domain::route::Target;
use domain::{Credential, Failure, FailureClass, Provider};
use engine::classify::{ErrorFacts, classify};
use http::response::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use providers::transport::{AddressPolicy, IncomingBody, Origin, OriginKey, OutgoingBody, Transport};
use tokio::time::Instant;
use wire::formats::ProviderError;

use super::deadline::Deadlines;
use super::failed::{ErrorAnswer, FailedAttempt};
use crate::redaction::Redaction;

/// Largest error answer that is read; the rest of a longer one is dropped.
const ERROR_BODY_BYTES_MAX: usize = 256 << 10;

/// What governs one attempt.
pub(super) struct AttemptSettings<'a> {
    pub(super) target: &'a Target,
    pub(super) credential: &'a Credential,
    pub(super) now: Timestamp,
    /// When its first request was sent.
    pub(super) began: Instant,
    /// Whether the client asked for a stream.
    pub(super) streamed: bool,
    /// Whether the target speaks another format than the client.
    pub(super) is_foreign: bool,
}

/// An answer whose status says success.
pub(super) struct Answered {
    pub(super) head: Parts,
    pub(super) body: IncomingBody,
    pub(super) deadlines: Deadlines,
}

/// Sends a request and waits for the head of a successful answer. `waited` grows by the time spent waiting.
///
/// # Errors
/// With the provider's own answer when it sent one.
pub(super) async fn exchange(
    request: Request<OutgoingBody>,
    origin: &Arc<Origin>,
    settings: &AttemptSettings<'_>,
) -> Result<Answered, FailedAttempt> {
    let timeouts = settings.target.timeouts;
    let deadlines = Deadlines::from(settings.began, timeouts);
    let response = deadlines.bound(false, pin!(origin.send(request, timeouts.connect))).await??;
    if response.status().is_success() {
        let (head, body) = response.into_parts();
        return Ok(Answered { head, body, deadlines });
    }
    Err(read_error_answer(response, &deadlines, settings).await)
}

/// The origin of a target: its provider's, unless the route names another host.
pub(super) fn origin_of(target: &Target, own: &Arc<Origin>, transport: &Transport) -> Arc<Origin> {
    match target.custom_host {
        Some(_) => transport.origin(&origin_key(target, target.provider.http_version)),
        None => Arc::clone(own),
    }
}

/// Where a target is, over some version of HTTP.
pub(super) fn origin_key(target: &Target, http_version: HttpVersion) -> OriginKey {
    let custom = target.custom_host.as_ref();
    let base = custom.map_or(&target.provider.base, |custom| &custom.base);
    let is_from_request = custom.is_some_and(|custom| custom.from_request);
    OriginKey {
        scheme: base.scheme.clone(),
        authority: base.authority.clone(),
        http_version,
        address_policy: if is_from_request { AddressPolicy::PublicOnly } else { AddressPolicy::Any },
    }
}

/// Reads an error answer and says whose fault it was.
pub(super) async fn read_error_answer(
    response: Response<IncomingBody>,
    deadlines: &Deadlines,
    settings: &AttemptSettings<'_>,
) -> FailedAttempt {
    let (mut head, body) = response.into_parts();
    let redaction = Redaction::of(settings.credential);
    let body = match read_bounded(body, deadlines).await {
        Ok(body) => redaction.bytes(body),
        Err(failure) => return failure.into(),
    };
    redaction.headers(&mut head.headers);
    let error = ProviderError::parse(&body);
    let failure = failure_of(&head, &error, settings);
    FailedAttempt {
        failure,
        answer: Some(Box::new(ErrorAnswer { head, body, is_foreign: settings.is_foreign })),
        objection: None,
    }
}

async fn read_bounded(mut body: IncomingBody, deadlines: &Deadlines) -> Result<Bytes, Failure> {
    let mut read = BytesMut::new();
    while read.len() < ERROR_BODY_BYTES_MAX {
        match deadlines.bound(true, pin!(body.frame())).await? {
            Some(Ok(frame)) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
            // What was read before it broke off still says whose fault it was.
            Some(Err(_)) | None => break,
        }
    }
    Ok(read.freeze())
}

fn failure_of(head: &Parts, error: &ProviderError, settings: &AttemptSettings<'_>) -> Failure {
    let provider: &Provider = &settings.target.provider;
    let status = head.status.as_u16();
    let message = error.message.as_deref();
    let class = classify_error(status, error, provider);
    let wish = engine::retry_after::retry_after(&head.headers, &provider.rate_limit_headers, settings.now);
    let retry_after = wish.max(error.wait()).filter(|_| asks_for_patience(status));
    let text = Redaction::of(settings.credential).message(message.unwrap_or("no message"));
    Failure { class, status: Some(status), retry_after, detail: format!("status {status}: {text}") }
}

/// Whether a wait that comes with this status is a wish to be left alone.
pub(super) fn asks_for_patience(status: u16) -> bool {
    status == 429 || status >= 500
}

/// The class of an error by its status, its words and the provider's rules.
pub(super) fn classify_error(status: u16, error: &ProviderError, provider: &Provider) -> FailureClass {
    let facts = ErrorFacts {
        status,
        kind: error.kind.as_deref(),
        code: error.code.as_deref(),
        message: error.message.as_deref(),
    };
    classify(facts, &provider.error_rules)
}
