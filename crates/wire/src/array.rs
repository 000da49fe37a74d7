//! Streams that are one JSON array, each element of which is an event: what Google's clients get that do not ask for
//! server-sent events (`alt=sse`), and what servers send that do not know them.
//!
//! Both ways lead through server-sent events, so that nothing else has to know arrays: a [`Splitter`] reads the elements
//! of an array as events, a [`Writer`] writes events as the elements of an array.

mod splitter;
#[cfg(test)]
mod tests;
mod writer;

pub use splitter::Splitter;
pub use writer::Writer;
