//! The JSON schema of the configuration, for editors and for the structural check.

use serde_json::Value as Json;

use crate::file::ConfigFile;

/// The JSON schema (draft 2020-12) of `tollgate.yaml`. Durations and sizes have the formats `time-span`, `time-limit`, `us-dollars` and
/// `byte-size`, secrets are `writeOnly`, and `x-aliases` names other spellings of a key.
///
/// It is made anew each time: a process needs it for some milliseconds at each load, and it is large.
#[must_use]
pub fn config_schema() -> Json {
    schemars::schema_for!(ConfigFile).to_value()
}

#[cfg(test)]
mod tests {
    use super::config_schema;

    #[test]
    fn every_key_of_the_configuration_is_documented() {
        let schema = config_schema();
        let root = ("ConfigFile".to_owned(), schema.clone());
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, schema) in definitions.iter().chain([(&root.0, &root.1)]) {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(property["description"].is_string(), "{name}.{key} has no description");
            }
        }
    }
}
