//! How many tokens a request is, as far as can be said without reading it.

/// About so many bytes of JSON are a token: an estimate that costs nothing.
pub const BYTES_PER_TOKEN: u64 = 4;

/// About how many tokens a body of so many bytes is.
#[must_use]
pub fn estimated_tokens(body_bytes: u64) -> u64 {
    body_bytes.div_ceil(BYTES_PER_TOKEN)
}
