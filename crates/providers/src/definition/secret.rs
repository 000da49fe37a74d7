//! A secret in the configuration: read like a text, never written or printed.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
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
