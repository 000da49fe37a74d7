//! A running gateway: configuration, listener, drain.

mod audit;
mod connection;
mod drain;
mod listener;
mod prepared;
mod renewals;
mod scripted;
mod server;
mod stall;
mod state;
mod tls;
mod upstream;

pub use prepared::Prepared;
pub use server::{Reloads, Server, ServerParts};
pub use upstream::{outside, transport};
