//! The settings of a sign-in to Snowflake by a key pair.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Tokens that are signed here with the private key of a Snowflake user.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SnowflakeSettings {
    /// The account's identifier: `myorg-account1`.
    pub account: Option<String>,
    /// The user whose public key Snowflake knows; else `SNOWFLAKE_USER`.
    pub user: Option<String>,
    /// The file with the private key, PEM without a passphrase; else `SNOWFLAKE_PRIVATE_KEY_FILE` or
    /// `SNOWFLAKE_PRIVATE_KEY_PATH`.
    pub private_key_file: Option<String>,
    /// The private key itself in place of a file; else `SNOWFLAKE_PRIVATE_KEY_RAW`.
    pub private_key: Option<Secret>,
}

impl SnowflakeSettings {
    pub(super) fn names_an_account(&self) -> bool {
        *self != Self { account: self.account.clone(), ..Self::default() }
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, { account, user, private_key_file, private_key })
    }
}
