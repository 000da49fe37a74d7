//! The LLM data plane: one request from its head to the end of its answer.
//!
//! `stack.rs` is the order of things; everything else is one step of it. The plane reads an immutable snapshot and
//! never a database, and decides nothing that `engine` can decide.

mod access;
mod admission;
mod answer;
mod attempt;
mod charge;
pub mod dialect;
mod ending;
mod explain;
mod facts;
mod feedback;
mod gateway;
mod handoff;
mod ingress;
mod keeping;
mod kept;
mod known_models;
mod metadata;
mod models;
mod noted;
mod openapi;
mod passthrough;
mod patience;
mod peer;
mod permission;
mod pinned;
mod prober;
mod probes;
mod provider_words;
mod realtime;
mod redaction;
mod refusal;
mod region;
mod resolve;
mod response_owners;
mod route_of;
mod running;
mod signature;
mod spend;
mod stack;
mod stored;
mod visible;

pub use answer::AnswerBody;
pub use explain::{Question, Refused};
pub use gateway::{Gateway, GatewayParts, Readiness};
pub use openapi::openapi;
pub use peer::client_address;
pub use pinned::Configuration;
pub use realtime::Session;
pub use stack::{answer_unknown, serve};
