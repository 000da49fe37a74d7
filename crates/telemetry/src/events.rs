//! The catalogue of events, one file each.

mod attempt_failed;
mod configuration_loaded;
mod request_ended;
mod request_refused;
mod target_passed_over;

pub use attempt_failed::AttemptFailed;
pub use configuration_loaded::ConfigurationLoaded;
pub use request_ended::RequestEnded;
pub use request_refused::RequestRefused;
pub use target_passed_over::TargetPassedOver;
