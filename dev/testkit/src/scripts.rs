//! Scripts for the formats: requests, whole answers, streams, and everything that goes wrong with them.

mod events;
mod failures;
mod formats;

pub use events::EventScript;
pub use failures::{
    cut, empty_answer, empty_stream, error, error_of, hang, hang_after_head, json, malformed_json,
    rate_limited, with_header,
};
pub use formats::{STREAMS, STREAMS_BY_BODY, USAGE_CHUNK, answer, path, path_of, request, stream};
