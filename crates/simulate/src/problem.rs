//! What is wrong with a description, by its path, so that whoever has the text can say at which line.

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as `mix[1].model`; empty for the text as a whole.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

pub(crate) fn problem(path: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem { path: path.into(), message: message.into() }
}
