//! Regular expressions that take time in proportion to the text, whoever wrote them.

use regex_automata::meta::{Config, Regex};

/// Longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 1024;
/// How much of a text a pattern is looked for in, in bytes from its beginning.
pub const SUBJECT_BYTES_MAX: usize = 64 * 1024;
/// Largest automaton of a pattern, in bytes: `a{1000}{1000}` is short to write.
const AUTOMATON_BYTES_MAX: usize = 256 * 1024;
/// What one thread keeps of the states it has been through, in bytes.
const CACHE_BYTES_MAX: usize = 256 * 1024;

/// A pattern to be found anywhere in a text.
#[derive(Debug, Clone)]
pub struct TextPattern(Regex);

impl TextPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// With what is wrong with it, when it is no regular expression or too large a one.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(format!(
                "a pattern has at most {PATTERN_BYTES_MAX} bytes, this one {}",
                pattern.len()
            ));
        }
        let config = Config::new()
            .nfa_size_limit(Some(AUTOMATON_BYTES_MAX))
            .onepass_size_limit(Some(AUTOMATON_BYTES_MAX))
            .hybrid_cache_capacity(CACHE_BYTES_MAX);
        Regex::builder().configure(config).build(pattern).map(Self).map_err(|error| {
            match error.syntax_error() {
                Some(syntax) => last_line(&syntax.to_string()),
                None => "the pattern is too large; repeat less".to_owned(),
            }
        })
    }

    /// Whether it is found in the text's first [`SUBJECT_BYTES_MAX`] bytes.
    #[must_use]
    pub fn is_found_in(&self, text: &str) -> bool {
        let end = text.floor_char_boundary(SUBJECT_BYTES_MAX);
        self.0.is_match(text.get(..end).unwrap_or(text))
    }
}

/// What a message of several lines, which draws the pattern, comes to.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{PATTERN_BYTES_MAX, SUBJECT_BYTES_MAX, TextPattern};

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_says_where() {
        let found = |pattern: &str, text: &str| TextPattern::parse(pattern).unwrap().is_found_in(text);
        assert!(found("b+", "abbc"));
        assert!(!found("^b", "abbc"));
        assert!(found("(?i)ÄRGER", "ärger"));
        assert!(found("^$", ""));
    }

    #[test]
    fn a_pattern_that_is_wrong_or_too_large_is_refused() {
        assert_eq!(TextPattern::parse("a(").unwrap_err(), "unclosed group");
        assert!(TextPattern::parse(r"\p{L}{1000}{1000}").unwrap_err().contains("too large"));
        let long = "a".repeat(PATTERN_BYTES_MAX + 1);
        assert!(TextPattern::parse(&long).unwrap_err().contains("at most 1024 bytes"));
    }

    #[test]
    fn a_long_text_is_read_to_its_bound_and_not_within_a_letter() {
        let text = format!("{}é tail", "x".repeat(SUBJECT_BYTES_MAX - 1));
        assert!(!TextPattern::parse("tail|é").unwrap().is_found_in(&text));
        assert!(TextPattern::parse("x$").unwrap().is_found_in(&text));
    }
}
