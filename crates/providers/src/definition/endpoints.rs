//! Which operations a provider offers: a path by the name of each. The names are those of [`Endpoint`], so a new
//! operation is a new variant there and nothing here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use domain::Endpoint;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What the schema and the reference say about all of them.
const ABOUT: &str = "The path of each operation, appended to `base_url`; `{model}` in it stands for the model's name, \
     `{model_path}` for one whose slashes are the path's, `{voice}` for a voice, `{id}` for that of a result. An operation without a path is not offered; an empty path takes away one that is built in.";

/// The path of each operation, appended to the base URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<Endpoint, String>);

impl Endpoints {
    /// The path written for an endpoint, when it is offered.
    #[must_use]
    pub fn path(&self, endpoint: Endpoint) -> Option<&str> {
        self.0.get(&endpoint).map(String::as_str).filter(|path| !path.is_empty())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Endpoint::ALL.into_iter().all(|endpoint| self.path(endpoint).is_none())
    }

    /// Writes the path of an endpoint; an empty one takes it away.
    pub fn set(&mut self, endpoint: Endpoint, path: impl Into<String>) {
        self.0.insert(endpoint, path.into());
    }

    /// These paths, with those of `over` in place of the same operations.
    pub(super) fn merge(mut self, over: Self) -> Self {
        self.0.extend(over.0);
        self
    }
}

impl FromIterator<(Endpoint, String)> for Endpoints {
    fn from_iter<T: IntoIterator<Item = (Endpoint, String)>>(paths: T) -> Self {
        Self(paths.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByName)
    }
}

struct ByName;

impl<'de> Visitor<'de> for ByName {
    type Value = Endpoints;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("operations with their paths")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Endpoints, A::Error> {
        let mut paths = BTreeMap::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let endpoint = Endpoint::named(&name).ok_or_else(|| A::Error::custom(unknown(&name)))?;
            if let Some(path) = map.next_value::<Option<String>>()? {
                paths.insert(endpoint, path);
            }
        }
        Ok(Endpoints(paths))
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = Endpoint::ALL.into_iter().map(|endpoint| format!("`{endpoint}`")).collect();
    format!("unknown field `{name}`, expected one of {}", names.join(", "))
}

impl JsonSchema for Endpoints {
    fn schema_name() -> Cow<'static, str> {
        "Endpoints".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let path = |endpoint: Endpoint| {
            let schema = json_schema!({"type": ["string", "null"], "description": endpoint.about()});
            (endpoint.name().to_owned(), schema.to_value())
        };
        let properties: serde_json::Map<_, _> = Endpoint::ALL.into_iter().map(path).collect();
        json_schema!({
            "type": "object",
            "description": ABOUT,
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
