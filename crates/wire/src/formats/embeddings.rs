//! Embeddings and reranking: never streamed, one answer with its usage.

use super::request_shape::RequestShape;

/// What governs a request: nothing but the model.
pub(super) const REQUEST: RequestShape = RequestShape::PLAIN;

/// The same where the model is in the path.
pub(super) const MODEL_IN_PATH: RequestShape = RequestShape { model_in_path: true, ..RequestShape::PLAIN };
