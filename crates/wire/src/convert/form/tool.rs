//! What the model may use, and whether it has to.

use std::borrow::Cow;

use super::part::{Cache, Foreign};
use crate::json::Text;

/// A tool.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool<'a> {
    /// One that takes JSON.
    Function {
        /// Its name.
        name: Text<'a>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The JSON schema of its input, as it stood or made of another format's own kind of schema.
        schema: Option<Cow<'a, str>>,
        /// Whether the input must follow the schema to the letter.
        strict: Option<bool>,
        /// Whether a prompt cache may end here.
        cache: Option<Cache>,
    },
    /// One that takes free text (OpenAI's custom tools).
    FreeText {
        /// Its name.
        name: Text<'a>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The grammar of the text; none when it is free.
        grammar: Option<Grammar<'a>>,
    },
    /// One that the provider runs itself, known to its own format only.
    Hosted(Foreign<'a>),
}

/// The grammar that a text follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Grammar<'a> {
    /// Its language (`lark`, `regex`).
    pub syntax: Text<'a>,
    /// The grammar.
    pub definition: Text<'a>,
}

/// Whether the model has to use a tool.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolChoice<'a> {
    /// As it likes.
    Auto,
    /// It must not.
    None,
    /// It must, whichever.
    Required,
    /// It must use this one.
    Named(Text<'a>),
    /// Only these.
    Allowed {
        /// These.
        names: Vec<Text<'a>>,
        /// Whether it must use one of them.
        required: bool,
    },
    /// In a way that only its own format knows.
    Foreign(Foreign<'a>),
}

impl Tool<'_> {
    /// Its name, when it is one of the caller's own.
    #[must_use]
    pub fn name(&self) -> Option<&Text<'_>> {
        match self {
            Self::Function { name, .. } | Self::FreeText { name, .. } => Some(name),
            Self::Hosted(_) => None,
        }
    }
}
