//! People who sign in at an identity provider (OpenID Connect): what is believed of it, as decisions whose time and randomness are handed in.

mod attempt;
mod provider;
mod relying_party;

pub use attempt::{ATTEMPT_LASTS, Attempt, is_local_path};
pub use provider::{Discovered, Provider, ProviderSources};
pub use relying_party::{
    Begun, Person, Redeem, Redemption, RelyingParty, RelyingPartyParts, Returned, SignInProblem,
};
