//! What this process knows of providers, limits and budgets, and agrees on with the other processes of its fleet.
//!
//! What follows from it is decided by `engine`. Here its state is kept for all requests and across reloads, with the process's clock, behind locks, and with
//! those who wait; and what others have to know is exchanged with them over the state that they share, never on a request's path unless the request is short of
//! what was granted.

pub mod allotted;
pub mod canaries;
mod clock;
pub mod feedback;
pub mod health;
mod legible;
pub mod mirrors;
pub mod quotas;
pub mod retry_budgets;

pub use clock::Clock;
