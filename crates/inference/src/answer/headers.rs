//! The head of an answer: the provider's headers but for those of the connection, and Tollgate's own.

use std::time::Duration;

use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use domain::RequestId;
use smallvec::SmallVec;
use tokio::time::Instant;

use crate::charge::Charge;
use crate::pinned::ProviderState;

/// What this gateway says about an answer. A provider that is a Tollgate too says its own, which would be taken for ours.
const OWN_PREFIX: &str = "x-tollgate-";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-tollgate-request-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-tollgate-provider");
const MODEL: HeaderName = HeaderName::from_static("x-tollgate-model");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-tollgate-attempts");
/// The provider was not asked: the number is an estimate.
const ESTIMATED: HeaderName = HeaderName::from_static("x-tollgate-estimated");
const DROPPED: HeaderName = HeaderName::from_static("x-tollgate-dropped");
/// What the answer cost, in its head or, where that is known only in the end, in its trailers.
pub(crate) const COST: HeaderName = HeaderName::from_static("x-tollgate-cost");
/// How often another provider went on with a stream, in its trailers.
pub(crate) const RESUMED: HeaderName = HeaderName::from_static("x-tollgate-resumed");
const OVERHEAD: HeaderName = HeaderName::from_static("x-tollgate-overhead-us");
/// How many of these an answer usually has.
const OWN_HEADERS_USUAL: usize = 6;
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
    /// What of the request did not reach the provider.
    pub(crate) dropped: Option<&'a HeaderValue>,
    /// Whether Tollgate estimated it instead of asking the provider.
    pub(crate) estimated: bool,
    /// What it cost, when that is known already.
    pub(crate) cost: Option<Charge>,
}

/// Turns a provider's head into the client's, in place.
pub(crate) fn prepare(head: &mut Parts, served: &Served<'_>) {
    head.version = http::Version::HTTP_11;
    head.extensions.clear();
    strip(&mut head.headers);
    sign(&mut head.headers, served);
}

/// Tells the client how its request was served.
pub(crate) fn sign(headers: &mut HeaderMap, served: &Served<'_>) {
    headers.reserve(OWN_HEADERS_USUAL);
    headers.insert(REQUEST_ID, served.id.header().clone());
    headers.insert(PROVIDER, served.provider.name.clone());
    headers.insert(ATTEMPTS, HeaderValue::from(served.attempts));
    let overhead = u64::try_from(served.overhead.as_micros()).unwrap_or(u64::MAX);
    headers.insert(OVERHEAD, HeaderValue::from(overhead));
    if let Some(dropped) = served.dropped {
        headers.insert(DROPPED, dropped.clone());
    }
    if served.estimated {
        headers.insert(ESTIMATED, HeaderValue::from_static("true"));
    }
    if let Some(cost) = served.cost {
        headers.insert(COST, cost_value(cost));
    }
    if let Some(model) = served.model.and_then(|model| HeaderValue::from_str(model).ok()) {
        headers.insert(MODEL, model);
    }
}

/// An exact amount of US dollars, or `unpriced`.
pub(crate) fn cost_value(cost: Charge) -> HeaderValue {
    let amount = cost.ok().and_then(|amount| HeaderValue::try_from(amount.to_string()).ok());
    amount.unwrap_or(HeaderValue::from_static("unpriced"))
}

/// Whether a client reads trailers, which it says by `te: trailers` (RFC 9110 section 10.1.4).
pub(crate) fn takes_trailers(client: &HeaderMap) -> bool {
    let values = client.get_all(header::TE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
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
    let listed = listed_by_connection(headers);
    let stays = |name: &&HeaderName| {
        NOT_RELAYED.contains(name) || name.as_str().starts_with(OWN_PREFIX) || listed.contains(name)
    };
    // Found in one pass: an answer has few headers, and fewer that stay behind.
    for name in headers.keys().filter(stays).cloned().collect::<SmallVec<[HeaderName; 8]>>() {
        headers.remove(name);
    }
}

/// The headers that `connection` lists, which are hop-by-hop too (RFC 9110 section 7.6.1).
pub(crate) fn listed_by_connection(headers: &HeaderMap) -> SmallVec<[HeaderName; 2]> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, HeaderValue, header, strip};

    #[test]
    fn nothing_of_the_providers_connection_reaches_the_client() {
        let mut headers = HeaderMap::new();
        for name in ["x-hop", "x-second", "set-cookie", "transfer-encoding", "x-tollgate-error", "x-kept"] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        headers.append(header::CONNECTION, HeaderValue::from_static("close, X-Hop"));
        headers.append(header::CONNECTION, HeaderValue::from_static("x-second"));
        strip(&mut headers);
        assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["x-kept"]);
    }
}
