//! The atomic numbers of what many requests change at once: the standard library's, or with `--cfg loom` those of the model checker
//! loom, which tries every interleaving. So what is checked is what runs.

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
