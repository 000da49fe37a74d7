//! Every implementation of a port against the same suite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod responses;
