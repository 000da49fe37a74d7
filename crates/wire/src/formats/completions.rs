//! OpenAI completions, the legacy endpoint: as chat completions, with `text` in place of `delta`. What reads the events
//! of the one reads those of the other, so nothing here is its own.

pub use super::chat::Events;

pub(super) use super::chat::REQUEST;
