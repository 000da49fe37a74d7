//! What requests, events, usage and errors mean in each provider format. One module per format holds what is its own;
//! the modules beside them hold what formats share.

pub mod chat;
pub mod completions;
pub mod embeddings;
pub mod messages;
pub mod responses;

mod choices;
mod event;
mod named_events;
mod provider_error;
mod request;
mod usage;
mod usage_chunk;
mod wanted_keys;
mod wire_error;

pub use event::{EventFormat, EventKind, EventStream, Inspection};
pub use provider_error::ProviderError;
pub use request::{FactsError, RequestFacts, RequestKind, facts};
pub use usage::{Usage, usage_of_body, usage_of_response};
pub use usage_chunk::{ask_for_usage, is_unasked};
pub use wire_error::{ErrorFormat, WireError, error_body};
