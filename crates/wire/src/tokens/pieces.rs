//! Cutting a text into the pieces within which tokens are merged: words, numbers, runs of spaces.

use regex_automata::meta::{BuildError, Regex};
use regex_automata::{Anchored, Input};

/// Where `o200k_base` cuts (`tiktoken_ext/openai_public.py`), but for its `\s+(?!\S)`: looking ahead is not regular. Instead
/// the space at which such a run stops is matched as well and given back ([`GIVES_BACK`]), and a run at the end is matched
/// before.
const WORDS: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+$";
const SPACES_BEFORE_A_WORD: &str = r"\s+\s";
const ONE_SPACE: &str = r"\s+";

/// The pattern whose last character belongs to the next piece.
const GIVES_BACK: usize = 1;

/// Cuts texts.
#[derive(Debug)]
pub(super) struct Pieces(Regex);

impl Pieces {
    pub(super) fn o200k() -> Result<Self, Box<BuildError>> {
        Regex::new_many(&[WORDS, SPACES_BEFORE_A_WORD, ONE_SPACE]).map(Self).map_err(Box::new)
    }

    /// The pieces of a text, which together are the text.
    pub(super) fn of<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let found = self.0.find(Input::new(rest).anchored(Anchored::Yes))?;
            let gives_back = found.pattern().as_usize() == GIVES_BACK;
            let last = rest.get(..found.end())?.chars().next_back().filter(|_| gives_back);
            let (piece, after) = rest.split_at_checked(found.end() - last.map_or(0, char::len_utf8))?;
            rest = after;
            Some(piece).filter(|piece| !piece.is_empty())
        })
    }
}
