//! Who is calling: the key in the request's head, looked up by its hash in the pinned snapshot, or a token in its place.

use std::sync::Arc;
use std::time::SystemTime;

use domain::key::Ended;
use domain::{ApiKey, ErrorCode, KeyHash, KeyText, KnownKey, Snapshot};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use identity::{Callers, TokenProblem};
use jiff::Timestamp;

use crate::realtime::key_in_protocols;
use crate::refusal::Refusal;

/// Where SDKs put a key, in the order in which they are looked at: Tollgate's own header and Portkey's leave
/// `authorization` free for other uses; `x-api-key` is Anthropic's, `api-key` Azure's, `x-goog-api-key` Google's.
const KEY_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-tollgate-api-key"), HeaderName::from_static("x-portkey-api-key")];
const VENDOR_KEY_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

/// The key that a request carries, in its headers or, as `curl` users of Gemini send it, in `in_query`; or the one that its token
/// makes. Waits only for a token of an issuer whose key is not known yet.
///
/// # Errors
/// 401 when there is none, when it is not in the snapshot, or when its time is over, and what a token can be refused with; the
/// text sent is never repeated.
pub(crate) async fn authenticate(
    headers: &HeaderMap,
    in_query: Option<&str>,
    (snapshot, callers): (&Snapshot, &Callers),
    now: SystemTime,
) -> Result<Arc<ApiKey>, Refusal> {
    let text = presented(headers).or(in_query).ok_or_else(|| {
        Refusal::new(
            ErrorCode::KeyMissing,
            "no key was sent; send it as `authorization: Bearer tg-…` or `x-api-key`",
        )
    })?;
    let hash = KeyHash::of(text);
    if let Some(known) = snapshot.keys.get(&hash) {
        return good(known, now);
    }
    if callers.is_empty() || !identity::has_form(text) {
        return Err(unknown(text));
    }
    match callers.known(&hash, now) {
        Some(key) => Ok(key),
        // In a place of its own: few requests get here, and the future of each would be larger for it.
        None => Box::pin(callers.verify(text, hash, now)).await.map_err(|problem| not_accepted(&problem)),
    }
}

fn not_accepted(problem: &TokenProblem) -> Refusal {
    let (code, wait) = match problem {
        TokenProblem::NoRule => (ErrorCode::TokenWithoutRule, None),
        TokenProblem::Unfilled(_) | TokenProblem::Unplaced(_) => (ErrorCode::TokenUnplaced, None),
        TokenProblem::Disabled => (ErrorCode::KeyEnded, None),
        TokenProblem::NoKeys { retry_after } => (ErrorCode::TokenKeysUnavailable, Some(*retry_after)),
        _ => (ErrorCode::TokenRefused, None),
    };
    Refusal::new(code, problem.to_string()).with_retry_after(wait)
}

/// A known key, if its time is not over. Whoever has the whole key is no guesser, and may be told.
///
/// # Errors
/// 401 with why it is not good any more.
pub(crate) fn good(known: &KnownKey, now: SystemTime) -> Result<Arc<ApiKey>, Refusal> {
    known.at(now).cloned().map_err(|ended| {
        let name = &known.key.name;
        let message = match ended {
            Ended::Expired(end) => format!(
                "the key `{name}` has expired at {:.0}; its owner can make a new one",
                Timestamp::try_from(end).unwrap_or_default()
            ),
            Ended::Disabled => {
                format!("the key `{name}` is disabled; its owner can enable it in the configuration")
            }
        };
        Refusal::new(ErrorCode::KeyEnded, message)
    })
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    let named = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    KEY_HEADERS
        .iter()
        .find_map(named)
        .or_else(|| headers.get(AUTHORIZATION)?.to_str().ok().map(without_scheme))
        .or_else(|| VENDOR_KEY_HEADERS.iter().find_map(named))
        .or_else(|| key_in_protocols(headers))
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// RFC 6750 section 2.1: `Bearer` and the token; the scheme's case does not matter (RFC 9110 section 11.1).
fn without_scheme(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
        _ => value,
    }
}

fn unknown(text: &str) -> Refusal {
    let message = if KeyText::is_for_control(text) {
        "a control key was sent, which opens the control API alone; send a client's (`tg-…`)"
    } else if KeyText::is_well_formed(text) {
        "this key is not known here; it may have been removed"
    } else if text.starts_with("sk-") {
        "a provider's key was sent; send a Tollgate key (`tg-…`), the provider's own belongs into the configuration"
    } else if identity::has_form(text) {
        "a JSON web token was sent, and none is accepted here (`token_issuers`); send a Tollgate key (`tg-…`)"
    } else {
        "this is not a whole Tollgate key; one is `tg-` and 49 letters and digits"
    };
    Refusal::new(ErrorCode::KeyUnknown, message)
}

