//! Laws of `registry`.
