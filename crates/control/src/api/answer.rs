//! Answers that tell of objects.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::operation::API_ROOT;
use super::precondition::etag;
use super::shown::{Found, Hashes};
use crate::objects::ObjectId;

/// An object, with its version where it has one.
pub(super) fn object(status: StatusCode, id: &ObjectId, found: Found<'_>, hashes: Hashes) -> Response<Bytes> {
    let mut response = told(status, &found.shown(id, hashes));
    tag(&mut response, found);
    response
}

/// A key with its text, which is told this once.
pub(super) fn key(status: StatusCode, id: &ObjectId, found: Found<'_>, text: &str) -> Response<Bytes> {
    let mut shown = found.shown(id, Hashes::Masked);
    shown["key"] = text.into();
    let mut response = told(status, &shown);
    tag(&mut response, found);
    response
}

/// Objects of one kind, and the name to go on after where there are more.
pub(super) fn list(objects: &[Json], next: Option<&str>) -> Response<Bytes> {
    let mut page = json!({ "objects": objects });
    if let Some(next) = next {
        page["next"] = next.into();
    }
    told(StatusCode::OK, &page)
}

/// Nothing is left to tell.
pub(super) fn nothing() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Says where a new object is.
pub(super) fn locate(response: &mut Response<Bytes>, id: &ObjectId) {
    let name = utf8_percent_encode(id.name(), NON_ALPHANUMERIC);
    set(response, header::LOCATION, &format!("{API_ROOT}{}/{name}", id.kind().section()));
}

fn tag(response: &mut Response<Bytes>, found: Found<'_>) {
    if let Found::Api(object) = found {
        set(response, header::ETAG, &etag(object.version));
    }
}

/// JSON.
pub(super) fn told(status: StatusCode, body: &Json) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    // Digits, and what is percent-encoded, can always stand in a header.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
