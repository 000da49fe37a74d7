//! The client's query. Google's API takes the key there, so it is read from it and never passed on.

use domain::endpoint::ClientShape;
use providers::percent;

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

/// What names the model of a realtime session: OpenAI's parameter, and the one of Azure's API that is versioned by date.
const MODEL: [&str; 2] = ["model", "deployment"];
/// What else is not the provider's to know: the version that Azure's clients name, since the provider's path has its own, and
/// where Azure's and Google's clients may put a key.
const NOT_PASSED_ON: [&str; 3] = ["api-version", "api-key", KEY];

/// The model in the query of a realtime session.
pub(crate) fn model_in(query: &str) -> Option<String> {
    let model = MODEL.into_iter().find_map(|name| parameter(query, name))?;
    percent::decode(model).map(std::borrow::Cow::into_owned).filter(|model| !model.is_empty())
}

/// The rest of such a query, with every mention of the model left out, so that none but the route's is named, and every key.
pub(crate) fn without_model(query: &str) -> Option<Box<str>> {
    let is_left_out = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        // A name may be percent-encoded as well.
        let name = percent::decode(name).unwrap_or_default();
        MODEL.contains(&&*name) || NOT_PASSED_ON.contains(&&*name) || name.is_empty()
    };
    let rest: Vec<&str> = query.split('&').filter(|parameter| !is_left_out(parameter)).collect();
    let rest = rest.join("&");
    (!rest.is_empty()).then(|| rest.into())
}

#[cfg(test)]
mod tests {
    use super::{ClientShape, key_in, model_in, to_pass_on, wants_events, without_model};

    #[test]
    fn the_model_of_a_session_is_read_and_named_anew() {
        for (query, model, rest) in [
            ("model=p%2Fm&intent=talk", Some("p/m"), Some("intent=talk")),
            ("api-version=2025&deployment=d", Some("d"), None),
            ("model=a&%6dodel=b&x=1&model=c", Some("a"), Some("x=1")),
            ("model=a&api-key=k&api%2dkey=k&key=k", Some("a"), None),
            ("model=", None, None),
            ("", None, None),
        ] {
            assert_eq!(model_in(query).as_deref(), model, "{query}");
            assert_eq!(without_model(query).as_deref(), rest, "{query}");
        }
    }

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
