//! Routes as people write them, and their way to [`domain::RouteNode`]: the form of a route is a superset of the config
//! object that Portkey's users have, whether it stands in the configuration file or in a request's header.

pub mod compile;
pub mod condition;
mod look_up;
pub mod near;
pub mod settle;
pub mod spec;
pub(crate) mod sticky;
pub mod time;

pub use compile::{CompileContext, Defaults, Origin, ProviderDirectory, compile, defaults};
pub use look_up::{direct, look_up, look_up_among};
pub use settle::{NothingLeft, Permits, Trials, settled};
pub use spec::RouteSpec;

/// One thing that is wrong with a route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct RouteProblem {
    /// Where, as `targets[1].retry.attempts`; empty for the route itself.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// The path of a member of `path`.
pub(crate) fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
