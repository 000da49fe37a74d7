//! OpenAI embeddings: never streamed, one answer with its usage.

use super::request_shape::RequestShape;

/// What governs a request: nothing but the model.
pub(super) const REQUEST: RequestShape = RequestShape::PLAIN;
