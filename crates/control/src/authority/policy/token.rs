//! The words and signs of a policy.

use super::PolicyProblem;

/// A word or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `permit`, `resource`, `Key`.
    Word(&'a str),
    /// What stands between quotation marks.
    Text(&'a str),
    /// `::`, `==`, `(`.
    Sign(&'a str),
}

/// Longer ones first, so that `!=` is not read as `!`.
const SIGNS: [&str; 15] = ["::", "==", "!=", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ";", ".", "!"];

impl<'a> Token<'a> {
    /// The first token of a text and what follows it; `None` where there is none.
    ///
    /// # Errors
    /// When there is something that is none.
    pub(super) fn first(text: &'a str) -> Result<Option<(Self, &'a str)>, PolicyProblem> {
        let text = without_space(text);
        let Some(character) = text.chars().next() else { return Ok(None) };
        if let Some(rest) = text.strip_prefix('"') {
            let end = rest.split_once('"').filter(|(inside, _)| !inside.contains(['\\', '\n']));
            let (inside, rest) =
                end.ok_or_else(|| PolicyProblem::new("a text has no end, or has escapes"))?;
            return Ok(Some((Self::Text(inside), rest)));
        }
        if let Some((sign, rest)) = SIGNS.into_iter().find_map(|sign| Some((sign, text.strip_prefix(sign)?)))
        {
            return Ok(Some((Self::Sign(sign), rest)));
        }
        let end = text.find(|character: char| !is_of_word(character)).unwrap_or(text.len());
        match text.split_at_checked(end) {
            Some((word, rest)) if !word.is_empty() => Ok(Some((Self::Word(word), rest))),
            _ => Err(PolicyProblem::new(format!("`{character}` has no meaning here"))),
        }
    }
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(text) | Self::Sign(text) => write!(formatter, "`{text}`"),
            Self::Text(text) => write!(formatter, "`\"{text}\"`"),
        }
    }
}

fn is_of_word(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric()
}

/// A text without the blanks, line ends and comments that it begins with.
fn without_space(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let Some(comment) = text.strip_prefix("//") else { return text };
        text = comment.split_once('\n').map_or("", |(_, rest)| rest);
    }
}
