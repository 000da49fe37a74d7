//! Scripts for the formats: requests, whole answers, streams, and everything that goes wrong with them.

mod events;
mod failures;
mod formats;
mod reply;
mod situations;

pub use events::EventScript;
pub use failures::{
    cut, empty_answer, empty_stream, error, error_of, hang, hang_after_head, json, malformed_json,
    rate_limited, with_header,
};
pub use formats::{STREAMS, STREAMS_BY_BODY, USAGE_CHUNK, answer, path, path_of, request, stream};
pub use reply::{CALL_ID, Counts, Reply, SIGNATURE};
pub use situations::{
    CONVERSATIONS, answer_counted, answer_filtered, answer_limited, answer_refused, answer_with_thinking,
    answer_with_tool, stream_counted, stream_failing, stream_filtered, stream_limited, stream_refused,
    stream_with_thinking, stream_with_tool,
};
