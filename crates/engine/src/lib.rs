//! Tollgate's judgement: which target next, wait how long, rest which credential, whose fault it was.
//!
//! Pure code: state and facts and now in, decision out. No clock, no randomness, no I/O; the planes own the state and
//! carry the decisions out.

pub mod breaker;
pub mod canary;
pub mod classify;
pub mod credentials;
pub mod decision;
mod denials;
pub mod fitness;
pub mod habit;
pub mod ledger;
mod lengths;
pub mod likeness;
pub mod load;
mod mirror;
mod mutex;
pub mod plan;
pub mod prefix;
pub mod quota;
pub mod retry;
pub mod retry_after;
mod retry_budget;
pub mod route;
mod throughput;
pub mod times;
pub mod token_estimate;
pub mod warmth;
pub mod watch;
mod wrong_keys;

pub use breaker::Breaker;
pub use classify::classify;
pub use credentials::Bench;
pub use denials::{Denial, Denials};
pub use fitness::{Demand, Lack, lack};
pub use habit::Habit;
pub use lengths::Lengths;
pub use load::Load;
pub use mirror::MirrorAccount;
pub use plan::{Outlook, Step, Walk};
pub use prefix::Prefix;
pub use retry_budget::RetryBudget;
pub use throughput::Throughput;
pub use times::Times;
pub use token_estimate::estimated_tokens;
pub use warmth::Warmth;
pub use watch::{Guards, Seen, Watch};
pub use wrong_keys::{WrongKeys, neighbourhood};
