//! Secrets as the registry keeps them: each object's under a data key of its own (AES-256-GCM), and that under a key which the registry never
//! has. What is sealed says whose it is and where it stands, so it opens nowhere else.

mod envelope;
mod keys;
mod local_key;
#[cfg(test)]
mod tests;

pub use envelope::Sealed;
pub use keys::{KeyRing, KeySettings, KeySource, NotSealed, Sealing};
pub use local_key::{KeyRefused, LocalKey};

/// 256 random bits for each call; none when the system has none to give.
pub type RandomKey = fn() -> Option<[u8; 32]>;
