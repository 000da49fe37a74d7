//! Who may still use how much: rate limits and budgets, exactly, for requests that come at once.
//!
//! A request holds the most that it can take, of every account that it is charged to or of none ([`Ledger::reserve`]), and gives back what it
//! did not take when its end is known ([`Reservation::settle`]). So what is spent and what is held together never exceed what there is.
//! An [`Account`](account) is what one group of requests has of one allotment; the [`Ledger`] finds them and locks them. Whoever asks brings
//! the time.

mod account;
mod accounts;
mod bucket;
mod calendar;
mod claims;
mod contact;
mod demand;
mod denied;
mod digest;
mod encoding;
mod groups;
mod lease;
mod leased;
mod measure;
mod passed_over;
mod pool;
mod rates;
mod reservation;
mod reserve;
mod reservoir;
mod shared;
mod slots;
mod spending;
mod standing;
mod statement;
mod totals;
mod value;

#[cfg(test)]
mod tests;

pub use claims::{Claims, Described, Named};
pub use contact::EXCHANGE_INTERVAL;
pub use denied::{Denials, Denied, Shortage, Why};
pub use measure::{Actual, Asked, Bound, Moment, Tokens};
pub use passed_over::{Candidate, PassedOver};
pub use reservation::Reservation;
pub use reserve::Ledger;
pub use shared::{Asking, Proposal, Shared, Unaccounted, Unreadable};
pub use standing::{Measured, Standing};
pub use statement::Statement;
pub use totals::Total;
