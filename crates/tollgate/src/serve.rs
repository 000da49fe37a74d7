//! A running gateway: configuration, listeners, drain.

mod audit;
mod connection;
mod drain;
mod entrances;
mod journal;
mod listener;
mod planes;
mod prepared;
mod renewals;
mod scripted;
mod server;
mod stall;
mod state;
mod tls;
mod upstream;
mod vaults;
mod webhooks;

pub use control::watch::Reloads;
pub use entrances::Entrance;
pub use prepared::Prepared;
pub use server::{Server, ServerParts};
pub(crate) use state::postgres_at;
pub use upstream::{outside, transport};
pub use vaults::VaultReader;
pub(crate) use webhooks::send;
