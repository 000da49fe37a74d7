//! What SCIM says when it does not do what it was asked (RFC 7644 section 3.12), with our code in the header.

use bytes::Bytes;
use domain::ErrorCode;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::api::problem::Problem;

const ERROR_CODE: HeaderName = HeaderName::from_static("x-tollgate-error");
/// Most mistakes that one answer tells.
const MISTAKES_MAX: usize = 5;

/// Why something is not done.
#[derive(Debug)]
pub(super) struct ScimProblem {
    status: u16,
    scim_type: Option<&'static str>,
    detail: String,
    /// Of what the control API says as well, with its headers.
    problem: Option<Problem>,
}

impl ScimProblem {
    pub(super) fn new(status: u16, scim_type: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, scim_type, detail: detail.into(), problem: None }
    }

    pub(super) fn syntax(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidSyntax"), detail)
    }

    pub(super) fn value(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidValue"), detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, None, detail)
    }

    /// Whether it is that somebody else was faster.
    pub(super) fn is_overtaken(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.code() == ErrorCode::VersionMismatch)
    }

    /// The code of the control API, where it refuses because of who asks.
    pub(super) fn denial(&self) -> Option<ErrorCode> {
        self.problem.as_ref().and_then(Problem::denial)
    }

    pub(super) fn response(&self) -> Response<Bytes> {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            // The standard has it as a text.
            "status": self.status.to_string(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.into();
        }
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = self.problem.as_ref().map_or(ErrorCode::InvalidMember, Problem::code);
        if let Some(problem) = &self.problem {
            *response.headers_mut() = problem.response().headers().clone();
        } else if self.status == 400 {
            response.headers_mut().insert(ERROR_CODE, HeaderValue::from_static(code.code()));
        }
        let scim = HeaderValue::from_static("application/scim+json");
        response.headers_mut().insert(header::CONTENT_TYPE, scim);
        response
    }
}

impl From<Problem> for ScimProblem {
    fn from(problem: Problem) -> Self {
        let (status, scim_type) = match problem.code() {
            ErrorCode::MalformedJson => (400, Some("invalidSyntax")),
            // A name that is taken is told before; what is left is a value that does not go with the rest.
            ErrorCode::ObjectInvalid => (400, Some("invalidValue")),
            ErrorCode::ObjectOfFile => (409, Some("mutability")),
            code => (code.status(), None),
        };
        let mistakes = problem.mistakes().iter().take(MISTAKES_MAX);
        let told = mistakes.map(|mistake| format!("; {}: {}", mistake.path, mistake.message));
        let detail = format!("{}{}", problem.detail(), told.collect::<String>());
        Self { status, scim_type, detail, problem: Some(problem) }
    }
}
