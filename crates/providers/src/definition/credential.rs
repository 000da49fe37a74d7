//! One entry of `credentials`: a secret, or the settings of a sign-in.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Secret, SignIn};

/// What a provider's credential is written as.
#[derive(Debug, Clone)]
pub enum CredentialEntry {
    /// A secret that is sent as it is.
    Secret(Secret),
    /// A sign-in, over what `sign_in` says.
    SignIn(Box<SignIn>),
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
        Ok(CredentialEntry::Secret(Secret::from(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CredentialEntry, A::Error> {
        let sign_in = SignIn::deserialize(MapAccessDeserializer::new(map))?;
        Ok(CredentialEntry::SignIn(Box::new(sign_in)))
    }
}

impl JsonSchema for CredentialEntry {
    fn schema_name() -> Cow<'static, str> {
        "CredentialEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text is a secret that is sent as it is; keys with values are a sign-in, as below `sign_in` and over \
                what is said there.",
            "anyOf": [generator.subschema_for::<Secret>(), generator.subschema_for::<SignIn>()],
        })
    }
}
