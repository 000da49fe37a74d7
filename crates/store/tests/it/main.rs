//! Every implementation of a port against the same suite.

mod responses;
