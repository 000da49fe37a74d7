//! The codecs from outside: their laws on generated input, and their reading of recorded streams and bodies.

mod golden;
mod laws;
mod properties;
