//! The Responses API as Tollgate serves it itself, so that it is whole before every provider.
//!
//! A provider that speaks Responses keeps its own, and Tollgate only remembers who made which (`response_owners.rs`). For every
//! other, [`resume`] puts what a request goes on from before the request's own items, `keeping` writes the answer down before the
//! client has its end, [`respond`] lets a response work in the background, and `stored.rs` and `conversations.rs` serve what was
//! kept.

mod background;
mod conversations;
mod failure;
mod given_up;
mod list;
mod replay;
mod resume;
mod stored;

pub(crate) use background::respond;
pub(crate) use conversations::converse;
pub(crate) use resume::resume;
pub(crate) use stored::serve;
