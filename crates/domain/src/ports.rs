//! What the planes ask of the outside, as traits: the implementations are handed in by `tollgate`.

pub mod catalog;
pub mod response_store;
pub mod sign_in;
