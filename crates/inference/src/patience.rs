//! How long a provider's stream is waited for, and how slow it may be.

mod pace;
mod silence;

pub(crate) use pace::Pace;
pub(crate) use silence::Silence;
