//! Everything that differs from one LLM provider to the next, as data, and the two ends of the wire to them: the
//! HTTP client that reaches real ones, and a scripted one that needs no credential.

pub mod catalog;
pub mod compile;
pub mod definition;
mod named_path;
mod problem;
pub mod reference;
pub mod registry;
pub mod scripted;
pub mod sign_in;
pub mod transport;
pub mod vaults;
pub mod websocket;

pub use named_path::named_path;
pub use wire::percent;
