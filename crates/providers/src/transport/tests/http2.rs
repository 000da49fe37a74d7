//! Laws of shared connections.
