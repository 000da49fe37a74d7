//! Verifying a request that a client signed as AWS's clients do (Signature Version 4), with the secret of its key pair.
//!
//! The canonical form of a request is made by the same implementation that signs: a request is right when signing it
//! again gives the same signature. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Uri, header};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::signature::hash;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// More headers than any client signs.
const SIGNED_HEADERS_MAX: usize = 64;

/// What a request's `authorization` claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    access_key_id: String,
    /// `20260131`.
    date: String,
    region: String,
    service: String,
    signed_headers: Vec<HeaderName>,
    /// 64 hexadecimal digits.
    signature: String,
    /// What `x-amz-date` says.
    time: SystemTime,
}

/// The head of a request that is to be verified, as it came.
#[derive(Debug, Clone, Copy)]
pub struct SignedHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The request target: the whole path, with its query.
    pub uri: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
}

/// Why a signed request is not believed. Repeats nothing of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyProblem {
    /// The header is not of the form that AWS documents.
    #[error("`authorization` is not what AWS's clients send: {0}")]
    Malformed(&'static str),
    /// It was signed too long ago, or by a clock that is wrong.
    #[error("the request was signed at another time than now; check the client's clock")]
    Skewed,
    /// The body is not covered by the signature.
    #[error("the signature does not cover the body, which is not allowed here")]
    UnsignedPayload,
    /// The body is another one than the head says.
    #[error("the body is not the one that was signed")]
    PayloadMismatch,
    /// The signature is another one.
    #[error(
        "the signature is wrong; check the secret access key, and that nothing on the way changes requests"
    )]
    Mismatch,
}

impl Claim {
    /// What the headers of a request claim; `None` when it is not signed this way.
    ///
    /// # Errors
    /// When it is signed, but not as it must be.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, VerifyProblem> {
        let Some(text) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return Ok(None);
        };
        let Some(parts) = text.strip_prefix("AWS4-") else { return Ok(None) };
        let parts = parts.strip_prefix("HMAC-SHA256 ");
        let parts = parts.ok_or(VerifyProblem::Malformed("only AWS4-HMAC-SHA256 is understood"))?;
        let part = |name: &str| {
            let mut values =
                parts.split(',').filter_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            values.next().ok_or(VerifyProblem::Malformed("a part is missing"))
        };
        let scope: Vec<&str> = part("Credential")?.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = scope[..] else {
            return Err(VerifyProblem::Malformed("the credential's scope has another form"));
        };
        let time = headers.get(DATE).and_then(|value| instant(value.to_str().ok()?));
        let claim = Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed_headers(part("SignedHeaders")?)?,
            signature: part("Signature")?.to_owned(),
            time: time.ok_or(VerifyProblem::Malformed("x-amz-date is missing or no time"))?,
        };
        claim.check_form(headers)?;
        Ok(Some(claim))
    }

    /// Which key pair is claimed.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// Whether it was signed about now. Can be asked before the body is read.
    ///
    /// # Errors
    /// When it was not.
    pub fn check_time(&self, now: SystemTime, skew_max: Duration) -> Result<(), VerifyProblem> {
        let skew = now.duration_since(self.time).unwrap_or_else(|earlier| earlier.duration());
        if skew <= skew_max { Ok(()) } else { Err(VerifyProblem::Skewed) }
    }

    /// Whether the signature is that of the request with its body, made with `secret`. A body that is not covered is
    /// believed only with `unsigned_payload`.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_signature(
        &self,
        head: SignedHead<'_>,
        body: &[Bytes],
        secret: &str,
        unsigned_payload: bool,
    ) -> Result<(), VerifyProblem> {
        let payload = payload(head.headers, body, unsigned_payload)?;
        let expected = self.sign(head, payload, secret).ok_or(VerifyProblem::Mismatch)?;
        verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes())
            .map_err(|_| VerifyProblem::Mismatch)
    }

    fn check_form(&self, headers: &HeaderMap) -> Result<(), VerifyProblem> {
        for needed in [header::HOST, DATE] {
            if !self.signed_headers.contains(&needed) {
                return Err(VerifyProblem::Malformed("`host` and `x-amz-date` must be signed"));
            }
        }
        if headers.get_all(DATE).iter().count() != 1 || headers.get_all(CONTENT_HASH).iter().count() > 1 {
            return Err(VerifyProblem::Malformed("a header that may be there once is there twice"));
        }
        let signed_at = headers.get(DATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !signed_at.starts_with(self.date.as_str()) || self.date.len() != 8 {
            return Err(VerifyProblem::Malformed("its scope and x-amz-date are of different days"));
        }
        Ok(())
    }

    /// The signature that the request should have.
    fn sign(&self, head: SignedHead<'_>, payload: SignableBody<'_>, secret: &str) -> Option<String> {
        let authority = head.uri.authority().map(|authority| authority.as_str());
        let host = head.headers.get(header::HOST).and_then(|value| value.to_str().ok()).or(authority)?;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = vec![("host", host)];
        for name in self.signed_headers.iter().filter(|name| **name != header::HOST) {
            let values = head.headers.get_all(name);
            headers.extend(values.iter().filter_map(|value| Some((name.as_str(), value.to_str().ok()?))));
        }
        let uri = format!("https://{host}{path}");
        let request = SignableRequest::new(head.method.as_str(), uri, headers.into_iter(), payload).ok()?;
        let identity = Credentials::new(&self.access_key_id, secret, None, None, "client").into();
        let mut settings = SigningSettings::default();
        settings.excluded_headers = Some(Vec::new());
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(self.time)
            .settings(settings)
            .build()
            .ok()?;
        Some(aws_sigv4::http_request::sign(request, &parameters.into()).ok()?.into_parts().1)
    }
}

/// What stands for the body in a signature.
fn payload(
    headers: &HeaderMap,
    body: &[Bytes],
    unsigned_payload: bool,
) -> Result<SignableBody<'static>, VerifyProblem> {
    let actual = || hash(body);
    let Some(claimed) = headers.get(CONTENT_HASH) else { return Ok(SignableBody::Precomputed(actual())) };
    match claimed.to_str() {
        Ok(UNSIGNED_PAYLOAD) if unsigned_payload => Ok(SignableBody::UnsignedPayload),
        Ok(UNSIGNED_PAYLOAD) => Err(VerifyProblem::UnsignedPayload),
        Ok(claimed) if claimed.starts_with("STREAMING-") => {
            Err(VerifyProblem::Malformed("bodies that are signed in chunks are not understood"))
        }
        Ok(claimed) if claimed.eq_ignore_ascii_case(&actual()) => {
            Ok(SignableBody::Precomputed(claimed.to_owned()))
        }
        _ => Err(VerifyProblem::PayloadMismatch),
    }
}

fn signed_headers(text: &str) -> Result<Vec<HeaderName>, VerifyProblem> {
    let names = text.split(';').map(HeaderName::try_from).collect::<Result<Vec<_>, _>>();
    let names = names.map_err(|_| VerifyProblem::Malformed("a signed header has no valid name"))?;
    if names.len() > SIGNED_HEADERS_MAX {
        return Err(VerifyProblem::Malformed("too many headers are signed"));
    }
    Ok(names)
}

/// A time as `x-amz-date` has it: `20260131T120000Z`.
fn instant(text: &str) -> Option<SystemTime> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().into())
}

#[cfg(test)]
mod tests;
