//! Paths of members to drop, as an operator writes them: `a.b`, `messages[*].name`, `tools[0].x`.

use std::fmt;
use std::str::FromStr;

/// The most steps a path may have.
const STEPS_MAX: usize = 16;

/// A path from the top-level object to a member or element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    key: String,
    steps: Vec<Step>,
}

/// One step below a top-level member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// `.key`
    Key(String),
    /// `[3]`
    Index(usize),
    /// `[*]`
    Every,
}

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is no text where a key belongs.
    #[error("path `{path}` has an empty key, write it like `messages[*].name`")]
    EmptyKey {
        /// The path as given.
        path: String,
    },
    /// A bracket does not hold `*` or a whole number, or is not closed, or is followed by something other than `.` or
    /// `[`.
    #[error("path `{path}` has a malformed index, write `[0]` or `[*]`")]
    BadIndex {
        /// The path as given.
        path: String,
    },
    /// The path is longer than any provider's nesting.
    #[error("path `{path}` has more than {steps_max} steps")]
    TooLong {
        /// The path as given.
        path: String,
        /// The most steps allowed.
        steps_max: usize,
    },
}

impl Path {
    /// The top-level member in which the path begins.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut key = None;
        for part in path.split('.') {
            let (name, indexes) =
                part.split_once('[').map_or((part, None), |(name, rest)| (name, Some(rest)));
            if name.is_empty() {
                return Err(PathError::EmptyKey { path: path.to_owned() });
            }
            if key.is_none() {
                key = Some(name.to_owned());
            } else {
                steps.push(Step::Key(name.to_owned()));
            }
            if let Some(indexes) = indexes {
                parse_indexes(indexes, &mut steps)
                    .ok_or_else(|| PathError::BadIndex { path: path.to_owned() })?;
            }
        }
        if steps.len() > STEPS_MAX {
            return Err(PathError::TooLong { path: path.to_owned(), steps_max: STEPS_MAX });
        }
        let key = key.ok_or_else(|| PathError::EmptyKey { path: path.to_owned() })?;
        Ok(Self { key, steps })
    }
}

/// Reads `0][*]`, what follows the first bracket.
fn parse_indexes(indexes: &str, steps: &mut Vec<Step>) -> Option<()> {
    for index in indexes.strip_suffix(']')?.split("][") {
        steps.push(if index == "*" { Step::Every } else { Step::Index(index.parse().ok()?) });
    }
    Some(())
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        for step in &self.steps {
            match step {
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Every => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_it_was_written() {
        for text in ["a", "a.b", "messages[*].name", "tools[0].x", "a[1][*].b.c[2]"] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_malformed_path_is_refused_with_its_text() {
        for text in ["", ".a", "a.", "a..b", "[0]", "a[]", "a[x]", "a[0", "a[0]b", "a[-1]", "a]"] {
            let parsed = text.parse::<Path>();
            // A lone closing bracket is a legal character of a key.
            assert_eq!(parsed.is_ok(), text == "a]", "{text}");
            if let Err(error) = parsed {
                assert!(error.to_string().contains(&format!("`{text}`")));
            }
        }
        let long = vec!["a"; 40].join(".");
        assert!(matches!(long.parse::<Path>(), Err(PathError::TooLong { steps_max: 16, .. })));
    }
}
