//! YAML text as a tree that knows the line and column of every value and key, so that each mistake can be shown where it
//! was made. This is the only module that knows the YAML parser. JSON is YAML, so it is read too.

mod build;
mod scalar;
#[cfg(test)]
mod tests;

use std::fmt;

pub use build::read;
pub use scalar::{Resolved, resolve};

/// Deepest nesting of a configuration.
pub const DEPTH_MAX: usize = 64;
/// Most values in a configuration, repetitions through anchors counted each time: ten thousand keys that say all they can.
pub const NODES_MAX: usize = 1_000_000;

/// A place in a text, both parts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub position: Position,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text, a number, a truth value, or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order of the text, each key once.
    Mapping(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub position: Position,
    /// The value.
    pub node: Node,
}

/// A value without parts. What it is as a number or truth value is decided by [`resolve`], where the schema is known.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, without quotes.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: may be a number, a truth value or nothing.
    Plain,
    /// In quotes or as a block: a text.
    Quoted,
    /// With a value put in from outside: whatever the schema asks for, and a text where it asks for nothing.
    Interpolated,
}

/// Something that is wrong with the text as YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {message}", position.line, position.column)]
pub struct YamlProblem {
    /// Where.
    pub position: Position,
    /// What is wrong and what to do.
    pub message: String,
}

/// A text in double quotes, as YAML and JSON both read it.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Position {
    /// The beginning of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl Node {
    /// The value of a key, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping, none for other values.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        if let Value::Mapping(entries) = &self.value { entries } else { &[] }
    }

    /// How many values this is, itself included.
    #[must_use]
    pub fn size(&self) -> usize {
        match &self.value {
            Value::Scalar(_) => 1,
            Value::Sequence(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Value::Mapping(entries) => 1 + entries.iter().map(|entry| entry.node.size()).sum::<usize>(),
        }
    }
}

impl fmt::Debug for Scalar {
    /// Leaves the text out: it may be a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scalar({:?}, {} bytes)", self.style, self.text.len())
    }
}
