//! How identity providers speak of people (SCIM 2.0): the names of what they say, and which of them they ask for.

pub mod attribute;
mod filter;

pub use filter::{Comparison, Filter, FilterProblem};
