//! Provider formats as data: bytes in, bytes out.
//!
//! A gateway that parses a body into structs and writes it out again loses what it does not know: new fields, key
//! order, the text of numbers. This crate never re-serialises. [`json`] scans a body once, remembers where its
//! top-level members lie and splices replacements between the original bytes; [`sse`] and [`amazon`] cut an event
//! stream into frames without changing a byte, [`array`] makes events of elements and elements of events; [`form`] does for forms
//! with files what [`json`] does for documents; [`formats`] says what a request, an event or an error means in each provider
//! format; [`percent`] encodes what stands in a URL. Nothing here does I/O, knows time, or imports another crate of the workspace.

pub mod amazon;
pub mod array;
mod batch;
pub mod convert;
pub mod form;
pub mod formats;
pub mod framing;
pub mod json;
pub mod percent;
pub mod sse;
pub mod tokens;
pub mod websocket;
