//! Paths with a name in them: how a name is written so that it can lead nowhere else.

use std::borrow::Cow;

use domain::provider::{EndpointPath, Slashes};

use crate::percent;

/// A path with a name in it, where it has a place for one. `None` when the name cannot be part of a path.
#[must_use]
pub fn named_path<'p>(path: &'p EndpointPath, name: &str) -> Option<Cow<'p, str>> {
    let (before, after, slashes) = match path {
        EndpointPath::Fixed(path) => return Some(Cow::Borrowed(path.as_str())),
        EndpointPath::PerModel { before, after, slashes } => (before, after, slashes),
    };
    // As segments of a path these climb (RFC 3986 section 5.2.4), and encoded they are still read so.
    let climbs = |segment: &str| matches!(segment, "." | "..");
    let is_segment = |segment: &str| !segment.is_empty() && !climbs(segment);
    let named = match slashes {
        Slashes::Encoded => (!climbs(name)).then(|| percent::encode(name))?,
        Slashes::Kept if !name.split('/').all(is_segment) => return None,
        Slashes::Kept => percent::encode_path(name.split('/')),
    };
    Some(Cow::Owned(format!("{before}{named}{after}")))
}

#[cfg(test)]
mod tests {
    use super::{EndpointPath, Slashes, named_path};

    fn named(slashes: Slashes, name: &str) -> Option<String> {
        let path = EndpointPath::PerModel { before: "/a/".to_owned(), after: "/z?v=1".to_owned(), slashes };
        named_path(&path, name).map(|path| path.into_owned())
    }

    #[test]
    fn slashes_are_encoded_unless_they_part_the_name() {
        assert_eq!(named(Slashes::Encoded, "o/m ü").unwrap(), "/a/o%2Fm%20%C3%BC/z?v=1");
        assert_eq!(named(Slashes::Kept, "o/m ü").unwrap(), "/a/o/m%20%C3%BC/z?v=1");
        let fixed = EndpointPath::Fixed(http::uri::PathAndQuery::from_static("/f?v=1"));
        assert_eq!(named_path(&fixed, "..").unwrap(), "/f?v=1", "it has no place for a name");
    }

    #[test]
    fn no_name_leads_elsewhere() {
        for name in ["..", ".", "a/../b", "../a", "a/.", "/a", "a/", "a//b", ""] {
            assert_eq!(named(Slashes::Kept, name), None, "{name}");
        }
        for name in ["..", "."] {
            assert_eq!(named(Slashes::Encoded, name), None, "{name}");
        }
        for name in ["a?x=1", "a#b", "a%2e%2e/b", "a\\..\\b"] {
            let path = named(Slashes::Kept, name).unwrap();
            let path = path.strip_suffix("/z?v=1").unwrap();
            assert!(!path.contains(['?', '#', '\\']) && !path.contains("%2e"), "{path}");
        }
    }
}
