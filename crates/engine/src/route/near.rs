//! Finds what a mistyped name was probably meant to be, for error messages.

/// What stands before a suggestion.
const BEFORE: &str = "; did you mean `";

/// The candidate nearest to `name`, when one is near enough to be meant: at most one edit for each three letters.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let edits_max = name.chars().count().div_ceil(3).min(4);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// ``; did you mean `…`?`` for the nearest candidate, or nothing.
#[must_use]
pub fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or_else(String::new, |candidate| format!("{BEFORE}{candidate}`?"))
}

/// A message without its suggestion, for those who may not know what else there is.
#[must_use]
pub fn without_suggestion(message: &str) -> &str {
    message.split_once(BEFORE).map_or(message, |(message, _)| message)
}

#[cfg(test)]
mod tests {
    use super::{nearest, suggestion, without_suggestion};

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["openai", "anthropic", "groq", "strategy"];
        assert_eq!(nearest("opnai", known), Some("openai"));
        assert_eq!(nearest("anthrpoic", known), Some("anthropic"));
        assert_eq!(nearest("stratgy", known), Some("strategy"));
        assert_eq!(nearest("bedrock", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(suggestion("grok", known), "; did you mean `groq`?");
        assert_eq!(without_suggestion("there is no `grok`; did you mean `groq`?"), "there is no `grok`");
        assert_eq!(without_suggestion("there is no `grok`"), "there is no `grok`");
        assert_eq!(suggestion("cohere", known), "");
    }
}
