//! Translation between formats: each is read into one form and written from it, so six formats need twelve halves instead
//! of thirty-six pairs.
//!
//! Everything is pure: bytes in, bytes out. A stream is translated event by event and never collected. What a format
//! cannot say is found out before anything is written, by [`losses`]: what would change the meaning is refused, the rest is
//! named. Nothing is blanked.

mod capability;
mod chat;
mod client;
mod codec;
mod cohere;
mod converse;
pub mod counting;
mod data_url;
pub mod embeddings;
mod feature;
pub mod form;
mod format;
mod gemini;
mod identifier;
mod listener;
mod losses;
pub mod media;
mod messages;
mod prefill;
mod prompt_shape;
mod read;
mod reference;
pub mod rerank;
pub mod responses;
mod retrieval_reference;
mod seal;
mod seam;
mod stream;
#[cfg(test)]
mod tests;
mod transcript;
mod translation;

pub use capability::{Needs, needs};
pub use client::ClientContext;
pub use codec::{Malformed, Objection};
pub use feature::{Carriage, Entry, Feature};
pub use format::Format;
pub use listener::Listener;
pub use losses::{Loss, losses};
pub use prefill::{Marks, going_on, may_go_on};
pub use reference::reference;
pub use retrieval_reference::retrieval_reference;
pub use seal::PREFIX as SEAL_PREFIX;
pub use stream::{Heard, StreamSource, StreamTranslation};
pub use translation::{ChatMembers, Strictness, Target, Translation, read_prompt, translate};
