//! What requests, events, usage and errors mean in each provider format. One module per format holds what is its own;
//! the modules beside them hold what formats share.

pub mod chat;
pub mod cohere;
pub mod completions;
pub mod converse;
pub mod embeddings;
pub mod gemini;
pub mod images;
pub mod messages;
pub mod responses;
pub mod speech;
pub mod transcription;

mod choices;
mod event;
mod event_stream;
mod named_events;
mod output_limit;
mod provider_error;
mod realtime;
mod request;
mod request_kind;
mod request_shape;
mod usage;
mod usage_chunk;
mod wanted_keys;
mod wire_error;

pub use event::{EventFormat, EventKind, Inspection};
pub use event_stream::EventStream;
pub use output_limit::limited_output;
pub use provider_error::ProviderError;
pub use realtime::{RealtimeEvent, realtime_event};
pub use request::{FactsError, RequestFacts, facts};
pub use request_kind::RequestKind;
pub use usage::{ServiceTier, Usage, usage_of_answer, usage_of_body, usage_of_request};
pub(crate) use usage::{milliseconds_of, whole};
pub use usage_chunk::ask_for_usage;
pub use wire_error::{ErrorFormat, WireError, amazon_error_type};
