//! The codecs from outside: their laws on generated input, and their reading of recorded streams and bodies.

#![expect(clippy::expect_used, clippy::panic, reason = "a law that does not hold ends the test")]

mod convert;
mod golden;
mod laws;
mod media;
mod properties;
mod recordings;
mod resumed_responses;
mod retrieval;
mod translation_laws;
mod translation_properties;
