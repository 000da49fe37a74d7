//! Laws of `definition`.
