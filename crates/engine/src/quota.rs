//! Requests are shaped by a provider's quota before the provider refuses them.
//!
//! [`Shaper`] is the state of one model at one provider: an [`Account`] for each credential, which knows what is left, and a
//! [`FairQueue`] of those that wait. Whoever holds it brings the time, and carries out what it decides. Times are durations
//! since any fixed start.

mod account;
mod cost;
mod pace;
mod place;
mod queue;
mod report;
mod reported;
mod shaper;
mod utilization;
mod window;

#[cfg(test)]
mod tests;

pub use account::{Account, Receipt};
pub use cost::Cost;
pub use place::{is_shaped, over_quota};
pub use queue::{Claimant, FairQueue, Ticket};
pub use report::{Left, Report, reports};
pub use shaper::{Arrival, Asked, Bounds, Granted, Shaper, Turn};
