//! A credential as it is written in a route: readable once, never shown.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::json;

/// A provider's secret. `Debug` hides it, and dropping it overwrites it.
#[derive(Clone)]
pub struct CredentialText(pub SecretString);

impl fmt::Debug for CredentialText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CredentialText(hidden)")
    }
}

impl<'de> Deserialize<'de> for CredentialText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl JsonSchema for CredentialText {
    fn schema_name() -> Cow<'static, str> {
        "CredentialText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = Schema::default();
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("format".to_owned(), json!("password"));
        schema.insert("writeOnly".to_owned(), json!(true));
        schema.insert(
            "description".to_owned(),
            json!("A secret; write `${env:NAME}` or `${file:path}` rather than the secret itself."),
        );
        schema
    }
}
