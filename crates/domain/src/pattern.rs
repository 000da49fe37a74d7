//! Name patterns with `*`, as used in key permissions and provider model lists.

/// A text in which each `*` stands for any run of characters, slashes included. Matching is case sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// The pattern that matches every name.
    #[must_use]
    pub fn any() -> Self {
        Self("*".into())
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern has no `*` and so names one thing.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether `name` matches as a whole.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if &*self.0 == "*" {
            return true;
        }
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or("");
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                return rest.ends_with(piece);
            }
            match rest.split_once(piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, yes, no) in [
            ("gpt-*", vec!["gpt-4o", "gpt-"], vec!["gpt", "xgpt-4"]),
            ("*", vec!["", "a/b"], vec![]),
            ("openai/*-mini", vec!["openai/gpt-4o-mini"], vec!["openai/gpt-4o", "openai/-min"]),
            ("a*b*c", vec!["abc", "axxbyyc", "abbcc"], vec!["ac", "abcd"]),
            ("o3", vec!["o3"], vec!["o3-mini", "o"]),
            ("aa*aa", vec!["aaaa", "aabaa"], vec!["aaa"]),
        ] {
            let compiled = Pattern::from(pattern);
            yes.iter().for_each(|name| assert!(compiled.matches(name), "{pattern} {name}"));
            no.iter().for_each(|name| assert!(!compiled.matches(name), "{pattern} {name}"));
        }
    }

    proptest! {
        #[test]
        fn filling_the_stars_gives_a_match(pieces in prop::collection::vec("[ab]{0,3}", 1..5), fill in "[ab]{0,4}") {
            prop_assert!(Pattern::from(pieces.join("*").as_str()).matches(&pieces.join(&fill)));
        }
    }
}
