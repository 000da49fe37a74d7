//! The crate from outside: the committed examples, schema and reference.
#![expect(clippy::unwrap_used, reason = "tests")]

mod committed;
mod examples;
