//! Names as types, so that a provider's name can never be passed where a model's is wanted.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{:?}", &*self.0)
            }
        }
    };
}

name! {
    /// A vendor or a server of the operator's own: `openai`, `my-vllm`.
    ProviderName
}
name! {
    /// An LLM as its provider names it: `gpt-4o-mini`, `meta-llama/Llama-3.3-70B-Instruct`.
    ModelName
}
name! {
    /// A saved route of the configuration.
    RouteName
}
name! {
    /// A Tollgate client key, by the name its owner gave it (never its text).
    KeyName
}
name! {
    /// One credential of one provider, as `provider#1` or `provider#name`; stable over reloads, safe to log.
    CredentialId
}

name! {
    /// Where a provider serves, as it calls the place itself: `eu-west-1`, `europe-west4`.
    RegionName
}
name! {
    /// A rate limit or a budget.
    AllotmentName
}
name! {
    /// The company or institution that everything belongs to.
    OrganizationName
}
name! {
    /// A part of the organisation with rules of its own.
    WorkspaceName
}
name! {
    /// A team of a workspace; another workspace may have one of the same name.
    TeamName
}
name! {
    /// A person or a service account: `ada`, `ada@example.com`.
    UserName
}
name! {
    /// What a key is for: `dev`, `staging`, `prod`.
    EnvironmentName
}
name! {
    /// To whom something that is kept belongs. It exists for nobody else.
    Tenant
}
name! {
    /// A response that is kept: `resp_…`.
    ResponseId
}
name! {
    /// A conversation that is kept: `conv_…`.
    ConversationId
}
name! {
    /// An item of a response or a conversation: `msg_…`, `fc_…`.
    ItemId
}

/// The longest name of a provider, a route or a region.
const NAME_BYTES_MAX: usize = 64;

/// Why a text cannot be the name of a provider, a route or a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name: use 1 to {NAME_BYTES_MAX} letters, digits, `-`, `_` or `.`, starting with a letter or digit"
)]
pub struct NameProblem(pub String);

/// Checks a name that users write in the configuration and in `provider/model`.
///
/// # Errors
/// When the text is empty, too long, or holds anything but ASCII letters, digits, `-`, `_` and `.`.
pub fn check_name(text: &str) -> Result<(), NameProblem> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts && text.len() <= NAME_BYTES_MAX && text.bytes().all(legal) {
        Ok(())
    } else {
        Err(NameProblem(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn a_name_has_no_slash_because_a_slash_splits_provider_from_model() {
        assert!(check_name("my-vllm_2.0").is_ok());
        for bad in ["", "a/b", "-a", "ä", "a b", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
