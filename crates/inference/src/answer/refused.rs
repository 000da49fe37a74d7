//! The answers that Tollgate gives itself: its errors in the shape of the client's format, in this one place, and what it keeps.

use bytes::Bytes;
use domain::RequestId;
use domain::endpoint::ClientShape;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::AnswerBody;
use crate::dialect::error_format;
use crate::refusal::Refusal;

/// The code of an error of Tollgate's own; Anthropic's error body has no place for it.
const ERROR_CODE: HeaderName = HeaderName::from_static("x-tollgate-error");

impl Refusal {
    /// The answer in the client's shape.
    pub(crate) fn response(&self, shape: ClientShape, id: &RequestId) -> Response<AnswerBody> {
        let body = self.wire_error(id.as_str()).body(error_format(shape));
        let mut response = Response::new(AnswerBody::whole([body]));
        *response.status_mut() =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.write_headers(response.headers_mut(), shape, id);
        response
    }

    fn write_headers(&self, headers: &mut HeaderMap, shape: ClientShape, id: &RequestId) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ERROR_CODE, HeaderValue::from_static(self.code.code()));
        // Where the vendor's own SDK looks for the id that it shows in its exception.
        let sdk_request_id = match shape {
            ClientShape::OpenAi | ClientShape::Google | ClientShape::Cohere | ClientShape::Voyage => {
                HeaderName::from_static("x-request-id")
            }
            ClientShape::Anthropic => HeaderName::from_static("request-id"),
            ClientShape::Amazon => HeaderName::from_static("x-amzn-requestid"),
        };
        if shape == ClientShape::Amazon {
            // botocore takes the class of its exception from here (Smithy, "AWS restJson1", operation errors).
            let kind = wire::formats::amazon_error_type(self.code.status());
            headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
        }
        headers.insert(sdk_request_id, id.header().clone());
        if let Some(further) = &self.headers {
            headers.extend(further.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        if self.code.status() == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }
}

/// A JSON body that was made here.
pub(crate) fn json_response(status: StatusCode, body: Vec<u8>) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole([Bytes::from(body)]));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
