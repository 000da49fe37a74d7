//! The whole gateway from outside, before providers that do what each test says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod configuration;
mod gateway;

mod cancel;
mod credentials;
mod faithful;
mod fallback;
mod headers;
mod retry;
mod timeouts;
