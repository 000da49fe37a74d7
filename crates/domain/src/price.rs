//! What a model costs: rates by component, cards of rates by the length of the context, lists of cards by the tier of
//! service, each list for a time. A figure that nobody published is absent; it is never nothing and never guessed.

mod component;
mod list;
mod period;
mod rates;

pub use component::Component;
pub use list::{ModelPrices, PriceList, Tier};
pub use period::{Period, PeriodProblem};
pub use rates::{Price, PriceProblem, RateCard, Rates};
