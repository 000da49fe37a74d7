//! The client's query. Google's API takes the key there, so it is read from it and never passed on.

use domain::endpoint::ClientShape;

/// The query parameter that may hold a key (Gemini API reference, "API keys").
const KEY: &str = "key";

/// The key in a query.
pub(crate) fn key_in(query: &str) -> Option<&str> {
    parameter(query, KEY).filter(|key| !key.is_empty())
}

/// The value of a parameter as it is written.
pub(crate) fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
}

/// Whether a stream is wanted as server-sent events (Google's system parameter `alt`).
pub(crate) fn wants_events(query: &str) -> bool {
    query.split('&').any(|parameter| parameter == "alt=sse")
}

/// What of a query goes to a provider: all of it, but for the key of Google's clients. None when nothing is left.
pub(crate) fn to_pass_on(query: &str, shape: ClientShape) -> Option<Box<str>> {
    match shape {
        ClientShape::Google => without_key(query),
        _ => Some(query.into()),
    }
}

fn without_key(query: &str) -> Option<Box<str>> {
    let is_key = |parameter: &&str| parameter.split('=').next() == Some(KEY);
    let rest: Vec<&str> = query.split('&').filter(|parameter| !is_key(parameter)).collect();
    let rest = rest.join("&");
    (!rest.is_empty()).then(|| rest.into())
}

#[cfg(test)]
mod tests {
    use super::{ClientShape, key_in, to_pass_on, wants_events};

    #[test]
    fn a_key_is_read_and_never_passed_on() {
        let query = "alt=sse&key=tg-1&keyboard=x";
        assert_eq!(key_in(query), Some("tg-1"));
        assert_eq!(to_pass_on(query, ClientShape::Google).as_deref(), Some("alt=sse&keyboard=x"));
        assert_eq!(to_pass_on(query, ClientShape::OpenAi).as_deref(), Some(query));
        for query in ["key", "key=", "key=a", "key=a&key=b"] {
            assert_eq!(to_pass_on(query, ClientShape::Google), None, "{query}");
        }
        assert_eq!((key_in("key="), key_in("monkey=x")), (None, None));
    }

    #[test]
    fn events_are_wanted_by_whoever_says_so() {
        assert!(wants_events("alt=sse") && wants_events("x=1&alt=sse&y"));
        assert!(!wants_events("") && !wants_events("alt=json") && !wants_events("salt=sse"));
    }
}
