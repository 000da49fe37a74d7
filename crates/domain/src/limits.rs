//! The bounds that hold for every request, whoever sends it.

use std::time::Duration;

/// Process-wide bounds. Every one has a default, so that nothing is ever unbounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body.
    pub body_bytes_max: usize,
    /// Largest request head (request line and headers); at least 8192, hyper's smallest buffer.
    pub head_bytes_max: usize,
    /// Most header fields in a request.
    pub headers_max: usize,
    /// Deepest nesting of JSON in a request.
    pub json_depth_max: u16,
    /// Largest SSE frame accepted from a provider.
    pub sse_frame_bytes_max: usize,
    /// A provider's answer up to this size is held back until it is whole, so that its failure can still fall over.
    pub held_answer_bytes_max: usize,
    /// Most client connections at once.
    pub connections_max: usize,
    /// Most bytes of request bodies and held answers in the process; above it requests are shed with 503.
    pub in_flight_bytes_max: usize,
    /// Most requests that wait for the quota of one model at one provider.
    pub queue_length_max: usize,
    /// Longest time that a request waits for a quota.
    pub queue_wait_max: Duration,
    /// Most keys that are not known, per minute and network; above it they are refused with 429. Known keys are not touched.
    pub wrong_keys_per_minute_max: u32,
    /// How long a client may take to send a request head.
    pub head_read_timeout: Duration,
    /// Longest silence while a client sends its body.
    pub body_idle_timeout: Duration,
    /// Longest time that a client may take nothing of what is sent to it.
    pub write_stall_timeout: Duration,
    /// How long open requests may finish after SIGTERM.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 << 20,
            head_bytes_max: 64 << 10,
            headers_max: 64,
            json_depth_max: 128,
            sse_frame_bytes_max: 16 << 20,
            held_answer_bytes_max: 8 << 20,
            connections_max: 16_384,
            in_flight_bytes_max: 1 << 30,
            queue_length_max: 1000,
            queue_wait_max: Duration::from_secs(30),
            wrong_keys_per_minute_max: 60,
            head_read_timeout: Duration::from_secs(60),
            body_idle_timeout: Duration::from_secs(30),
            write_stall_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(30),
        }
    }
}
