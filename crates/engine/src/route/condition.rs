//! Conditions on a request: read from the operators that Portkey's users (and MongoDB's) know, or from CEL, and judged by its facts.
//!
//! They are read when a route is loaded, into [`domain::condition::Condition`], so that nothing is left to go wrong with a
//! request. All operators of one key and all keys of one object hold together, in whatever order they are written.

mod evaluate;
mod expression;
mod fact;
mod operand;
mod query;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use evaluate::any_value;
pub use evaluate::{FactValue, Facts, holds};
pub(crate) use fact::parse as parse_fact;
pub(crate) use query::Reader;
