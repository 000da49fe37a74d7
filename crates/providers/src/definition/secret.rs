//! A secret in the configuration: read like a text, never written or printed.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A secret that the configuration holds. `Debug` hides it, and it cannot be serialised.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret, for the one place that presents it to a provider.
    #[must_use]
    pub fn into_inner(self) -> SecretString {
        self.0
    }

    /// The text, for whoever proves with it who calls.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

/// Tells whether a configuration changed. Both secrets are the operator's own, so the time it takes tells nobody anything.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretString::from(text)))
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "password",
            "writeOnly": true,
            "description": "A secret, best written as `${env:NAME}`, so that it stands in no file.",
        })
    }
}
