//! Answers on their way to the client.

mod body;
mod headers;
mod opaque;
mod relay;

pub use body::AnswerBody;
pub(crate) use headers::{Served, introduce, prepare};
pub(crate) use opaque::OpaqueRelay;
pub(crate) use relay::{RelayStart, Silence, StreamRelay};
