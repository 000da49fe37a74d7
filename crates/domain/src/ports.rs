//! What the planes ask of the outside, as traits: the implementations are handed in by `tollgate`.

pub mod audit_log;
pub mod catalog;
pub mod journal;
pub mod key_encryption;
pub mod metadata_rule;
pub mod notices;
pub mod registry;
pub mod response_store;
pub mod shared_state;
pub mod sign_in;
pub mod spend;
