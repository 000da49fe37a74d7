//! OpenAI embeddings: never streamed, one answer with its usage.

use super::request::RequestShape;

/// What governs a request: nothing but the model.
pub(super) const REQUEST: RequestShape = RequestShape {
    streams: false,
    takes_usage_option: false,
    counts_choices: false,
    continues_responses: false,
};
