//! Counting tokens without asking anybody, with the vocabulary of OpenAI's models since GPT-4o: what is counted is exact for
//! them, and close for others.
//!
//! The vocabulary is unpacked on first use (about 5 MB) and kept. Time is linear in the text, whatever it holds.

mod merge;
mod pieces;
mod vocabulary;

use std::sync::LazyLock;

use merge::merged;
use pieces::Pieces;
use vocabulary::Vocabulary;

/// The built-in tokenizer cannot be used: the binary is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the built-in tokenizer cannot be used: {0}")]
pub struct NoTokenizer(String);

/// Counts tokens as `o200k_base` does.
#[derive(Debug)]
pub struct Tokenizer {
    vocabulary: Vocabulary,
    pieces: Pieces,
}

static O200K: LazyLock<Result<Tokenizer, NoTokenizer>> = LazyLock::new(Tokenizer::load);

impl Tokenizer {
    /// The tokenizer of OpenAI's models since GPT-4o. The first call takes some ten milliseconds.
    ///
    /// # Errors
    /// When what is embedded cannot be read.
    pub fn o200k() -> Result<&'static Self, NoTokenizer> {
        O200K.as_ref().map_err(Clone::clone)
    }

    fn load() -> Result<Self, NoTokenizer> {
        const FILE: &[u8] = include_bytes!("../tokens/o200k_base.tiktoken.gz");
        let vocabulary = Vocabulary::read(FILE).map_err(|problem| NoTokenizer(problem.to_string()))?;
        let pieces = Pieces::o200k().map_err(|problem| NoTokenizer(problem.to_string()))?;
        Ok(Self { vocabulary, pieces })
    }

    /// How many tokens a text has. Text that looks like a special token is text.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        self.pieces.of(text).map(|piece| merged(piece.as_bytes(), &self.vocabulary)).sum()
    }
}

#[cfg(test)]
mod tests;
