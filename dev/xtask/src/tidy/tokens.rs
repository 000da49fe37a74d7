//! A file as a flat list of tokens with lines. Some rules must look inside macro calls, which a syntax tree keeps closed,
//! and must not be misled by strings and comments, as a search of the text would be.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `(`, `[`, `{`, or the invisible opening of a group.
    Open(Delimiter),
    /// The other end.
    Close(Delimiter),
    /// A name or keyword.
    Word(String),
    /// A literal as written, with its quotes.
    Literal(String),
    /// One character of punctuation.
    Mark(char),
}

impl Token {
    /// Whether it is this name or keyword.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(own) if own == word)
    }

    /// Whether it is this character of punctuation.
    pub(crate) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    /// Whether it opens a group of this kind.
    pub(crate) fn opens(&self, delimiter: Delimiter) -> bool {
        self.kind == Kind::Open(delimiter)
    }
}

/// The tokens in order, groups opened.
pub(crate) fn flatten(stream: TokenStream) -> Vec<Token> {
    let mut tokens = Vec::new();
    append(stream, &mut tokens);
    tokens
}

fn append(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let kind = match tree {
            TokenTree::Group(group) => {
                let end = group.span_close().start().line;
                tokens.push(Token { line, kind: Kind::Open(group.delimiter()) });
                append(group.stream(), tokens);
                tokens.push(Token { line: end, kind: Kind::Close(group.delimiter()) });
                continue;
            }
            TokenTree::Ident(word) => Kind::Word(word.to_string()),
            TokenTree::Literal(literal) => Kind::Literal(literal.to_string()),
            TokenTree::Punct(mark) => Kind::Mark(mark.as_char()),
        };
        tokens.push(Token { line, kind });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_opened_and_lines_kept() {
        let tokens = flatten("f(\n\"x\"\n)".parse().unwrap());
        let expected = [
            (1, Kind::Word("f".to_owned())),
            (1, Kind::Open(Delimiter::Parenthesis)),
            (2, Kind::Literal("\"x\"".to_owned())),
            (3, Kind::Close(Delimiter::Parenthesis)),
        ];
        assert_eq!(tokens, expected.map(|(line, kind)| Token { line, kind }));
    }
}
