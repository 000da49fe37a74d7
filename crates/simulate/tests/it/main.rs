//! Configurations in worlds, read as the command reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod canaries;
mod comparisons;
mod hedges;
mod laws;
mod outages;
mod queues;
mod traffic;
mod world;
