//! Why a token is not accepted. No text repeats anything of a token: it may be somebody's, and it may be an attacker's.

use std::time::Duration;

use crate::claims::ClaimPath;
use crate::tenants::Absent;

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// It is longer than any that is read.
    #[error("the token is longer than {max_bytes} bytes")]
    TooLong {
        /// The longest that is read.
        max_bytes: usize,
    },
    /// A part of it cannot be read, or can be read in two ways.
    #[error("the token cannot be read: {0}")]
    Unreadable(&'static str),
    /// Nobody who is configured issued it.
    #[error("the token's issuer (`iss`) is none that is accepted here (`token_issuers`)")]
    UnknownIssuer,
    /// It is signed in a way that the issuer does not sign.
    #[error("the token is not signed by an algorithm that is accepted of its issuer")]
    Algorithm,
    /// The issuer has no such key.
    #[error("the token is signed with a key (`kid`) that its issuer does not publish")]
    UnknownKey,
    /// The signature is not that of the token.
    #[error("the signature of the token is wrong")]
    Signature,
    /// A claim is missing, or no value that it can have.
    #[error("the token has no usable `{0}`")]
    Claim(&'static str),
    /// Its time is over.
    #[error("the token has expired; get a new one from its issuer")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; compare the clocks of its issuer and of the gateway")]
    NotYetValid,
    /// It was issued for somebody else.
    #[error("the token is for another audience (`aud`)")]
    Audience,
    /// No rule is for it.
    #[error("the token is good, but no rule of its issuer is for it (`token_issuers[].rules`)")]
    NoRule,
    /// A rule takes a name from a claim that it does not have, or that can be none.
    #[error("the token is good, but its claim `{0}` is no text that the rule for it could take a name from")]
    Unfilled(ClaimPath),
    /// It is that of a user who is disabled.
    #[error("the token is good, but its user is disabled")]
    Disabled,
    /// Its claims name somebody who is not there.
    #[error(
        "the token is good, but the {0} that its claims give is not one that the configuration has for it"
    )]
    Unplaced(Absent),
    /// The issuer's keys are not there.
    #[error("the keys of the token's issuer could not be fetched yet")]
    NoKeys {
        /// When they may be there.
        retry_after: Duration,
    },
}
