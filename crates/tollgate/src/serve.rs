//! A running gateway: configuration, listener, drain.

mod connection;
mod drain;
mod listener;
mod scripted;
mod server;
mod stall;
mod state;
mod tls;
mod upstream;

pub use server::{Reloads, Server, ServerParts};
pub use upstream::{outside, transport};
