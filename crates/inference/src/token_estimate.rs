//! How many tokens a request is, as far as can be said without reading it.

/// About so many bytes of JSON are a token: an estimate that costs nothing.
pub(crate) const BYTES_PER_TOKEN: usize = 4;
