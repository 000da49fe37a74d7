//! Server-sent events (WHATWG HTML, section 9.2) cut into frames without changing a byte.

mod frame;
mod splitter;

pub use frame::{Frame, Lines};
pub use splitter::Splitter;
