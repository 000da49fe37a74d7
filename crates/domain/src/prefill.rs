//! How a provider is asked to go on with a text that somebody else began.

use crate::endpoint::Endpoint;
use crate::pattern::Pattern;

/// What an operation of a provider takes as the beginning of its answer: a last turn that is the model's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefill {
    /// The operation.
    pub endpoint: Endpoint,
    /// The models that take it.
    pub models: Vec<Pattern>,
    /// Members of that turn, with raw JSON, which say that it is not complete.
    pub turn: Vec<(String, Vec<u8>)>,
    /// Members of the request that say so.
    pub request: Vec<(String, Vec<u8>)>,
    /// Whether the answer begins with the text that was given.
    pub repeats: bool,
}
