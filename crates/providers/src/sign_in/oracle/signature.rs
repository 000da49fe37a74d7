//! Signing one request.

use std::time::SystemTime;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::ports::sign_in::SignInProblem;
use domain::provider::BaseUrl;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, header};
use jiff::Timestamp;

use super::key::NamedKey;
use crate::sign_in::host_header;

const CONTENT_HASH: HeaderName = HeaderName::from_static("x-content-sha256");

/// Adds the date, the hash of the body and the signature.
pub(super) fn sign(
    head: &mut Parts,
    base: &BaseUrl,
    body: &[Bytes],
    key: &NamedKey,
    now: SystemTime,
) -> Result<(), SignInProblem> {
    let host = host_header(base).ok_or_else(|| unsignable("the host is not one"))?;
    head.headers.insert(header::HOST, host);
    head.headers
        .insert(header::DATE, text_header(&date(now).ok_or_else(|| unsignable("the time is not one"))?)?);
    let mut lines = vec![
        line("date", head.headers.get(header::DATE)),
        format!("(request-target): {} {}", head.method.as_str().to_ascii_lowercase(), head.uri),
        line("host", head.headers.get(header::HOST)),
    ];
    let mut names = "date (request-target) host".to_owned();
    if [Method::POST, Method::PUT, Method::PATCH].contains(&head.method) {
        head.headers.insert(CONTENT_HASH, text_header(&hash(body))?);
        // The transport writes the same length.
        let length: usize = body.iter().map(Bytes::len).sum();
        lines.push(format!("content-length: {length}"));
        lines.push(line("content-type", head.headers.get(header::CONTENT_TYPE)));
        lines.push(line("x-content-sha256", head.headers.get(CONTENT_HASH)));
        names.push_str(" content-length content-type x-content-sha256");
    }
    let signature = key.key.sign(&lines.join("\n")).ok_or_else(|| unsignable("the key does not sign"))?;
    let mut authorization = text_header(&format!(
        "Signature version=\"1\",headers=\"{names}\",keyId=\"{}\",algorithm=\"rsa-sha256\",signature=\"{signature}\"",
        key.id
    ))?;
    authorization.set_sensitive(true);
    head.headers.insert(header::AUTHORIZATION, authorization);
    Ok(())
}

fn line(name: &str, value: Option<&HeaderValue>) -> String {
    format!("{name}: {}", value.and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// As HTTP writes it (RFC 9110 section 5.6.7).
fn date(now: SystemTime) -> Option<String> {
    let now = Timestamp::try_from(now).ok()?;
    Some(now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn hash(body: &[Bytes]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    body.iter().for_each(|piece| context.update(piece));
    STANDARD.encode(context.finish())
}

fn text_header(text: &str) -> Result<HeaderValue, SignInProblem> {
    HeaderValue::from_str(text).map_err(|_| unsignable("a header cannot carry what signs it"))
}

fn unsignable(why: &str) -> SignInProblem {
    SignInProblem::Unsignable(why.into())
}
