//! How to sign in where a credential is no fixed text: the settings, for data files and the configuration alike. Which
//! environment variables stand in for what is left out is said at each field; they are those of the vendors' own tools.

use schemars::JsonSchema;
use serde::Deserialize;

/// One settings struct with every field taken from `over` where it has one, else from `base`.
macro_rules! merged {
    ($over:expr, $base:expr, { $($field:ident),+ $(,)? }) => {
        Self { $($field: $over.$field.or($base.$field)),+ }
    };
}

mod aws;
mod entra;
mod google;
mod ibm;
mod oauth;
mod oracle;
mod snowflake;

pub use aws::{AwsSettings, AwsSource};
pub use entra::{EntraSettings, EntraSource};
pub use google::{GoogleSettings, GoogleSource};
pub use ibm::IbmSettings;
pub use oauth::{ClientAuthentication, OAuthSettings};
pub use oracle::OracleSettings;
pub use snowflake::SnowflakeSettings;

/// How to sign in where a credential is no fixed text; at most one of these.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    /// Requests signed with AWS keys.
    pub aws: Option<AwsSettings>,
    /// Tokens of Google Cloud.
    pub google: Option<GoogleSettings>,
    /// Tokens of Microsoft Entra ID, for Azure.
    pub entra: Option<EntraSettings>,
    /// Tokens of any OAuth 2.0 server for a client id and secret.
    pub oauth: Option<OAuthSettings>,
    /// Tokens of IBM Cloud.
    pub ibm: Option<IbmSettings>,
    /// Tokens that are signed here with a key pair, for Snowflake.
    pub snowflake: Option<SnowflakeSettings>,
    /// Requests signed with a key of Oracle Cloud Infrastructure.
    pub oracle: Option<OracleSettings>,
}

impl SignIn {
    /// Whether somebody wrote whose account is used, in distinction to what a data file says of a vendor.
    pub(crate) fn names_an_account(&self) -> bool {
        self.aws.as_ref().is_some_and(AwsSettings::names_an_account)
            || self.google.as_ref().is_some_and(GoogleSettings::names_an_account)
            || self.entra.as_ref().is_some_and(EntraSettings::names_an_account)
            || self.oauth.as_ref().is_some_and(OAuthSettings::names_an_account)
            || self.ibm.as_ref().is_some_and(IbmSettings::names_an_account)
            || self.snowflake.as_ref().is_some_and(SnowflakeSettings::names_an_account)
            || self.oracle.as_ref().is_some_and(OracleSettings::names_an_account)
    }

    /// These settings, with those that `over` gives taken from there.
    pub(crate) fn merge(self, over: Self) -> Self {
        Self {
            aws: both(self.aws, over.aws, AwsSettings::merge),
            google: both(self.google, over.google, GoogleSettings::merge),
            entra: both(self.entra, over.entra, EntraSettings::merge),
            oauth: both(self.oauth, over.oauth, OAuthSettings::merge),
            ibm: both(self.ibm, over.ibm, IbmSettings::merge),
            snowflake: both(self.snowflake, over.snowflake, SnowflakeSettings::merge),
            oracle: both(self.oracle, over.oracle, OracleSettings::merge),
        }
    }

    /// The texts that may hold variables: those that a data file says of a vendor.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let Self { aws, google: _, entra, oauth, ibm, snowflake, oracle: _ } = self;
        let texts = [
            aws.as_ref().and_then(|aws| aws.region.as_deref()),
            entra.as_ref().and_then(|entra| entra.scope.as_deref()),
            oauth.as_ref().and_then(|oauth| oauth.token_url.as_deref()),
            ibm.as_ref().and_then(|ibm| ibm.token_url.as_deref()),
            snowflake.as_ref().and_then(|snowflake| snowflake.account.as_deref()),
        ];
        texts.into_iter().flatten()
    }
}

fn both<T>(base: Option<T>, over: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (base, over) {
        (Some(base), Some(over)) => Some(merge(base, over)),
        (base, over) => over.or(base),
    }
}
