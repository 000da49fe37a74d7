//! Who calls: the tenants of a configuration, and JSON web tokens that are accepted in place of keys.
//!
//! A token is verified by the keys of its issuer, and rules of the configuration say whose it is and what it may do. What comes of
//! it is an [`domain::ApiKey`], so that nothing behind the door knows with what a caller came through it.
//!
//! And people who sign in: their passwords, codes and sessions, as decisions without a clock and without a store.

mod algorithm;
mod attempts;
mod callers;
mod claims;
#[cfg(test)]
mod fixture;
mod issuer;
mod key_set;
mod oidc;
mod one_time_code;
mod password;
mod problem;
mod renewed;
mod rule;
pub mod scim;
mod session;
mod signing_keys;
mod tenants;
mod token;

pub use algorithm::Algorithm;
pub use attempts::{ATTEMPTS_KEPT, Attempts};
pub use callers::Callers;
pub use claims::ClaimPath;
pub use issuer::Issuer;
pub use key_set::{KeySet, KeySetProblem};
pub use oidc::{
    ATTEMPT_LASTS, Attempt, Begun, Discovered, Person, Provider, ProviderSources, Redeem, Redemption,
    RelyingParty, RelyingPartyParts, Returned, SignInProblem, is_local_path,
};
pub use one_time_code::{OneTimeSecret, OneTimeSecretProblem, STEP, step_at};
pub use password::{PASSWORD_BYTES_MAX, PasswordHash, PasswordHashProblem, PasswordProblem};
pub use problem::TokenProblem;
pub use renewed::{Document, Fetch, Fetched, FetchedDocument, Renewed, Sources};
pub use rule::{Condition, Rule, Template, TemplateProblem};
pub use session::{Session, SessionId, SessionLimits, Use, Way, sessions_of};
pub use signing_keys::{KeySources, SigningKeys};
pub use tenants::{
    Absent, KnownUser, KnownWorkspace, LabelProblem, Listing, Tenants, UserNameProblem, Whose, check_label,
    check_user_name,
};
pub use token::has_form;
