//! One entry of `credentials`: a secret, or the settings of a sign-in; and whom it is for.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{
    AwsSettings, EntraSettings, GoogleSettings, IbmSettings, OAuthSettings, OracleSettings, Secret, SignIn,
    SnowflakeSettings,
};

/// What a provider's credential is written as.
#[derive(Debug, Clone)]
pub struct CredentialEntry {
    /// What it is called, beside its provider; by its place in the list when absent.
    pub name: Option<String>,
    /// What it is.
    pub value: CredentialValue,
    /// The workspaces that it is shared with; all of them when absent.
    pub workspaces: Option<Vec<String>>,
}

/// What proves to a provider who calls.
#[derive(Debug, Clone)]
pub enum CredentialValue {
    /// A secret that is sent as it is.
    Secret(Secret),
    /// A sign-in, over what `sign_in` says.
    SignIn(Box<SignIn>),
}

/// A credential with what else is said of it: a `secret`, or a sign-in, which is as below `sign_in` and over what is said there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct CredentialSection {
    /// What it is called wherever it is told of, and by limits and budgets, behind its provider: `finance` of `openai` is `openai#finance`. When
    /// absent, it is called by its place in the list, from 1 on: `openai#2`.
    name: Option<String>,
    /// A secret that is sent as it is.
    secret: Option<Secret>,
    /// The workspaces whose requests may be served with it; those of all when absent. To the others it is as if it were not there, and
    /// the provider, too, where they share none of its credentials.
    workspaces: Option<Vec<String>>,
    /// Requests signed with AWS keys.
    aws: Option<AwsSettings>,
    /// Tokens of Google Cloud.
    google: Option<GoogleSettings>,
    /// Tokens of Microsoft Entra ID, for Azure.
    entra: Option<EntraSettings>,
    /// Tokens of any OAuth 2.0 server for a client id and secret.
    oauth: Option<OAuthSettings>,
    /// Tokens of IBM Cloud.
    ibm: Option<IbmSettings>,
    /// Tokens that are signed here with a key pair, for Snowflake.
    snowflake: Option<SnowflakeSettings>,
    /// Requests signed with a key of Oracle Cloud Infrastructure.
    oracle: Option<OracleSettings>,
}

impl From<Secret> for CredentialEntry {
    fn from(secret: Secret) -> Self {
        Self { name: None, value: CredentialValue::Secret(secret), workspaces: None }
    }
}

impl<'de> Deserialize<'de> for CredentialEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByForm)
    }
}

struct ByForm;

impl<'de> Visitor<'de> for ByForm {
    type Value = CredentialEntry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a secret, or a sign-in such as `aws`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CredentialEntry, E> {
        Ok(Secret::from(text.to_owned()).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CredentialEntry, A::Error> {
        let section = CredentialSection::deserialize(MapAccessDeserializer::new(map))?;
        let CredentialSection { name, secret, workspaces, aws, google, entra, oauth, ibm, snowflake, oracle } =
            section;
        let sign_in = SignIn { aws, google, entra, oauth, ibm, snowflake, oracle };
        let value = match secret {
            Some(_) if sign_in != SignIn::default() => {
                return Err(A::Error::custom(
                    "a secret is one credential, and a sign-in another; write one of them",
                ));
            }
            Some(secret) => CredentialValue::Secret(secret),
            None => CredentialValue::SignIn(Box::new(sign_in)),
        };
        Ok(CredentialEntry { name, value, workspaces })
    }
}

impl JsonSchema for CredentialEntry {
    fn schema_name() -> Cow<'static, str> {
        "CredentialEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text is a secret that is sent as it is; keys with values are a `secret` or a sign-in, as below `sign_in` and \
                over what is said there, its `name`, and the `workspaces` that it is shared with.",
            "anyOf": [generator.subschema_for::<Secret>(), generator.subschema_for::<CredentialSection>()],
        })
    }
}
