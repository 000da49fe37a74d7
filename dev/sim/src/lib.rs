//! A fleet that shares budgets, simulated by seed.

mod audit;
mod faults;
mod luck;
mod network;
mod replica;
mod scenario;
mod store;
mod trace;
mod world;

pub use scenario::Scenario;
pub use world::{Report, run};
