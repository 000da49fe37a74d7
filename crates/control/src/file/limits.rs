//! `limits:`.

use engine::route::time::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;

use super::size::ByteSize;

/// Bounds that hold for every request, whoever sends it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSection {
    /// Largest request body; `64MiB` when absent.
    pub body_bytes_max: Option<ByteSize>,
    /// Largest request line and headers together, at least `8KiB`; `64KiB` when absent.
    pub head_bytes_max: Option<ByteSize>,
    /// Most header fields in a request; 64 when absent.
    #[schemars(range(min = 8, max = 1000))]
    pub headers_max: Option<u32>,
    /// Deepest nesting of JSON in a request; 128 when absent.
    #[schemars(range(min = 8, max = 1000))]
    pub json_depth_max: Option<u16>,
    /// Largest frame of a stream accepted from a provider; `16MiB` when absent.
    pub sse_frame_bytes_max: Option<ByteSize>,
    /// A provider's answer up to this size is held back until it is whole, so that its failure can still fall over;
    /// `8MiB` when absent.
    pub held_answer_bytes_max: Option<ByteSize>,
    /// Most client connections at once, at each listener; 16384 when absent.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections_max: Option<u32>,
    /// Most bytes of request bodies and held answers in the process; above it requests are refused with status 503.
    /// `1GiB` when absent.
    pub in_flight_bytes_max: Option<ByteSize>,
    /// Most requests that wait for the quota of one model at one provider; 1000 when absent. With 0 none waits.
    #[schemars(range(max = 100_000))]
    pub queue_length_max: Option<u32>,
    /// Longest time that a request waits for a provider's quota, `30s` when absent. One that would wait longer is refused at once
    /// with status 429.
    pub queue_wait_max: Option<TimeSpan>,
    /// Most keys that are not known, per minute from one network (an IPv4 /24, an IPv6 /64); 60 when absent. Above it they are
    /// refused with status 429. A known key is never refused for that.
    #[schemars(range(min = 1, max = 60_000))]
    pub wrong_keys_per_minute_max: Option<u32>,
    /// How long a client may take to send a request's head, the wait for the next request included; `60s` when absent.
    pub head_read_timeout: Option<TimeSpan>,
    /// Longest silence while a client sends its body; `30s` when absent.
    pub body_idle_timeout: Option<TimeSpan>,
    /// Longest time that a client may take nothing of what is sent to it, before it is dropped; `60s` when absent.
    pub write_stall_timeout: Option<TimeSpan>,
    /// How long open requests may finish when the process is told to stop; `30s` when absent.
    pub drain_timeout: Option<TimeSpan>,
}
