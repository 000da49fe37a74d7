//! Laws of `compile`.
