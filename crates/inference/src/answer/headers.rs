//! The head of an answer: the provider's headers but for those of the connection, and Tollgate's own.

use std::time::Duration;

use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use tokio::time::Instant;

use crate::pinned::ProviderState;
use crate::request_id::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-tollgate-request-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-tollgate-provider");
const MODEL: HeaderName = HeaderName::from_static("x-tollgate-model");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-tollgate-attempts");
const OVERHEAD: HeaderName = HeaderName::from_static("x-tollgate-overhead-us");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// Headers that belong to the provider's connection or origin, not to the answer: hop-by-hop ones (RFC 9110 section
/// 7.6.1), framing, cookies (one tenant's would reach another), and what the origin says about itself.
const NOT_RELAYED: [HeaderName; 13] = [
    header::CONNECTION,
    KEEP_ALIVE,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
    header::SET_COOKIE,
    header::SERVER,
    header::ALT_SVC,
    header::STRICT_TRANSPORT_SECURITY,
    header::DATE,
];

/// What the client is told about how its request was served.
#[derive(Debug)]
pub(crate) struct Served<'a> {
    pub(crate) id: &'a RequestId,
    pub(crate) provider: &'a ProviderState,
    pub(crate) model: Option<&'a str>,
    pub(crate) attempts: u32,
    pub(crate) overhead: Duration,
}

/// Turns a provider's head into the client's, in place.
pub(crate) fn prepare(head: &mut Parts, served: &Served<'_>) {
    head.version = http::Version::HTTP_11;
    head.extensions.clear();
    let headers = &mut head.headers;
    strip(headers);
    headers.insert(REQUEST_ID, served.id.header().clone());
    headers.insert(PROVIDER, served.provider.name.clone());
    headers.insert(ATTEMPTS, HeaderValue::from(served.attempts));
    let overhead = u64::try_from(served.overhead.as_micros()).unwrap_or(u64::MAX);
    headers.insert(OVERHEAD, HeaderValue::from(overhead));
    if let Some(model) = served.model.and_then(|model| HeaderValue::from_str(model).ok()) {
        headers.insert(MODEL, model);
    }
}

/// Completes the head of an answer that Tollgate made itself: no provider was called for it.
pub(crate) fn introduce(headers: &mut HeaderMap, id: &RequestId, started: Instant) {
    if headers.contains_key(OVERHEAD) {
        return;
    }
    let overhead = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    headers.insert(OVERHEAD, HeaderValue::from(overhead));
    headers.entry(REQUEST_ID).or_insert_with(|| id.header().clone());
    headers.entry(ATTEMPTS).or_insert(HeaderValue::from_static("0"));
}

fn strip(headers: &mut HeaderMap) {
    if let Some(listed) = headers.remove(header::CONNECTION) {
        // RFC 9110 section 7.6.1: what `connection` lists is hop-by-hop too.
        for name in listed.to_str().unwrap_or_default().split(',') {
            headers.remove(name.trim());
        }
    }
    for name in &NOT_RELAYED {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, HeaderValue, header, strip};

    #[test]
    fn nothing_of_the_providers_connection_reaches_the_client() {
        let mut headers = HeaderMap::new();
        for name in ["connection", "x-hop", "set-cookie", "transfer-encoding", "x-kept"] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        headers.insert(header::CONNECTION, HeaderValue::from_static("close, X-Hop"));
        strip(&mut headers);
        assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["x-kept"]);
    }
}
