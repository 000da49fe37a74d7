//! Everything that is wrong with a configuration, as lines that an editor can jump to.

use std::fmt;

use domain::ErrorCode;

use crate::path::Path;
use crate::yaml::Position;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where in the file; `None` when it is about the file itself.
    pub position: Option<Position>,
    /// Which value; the root when the text is no YAML.
    pub path: Path,
    /// What is wrong and what to do; holds no value that came from the environment, a file, or a secret field.
    pub message: String,
}

/// Everything that is wrong with one file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    file: String,
    problems: Vec<ConfigProblem>,
}

impl ConfigErrors {
    /// The problems of `file`, sorted by line.
    #[must_use]
    pub fn new(file: impl Into<String>, mut problems: Vec<ConfigProblem>) -> Self {
        problems.sort_by_key(|problem| problem.position);
        problems.dedup();
        Self { file: file.into(), problems }
    }

    /// The code whose page explains this kind of error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidConfiguration
    }

    /// The problems, by line.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigErrors {
    /// A line `file:line:column: path: message` for each problem, then their number.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            write!(formatter, "{}:", self.file)?;
            if let Some(Position { line, column }) = problem.position {
                write!(formatter, "{line}:{column}:")?;
            }
            let path = problem.path.to_string();
            let separator = if path.is_empty() { "" } else { ": " };
            writeln!(formatter, " {path}{separator}{}", problem.message)?;
        }
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(formatter, "{count} {noun} in {} ({})", self.file, self.code().code())
    }
}

impl std::error::Error for ConfigErrors {}

/// Texts that must not be shown, each with what stands for it in messages.
#[derive(Clone, Default)]
pub(crate) struct Redactions(Vec<(String, String)>);

/// Shorter values are not hidden: they are no secrets, and hiding `1` everywhere would garble every message.
const HIDDEN_BYTES_MIN: usize = 5;

impl Redactions {
    pub(crate) fn hide(&mut self, text: &str, instead: impl Into<String>) {
        if text.len() >= HIDDEN_BYTES_MIN {
            self.0.push((text.to_owned(), instead.into()));
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The message with every hidden text replaced, longer ones first so that none survives in part.
    pub(crate) fn apply(&self, message: &str) -> String {
        let mut hidden: Vec<_> = self.0.iter().collect();
        hidden.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        hidden.into_iter().fold(message.to_owned(), |message, (text, instead)| message.replace(text, instead))
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigErrors, ConfigProblem, Redactions};
    use crate::path::Path;
    use crate::yaml::Position;

    #[test]
    fn problems_are_lines_in_the_order_of_the_file_with_their_number_and_code() {
        let problem = |line, path: &str| ConfigProblem {
            position: Some(Position { line, column: 3 }),
            path: Path::root().below(path),
            message: "it is wrong".to_owned(),
        };
        let whole =
            ConfigProblem { position: None, path: Path::root(), message: "cannot be read".to_owned() };
        let errors = ConfigErrors::new("t.yaml", vec![problem(9, "keys[0]"), problem(2, "server"), whole]);
        assert_eq!(
            errors.to_string(),
            "t.yaml: cannot be read\nt.yaml:2:3: server: it is wrong\nt.yaml:9:3: keys[0]: it is wrong\n\
             3 problems in t.yaml (TG5001)"
        );
        let one = ConfigErrors::new("t.yaml", vec![problem(1, ""), problem(1, "")]);
        assert_eq!(one.to_string(), "t.yaml:1:3: it is wrong\n1 problem in t.yaml (TG5001)");
    }

    #[test]
    fn a_hidden_text_never_survives_even_within_a_longer_one() {
        let mut redactions = Redactions::default();
        redactions.hide("secret", "${env:A}");
        redactions.hide("secret-longer", "${env:B}");
        redactions.hide("1", "${env:C}");
        assert_eq!(redactions.apply("secret-longer, secret, 1"), "${env:B}, ${env:A}, 1");
    }
}
