//! What outlives a request: implementations of the domain's storage ports.

mod memory;

pub use memory::MemoryStore;