#[cfg(test)]
mod tests {
    use super::{Arc, Callers, Refusal, SystemTime};
    use domain::key::Validity;
    use domain::{ApiKey, ErrorCode, KeyText, KnownKey, Snapshot};
    use futures_util::FutureExt;
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn snapshot(key: &KeyText) -> Snapshot {
        let api_key = ApiKey::new("k", Arc::default());
        Snapshot { keys: [(key.hash(), KnownKey::lasting(Arc::new(api_key)))].into(), ..Snapshot::default() }
    }

    fn authenticate(
        headers: &HeaderMap,
        in_query: Option<&str>,
        snapshot: &Snapshot,
    ) -> Result<Arc<ApiKey>, Refusal> {
        let callers = Callers::default();
        super::authenticate(headers, in_query, (snapshot, &callers), SystemTime::UNIX_EPOCH)
            .now_or_never()
            .expect("a key is found at once")
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn every_sdk_finds_a_place_for_the_key() {
        let key = KeyText::from_random([1; 32]);
        let snapshot = snapshot(&key);
        let bearer = format!("Bearer {}", key.reveal());
        for (name, value) in [
            ("authorization", bearer.as_str()),
            ("authorization", &bearer.replace("Bearer", "bearer")),
            ("x-api-key", key.reveal()),
            ("api-key", key.reveal()),
            ("x-tollgate-api-key", key.reveal()),
            ("x-portkey-api-key", key.reveal()),
            ("x-goog-api-key", key.reveal()),
        ] {
            assert!(authenticate(&headers(name, value), None, &snapshot).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_key_in_the_query_counts_where_no_header_has_one() {
        let key = KeyText::from_random([1; 32]);
        let snapshot = snapshot(&key);
        assert!(authenticate(&HeaderMap::new(), Some(key.reveal()), &snapshot).is_ok());
        assert!(authenticate(&headers("x-api-key", "tg-no"), Some(key.reveal()), &snapshot).is_err());
    }

    #[test]
    fn whoever_has_a_key_whose_time_is_over_is_told_so_and_nobody_else() {
        let (key, end) = (KeyText::from_random([1; 32]), SystemTime::UNIX_EPOCH);
        let mut snapshot = snapshot(&key);
        for (validity, told) in [
            (
                Validity::Until(end),
                "the key `k` has expired at 1970-01-01T00:00:00Z; its owner can make a new one",
            ),
            (Validity::Disabled, "the key `k` is disabled; its owner can enable it in the configuration"),
        ] {
            snapshot.keys.values_mut().for_each(|known| known.validity = validity);
            let refusal = authenticate(&headers("x-api-key", key.reveal()), None, &snapshot).unwrap_err();
            assert_eq!((refusal.code, refusal.message.as_str()), (ErrorCode::KeyEnded, told));
            let other = KeyText::from_random([2; 32]);
            let refusal = authenticate(&headers("x-api-key", other.reveal()), None, &snapshot).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::KeyUnknown);
        }
    }

    #[test]
    fn a_guess_is_told_the_same_however_near_it_comes_to_a_key() {
        let key = KeyText::from_random([1; 32]);
        let mut snapshot = snapshot(&key);
        let far =
            authenticate(&headers("x-api-key", KeyText::from_random([2; 32]).reveal()), None, &snapshot);
        let far = far.unwrap_err();
        let others = |same: usize| std::array::from_fn(|place| if place < same { 1 } else { 2 });
        let near = (0..32).map(|same| KeyText::from_random(others(same)));
        let near: Vec<_> =
            near.chain([KeyText::from_random(std::array::from_fn(|place| u8::from(place < 31)))]).collect();
        for validity in [Validity::Always, Validity::Until(SystemTime::UNIX_EPOCH), Validity::Disabled] {
            snapshot.keys.values_mut().for_each(|known| known.validity = validity);
            for guess in &near {
                // It is found by its whole hash or not at all, and nothing of what was found reaches the refusal.
                let refusal =
                    authenticate(&headers("x-api-key", guess.reveal()), None, &snapshot).unwrap_err();
                assert_eq!((refusal.code, &refusal.message), (far.code, &far.message));
                assert_eq!(refusal.retry_after, far.retry_after);
            }
        }
    }

    #[test]
    fn a_refusal_says_what_to_do_and_never_repeats_the_text() {
        let snapshot = snapshot(&KeyText::from_random([1; 32]));
        assert_eq!(authenticate(&HeaderMap::new(), None, &snapshot).unwrap_err().code, ErrorCode::KeyMissing);
        let other = KeyText::from_random([2; 32]);
        let control = KeyText::control_from_random([1; 32]);
        for text in
            [other.reveal(), control.reveal(), "sk-proj-secret", "tg-short", "eyJh.eyJp.c2ln", "Bearer"]
        {
            let refusal = authenticate(&headers("x-api-key", text), None, &snapshot).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::KeyUnknown);
            assert!(!refusal.message.contains(text) || text == "Bearer", "{}", refusal.message);
        }
    }
}
