//! One breach of a rule, with enough said to repair it.

use std::fmt;

/// A breach, at a place. Its text is `path:line: rule: problem; remedy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The rule's name, as `tidy.allow` spells it.
    pub(crate) rule: &'static str,
    /// From the root of the repository, with forward slashes.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// The function or module, for a rule that a file can breach in several places.
    pub(crate) item: Option<String>,
    /// The size that is too large, for a rule about sizes.
    pub(crate) measure: Option<usize>,
    /// What is wrong.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Finding {
    /// A breach without a size.
    pub(crate) fn new(rule: &'static str, path: &str, line: usize, problem: &str, remedy: &str) -> Self {
        let (path, problem, remedy) = (path.to_owned(), problem.to_owned(), remedy.to_owned());
        Self { rule, path, line, item: None, measure: None, problem, remedy }
    }

    /// The same breach, of this function or module.
    pub(crate) fn of_item(self, item: &str) -> Self {
        Self { item: Some(item.to_owned()), ..self }
    }

    /// The same breach, of this size.
    pub(crate) fn of_size(self, measure: usize) -> Self {
        Self { measure: Some(measure), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, problem, remedy, .. } = self;
        write!(formatter, "{path}:{line}: {rule}: {problem}; {remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_and_how() {
        let finding = Finding::new("names", "crates/a/src/b.rs", 3, "bad name", "rename it").of_item("b");
        assert_eq!(finding.to_string(), "crates/a/src/b.rs:3: names: bad name; rename it");
    }
}
