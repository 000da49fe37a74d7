//! A JSON schema over the metadata of requests. The library for it stays in this file.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ports::metadata_rule::MetadataRule;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value as Json;

use super::Problems;
use crate::path::Path;

/// Most mistakes that are told of one request.
const MISTAKES_MAX: usize = 3;
/// The longest description of one.
const MISTAKE_LETTERS_MAX: usize = 200;
/// The most that a pattern of the schema may become when it is compiled.
const PATTERN_BYTES_MAX: usize = 1 << 20;

#[derive(Debug)]
struct Schema(Validator);

/// The rule that a schema stands for.
pub(super) fn compile(
    schema: &BTreeMap<String, Json>,
    path: &Path,
    problems: &mut Problems,
) -> Option<Arc<dyn MetadataRule>> {
    let schema = Json::Object(schema.clone().into_iter().collect());
    // Patterns come from the operator and texts from clients: only an engine in linear time will do.
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES_MAX);
    match jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns).build(&schema) {
        Ok(validator) => Some(Arc::new(Schema(validator))),
        Err(error) => {
            problems.push((path.clone(), format!("this is no JSON schema: {error}")));
            None
        }
    }
}

impl MetadataRule for Schema {
    fn check(&self, metadata: &str) -> Result<(), String> {
        let Ok(metadata) = serde_json::from_str::<Json>(metadata) else {
            return Err("it is no JSON object".to_owned());
        };
        let told = self.0.iter_errors(&metadata).take(MISTAKES_MAX).map(|error| {
            let place = error.instance_path().to_string();
            let said: String =
                error.masked_with("the value").to_string().chars().take(MISTAKE_LETTERS_MAX).collect();
            if place.is_empty() { said } else { format!("{place}: {said}") }
        });
        let told: Vec<_> = told.collect();
        if told.is_empty() { Ok(()) } else { Err(told.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, MetadataRule, Path, Problems, compile};
    use serde_json::{Value, json};

    fn rule(schema: &Value) -> Result<Arc<dyn MetadataRule>, Problems> {
        let members = schema.as_object().unwrap().clone().into_iter().collect();
        let mut problems = Problems::new();
        compile(&members, &Path::root(), &mut problems).ok_or(problems)
    }

    #[test]
    fn metadata_passes_its_schema_or_is_told_where_it_does_not_without_its_values() {
        let schema = json!({
            "type": "object",
            "properties": {"customer": {"type": "string", "pattern": "^c-[0-9]+$"}, "tier": {"enum": ["a", "b"]}},
            "required": ["customer"],
        });
        let rule = rule(&schema).unwrap();
        assert_eq!(rule.check(r#"{"customer": "c-1", "tier": "a"}"#), Ok(()));
        assert!(rule.check("{}").unwrap_err().contains("\"customer\" is a required property"));
        let wrong = rule.check(r#"{"customer": "secret-7", "tier": "zzz"}"#).unwrap_err();
        assert!(wrong.contains("/customer: ") && wrong.contains("/tier: "), "{wrong}");
        assert!(!wrong.contains("secret-7") && !wrong.contains("zzz"), "{wrong}");
    }

    #[test]
    fn a_schema_that_is_none_or_reaches_outside_is_refused_when_it_is_loaded() {
        for schema in [
            json!({"type": "objekt"}),
            json!({"properties": {"a": {"pattern": "("}}}),
            json!({"$ref": "https://schemas.example.com/metadata.json"}),
            json!({"$ref": "file:///etc/passwd"}),
        ] {
            let problems = rule(&schema).unwrap_err();
            assert!(problems[0].1.starts_with("this is no JSON schema: "), "{problems:?}");
        }
    }
}
