//! What the API says when it does not do what it was asked: problem details (RFC 9457) with our code, and every mistake with its path.

use std::time::Duration;

use bytes::Bytes;
use domain::ErrorCode;
use engine::route::near;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value as Json, json};

use super::wanted::Wanted;
use crate::objects::ObjectId;
use crate::path::{Path, Segment};
use crate::problem::{ConfigErrors, ConfigProblem};

/// As on every refusal of the gateway.
const ERROR_CODE: HeaderName = HeaderName::from_static("x-tollgate-error");
/// Most mistakes in one answer.
const MISTAKES_MAX: usize = 100;

/// Why something is not done.
#[derive(Debug, Clone)]
pub(super) struct Problem(Box<Told>);

#[derive(Debug, Clone)]
struct Told {
    code: ErrorCode,
    detail: String,
    mistakes: Vec<ConfigProblem>,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
    is_denial: bool,
}

impl Problem {
    pub(super) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Told {
            code,
            detail,
            mistakes: Vec::new(),
            retry_after: None,
            allow: None,
            is_denial: false,
        }))
    }

    /// What would be wrong with the configuration after a change.
    pub(super) fn invalid(errors: &ConfigErrors) -> Self {
        Self::mistaken(errors.problems().to_vec())
    }

    /// The same, of mistakes that were found before.
    pub(super) fn mistaken(mut mistakes: Vec<ConfigProblem>) -> Self {
        let count = mistakes.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        let detail = format!("with this the configuration would have {count} {noun}; nothing was changed");
        let mut problem = Self::new(ErrorCode::ObjectInvalid, detail);
        mistakes.truncate(MISTAKES_MAX);
        problem.0.mistakes = mistakes;
        problem
    }

    /// The same for whoever administers a part: of what they did not change they hear that something would not go with it, and no name
    /// that they did not write.
    pub(super) fn invalid_for_part(errors: &ConfigErrors, changed: &[Wanted]) -> Self {
        let mut problem = Self::invalid(errors);
        let is_own = |mistake: &ConfigProblem| changed.iter().any(|wanted| is_of(&wanted.id, mistake));
        let (mut own, others): (Vec<_>, Vec<_>) = problem.0.mistakes.into_iter().partition(is_own);
        for mistake in &mut own {
            mistake.message = near::without_suggestion(&mistake.message).to_owned();
        }
        if !others.is_empty() {
            let message =
                "something of the configuration that is not yours would not go with this".to_owned();
            own.push(ConfigProblem { position: None, path: Path::root(), message });
        }
        problem.0.mistakes = own;
        problem
    }

    /// With the methods that there are.
    pub(super) fn allowing(mut self, methods: &'static str) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// Because of who asks: the audit log is told.
    pub(super) fn denied(mut self) -> Self {
        self.0.is_denial = true;
        self
    }

    /// What it is.
    pub(super) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What would be wrong with the configuration.
    pub(super) fn mistakes(&self) -> &[ConfigProblem] {
        &self.0.mistakes
    }

    /// What it says.
    pub(super) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The code, when it was refused because of who asks.
    pub(super) fn denial(&self) -> Option<ErrorCode> {
        self.0.is_denial.then_some(self.0.code)
    }

    /// With the time after which it is worth another try.
    pub(super) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The answer.
    pub(super) fn response(&self) -> Response<Bytes> {
        let Told { code, detail, .. } = self.0.as_ref();
        let mut body = json!({
            "type": format!("urn:tollgate:error:{}", code.code()),
            "status": code.status(),
            "code": code.code(),
            "detail": detail,
            "page": format!("docs/errors/{}.md", code.code()),
        });
        if !self.0.mistakes.is_empty() {
            body["errors"] = self.0.mistakes.iter().map(mistake).collect();
        }
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.write_headers(response.headers_mut());
        response
    }

    fn write_headers(&self, headers: &mut HeaderMap) {
        let Told { code, retry_after, allow, .. } = self.0.as_ref();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(ERROR_CODE, HeaderValue::from_static(code.code()));
        if *code == ErrorCode::ControlKeyRefused {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(methods) = allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(wait) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
    }
}

/// Whether a mistake is one of an object: its path begins with the object's kind and name.
fn is_of(id: &ObjectId, mistake: &ConfigProblem) -> bool {
    let is =
        |segment: Option<&Segment>, name: &str| matches!(segment, Some(Segment::Key(key)) if key == name);
    let segments = mistake.path.segments();
    is(segments.first(), id.kind().section()) && is(segments.get(1), id.name())
}

/// A mistake: its path, which begins with the object's kind and name, and its line where it is one of the file.
fn mistake(problem: &ConfigProblem) -> Json {
    let mut told = json!({"path": problem.path.to_string(), "message": problem.message});
    if let Some(position) = problem.position {
        told["line"] = position.line.into();
    }
    told
}
