//! Who calls: the tenants of a configuration, and JSON web tokens that are accepted in place of keys.
//!
//! A token is verified by the keys of its issuer, and rules of the configuration say whose it is and what it may do. What comes of
//! it is an [`domain::ApiKey`], so that nothing behind the door knows with what a caller came through it.

mod algorithm;
mod callers;
mod claims;
#[cfg(test)]
mod fixture;
mod issuer;
mod key_set;
mod problem;
mod rule;
mod signing_keys;
mod tenants;
mod token;

pub use algorithm::Algorithm;
pub use callers::Callers;
pub use claims::ClaimPath;
pub use issuer::Issuer;
pub use key_set::{KeySet, KeySetProblem};
pub use problem::TokenProblem;
pub use rule::{Condition, Rule, Template, TemplateProblem};
pub use signing_keys::{Fetch, Fetched, KeySources, SigningKeys};
pub use tenants::{
    Absent, KnownUser, KnownWorkspace, LabelProblem, Listing, Tenants, UserNameProblem, Whose, check_label,
    check_user_name,
};
pub use token::has_form;
