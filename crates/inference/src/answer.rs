//! Answers on their way to the client.

mod body;
mod headers;
mod held;
mod opaque;
mod passage;
mod refused;
mod relay;

pub use body::AnswerBody;
pub(crate) use headers::{
    COST, RESUMED, Served, introduce, listed_by_connection, prepare, sign, takes_trailers,
};
pub(crate) use held::Held;
pub(crate) use opaque::OpaqueRelay;
pub(crate) use passage::{Passage, SameFormat, Translated};
pub(crate) use refused::json_response;
pub(crate) use relay::{Going, GoneOn, Relay, RelayStart, StreamRelay, Successor};
