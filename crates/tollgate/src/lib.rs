//! The binary's parts: wiring, listeners, shutdown, and one file per command. Here alone everything is known.

pub mod commands;
pub mod serve;
