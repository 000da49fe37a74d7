//! Signing one request, by AWS's own implementation.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_lc_rs::digest;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use domain::ports::sign_in::SignInProblem;
use domain::provider::BaseUrl;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};

use crate::sign_in::{hexadecimal, host_header};

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) service: String,
    pub(super) region: String,
}

/// Adds the date, the session's token and the signature to a request whose body is `body`.
pub(super) fn sign(
    head: &mut Parts,
    base: &BaseUrl,
    body: &[Bytes],
    keys: &Credentials,
    scope: &Scope,
    now: SystemTime,
) -> Result<(), SignInProblem> {
    let host = host_header(base).ok_or_else(|| unsignable("the host is not one"))?;
    head.headers.insert(header::HOST, host);
    let uri = format!("{}://{}{}", base.scheme, base.authority, head.uri);
    let covered = head.headers.iter().filter(|(name, _)| is_covered(name));
    let headers = covered.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = SignableBody::Precomputed(hash(body));
    let request = SignableRequest::new(head.method.as_str(), uri, headers, body)
        .map_err(|error| unsignable(&error.to_string()))?;
    let identity = keys.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| unsignable(&error.to_string()))?;
    let signed = aws_sigv4::http_request::sign(request, &parameters.into())
        .map_err(|error| unsignable(&error.to_string()))?;
    for added in signed.into_parts().0.into_parts().0 {
        let mut value = HeaderValue::from_str(added.value())
            .map_err(|_| unsignable("a header cannot carry what signs it"))?;
        value.set_sensitive(added.sensitive() || added.name() == header::AUTHORIZATION.as_str());
        head.headers.insert(HeaderName::from_static(added.name()), value);
    }
    Ok(())
}

/// Whether a header is part of what is signed. The rest may be changed on the way by proxies.
fn is_covered(name: &HeaderName) -> bool {
    *name == header::HOST || *name == header::CONTENT_TYPE || name.as_str().starts_with("x-amz-")
}

/// SHA-256 of a body, in hexadecimal digits.
pub(super) fn hash(body: &[Bytes]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    body.iter().for_each(|piece| context.update(piece));
    hexadecimal(context.finish().as_ref())
}

fn unsignable(why: &str) -> SignInProblem {
    SignInProblem::Unsignable(why.into())
}

#[cfg(test)]
mod tests;
