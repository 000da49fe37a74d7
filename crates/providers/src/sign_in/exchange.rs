//! One call of a token endpoint or a metadata service: short, bounded, and with an error text that tells no secret.

use std::time::Duration;

use bytes::Bytes;
use domain::ports::sign_in::{Payload, SignIn, SignInProblem};
use domain::provider::HttpVersion;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Limited};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use super::outside::Outside;
use super::problem::FetchProblem;
use crate::percent;
use crate::transport::{AddressPolicy, OriginKey, OutgoingBody};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Everything, from the first byte to the last.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// Longest part of an answer that is repeated in an error.
const WORDS_MAX: usize = 300;

/// A call that is being put together.
pub(crate) struct Call {
    endpoint: String,
    scheme: Scheme,
    authority: Authority,
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    /// Texts that are not repeated from the answer.
    secrets: Vec<String>,
    /// Whether it stays on the machine, where no proxy may come between.
    is_local: bool,
}

/// What was answered with success.
pub(crate) struct Answer {
    endpoint: String,
    pub(crate) body: Bytes,
}

impl Call {
    /// A call of a URL, as a GET without a body.
    pub(crate) fn to(url: &str) -> Result<Self, FetchProblem> {
        let wrong = || FetchProblem::unusable(format!("`{url}`"), "write it as https://host/path");
        let parts = url.parse::<Uri>().map_err(|_| wrong())?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else { return Err(wrong()) };
        let (mut head, ()) = Request::new(()).into_parts();
        head.uri = Uri::from(parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let endpoint = authority.to_string();
        Ok(Self {
            endpoint,
            scheme,
            authority,
            head,
            body: Bytes::new(),
            secrets: Vec::new(),
            is_local: false,
        })
    }

    /// A call of a service of the machine itself.
    pub(crate) fn to_machine(url: &str) -> Result<Self, FetchProblem> {
        Ok(Self { is_local: true, ..Self::to(url)? })
    }

    /// Makes it a POST of a form.
    pub(crate) fn with_form(mut self, fields: &[(&str, &str)]) -> Self {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", percent::encode(value)));
        self.body = Bytes::from(pairs.collect::<Vec<_>>().join("&"));
        self.head.method = Method::POST;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.head.headers.insert(header::CONTENT_TYPE, form);
        self
    }

    /// Makes it a POST of JSON.
    pub(crate) fn with_json(mut self, value: &serde_json::Value) -> Self {
        self.body = Bytes::from(value.to_string());
        self.head.method = Method::POST;
        self.head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// Adds a header; its value is not repeated in errors.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Result<Self, FetchProblem> {
        let mut header = HeaderValue::from_str(value).map_err(|_| {
            FetchProblem::unusable(format!("`{name}` for {}", self.endpoint), "no header can carry its value")
        })?;
        header.set_sensitive(true);
        self.head.headers.insert(name, header);
        Ok(self)
    }

    /// Keeps a text out of errors.
    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Adds what proves who calls; nothing may be changed after it.
    pub(crate) fn signed(mut self, sign_in: &dyn SignIn, outside: &Outside) -> Result<Self, FetchProblem> {
        let (base, body) = (self.base(), [self.body.clone()]);
        let signed = sign_in.sign(&mut self.head, &base, Payload::Read(&body), outside.now());
        signed.map_err(|problem| match problem {
            SignInProblem::Pending { failure: Some(why) } | SignInProblem::Expired { failure: Some(why) } => {
                FetchProblem::unusable("the sign-in", why)
            }
            other => FetchProblem::unusable(format!("the call of {}", self.endpoint), other.to_string()),
        })?;
        let secret = sign_in.secret();
        Ok(secret.into_iter().fold(self, |call, secret| call.hiding(secret.expose_secret())))
    }

    /// Where it goes.
    pub(crate) fn base(&self) -> domain::provider::BaseUrl {
        domain::provider::BaseUrl {
            scheme: self.scheme.clone(),
            authority: self.authority.clone(),
            prefix: String::new(),
        }
    }

    /// Makes the call.
    pub(crate) async fn send(self, outside: &Outside) -> Result<Answer, FetchProblem> {
        let endpoint = self.endpoint.clone();
        match tokio::time::timeout(CALL_TIMEOUT, self.send_unlimited(outside)).await {
            Ok(answered) => answered,
            Err(_) => Err(FetchProblem::Silent { endpoint, seconds: CALL_TIMEOUT.as_secs() }),
        }
    }

    async fn send_unlimited(self, outside: &Outside) -> Result<Answer, FetchProblem> {
        let Self { endpoint, scheme, authority, head, body, secrets, is_local } = self;
        let transport = if is_local { outside.machine() } else { outside.network() };
        let key = OriginKey {
            scheme,
            authority,
            http_version: HttpVersion::Http1,
            // The operator named the host, and metadata services are not public.
            address_policy: AddressPolicy::Any,
        };
        let body = if body.is_empty() { OutgoingBody::Empty } else { OutgoingBody::from(body) };
        let sending = transport.origin(&key);
        let response = match sending.send(Request::from_parts(head, body), CONNECT_TIMEOUT).await {
            Ok(response) => response,
            Err(source) => return Err(FetchProblem::Unreachable { endpoint, source: Box::new(source) }),
        };
        let (head, body) = response.into_parts();
        let Ok(read) = Limited::new(body, ANSWER_BYTES_MAX).collect().await else {
            return Err(FetchProblem::Unexpected { endpoint, why: "it broke off or is too long" });
        };
        let body = read.to_bytes();
        if head.status.is_success() {
            return Ok(Answer { endpoint, body });
        }
        Err(FetchProblem::Refused { endpoint, status: head.status.as_u16(), words: words(&body, &secrets) })
    }
}

impl Answer {
    /// The answer as JSON of a type.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, FetchProblem> {
        serde_json::from_slice(&self.body)
            .map_err(|_| self.unexpected("it is not the JSON that was expected"))
    }

    /// The answer as text.
    pub(crate) fn text(&self) -> Result<&str, FetchProblem> {
        std::str::from_utf8(&self.body).map_err(|_| self.unexpected("it is not UTF-8"))
    }

    pub(crate) fn unexpected(&self, why: &'static str) -> FetchProblem {
        FetchProblem::Unexpected { endpoint: self.endpoint.clone(), why }
    }
}

/// An error's own words on one line, without the secrets that were sent, and cut to a bearable length.
fn words(body: &[u8], secrets: &[String]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "[redacted]");
        text = text.replace(&percent::encode(secret), "[redacted]");
    }
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().filter(|letter| !letter.is_control()).take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests;
