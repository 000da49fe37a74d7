//! The tree of a configuration against the JSON schema of its types: every unknown key, missing key, wrong type and value
//! outside its range at once, each with its place. What passes comes out as JSON for the types to read.
//!
//! It understands the part of JSON Schema that `schemars` writes for this crate's types, and it knows YAML: a key without
//! a value counts as not written, and what was put in from outside becomes what the schema asks for.

mod scalar;
mod schema;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json};

use domain::money::is_exact;
use engine::route::near;
use engine::route::spec::refusal;

use crate::path::Path;
use crate::problem::{ConfigProblem, Redactions};
use crate::yaml::{Entry, Node, Position, Resolved, Style, Value, resolve};

use self::schema::Schemas;

/// What came of a check.
pub(crate) struct Checked {
    /// The configuration as JSON; `None` when it could not be made because of the problems.
    pub(crate) json: Option<Json>,
    pub(crate) problems: Vec<ConfigProblem>,
    /// The texts of fields that the schema marks as secret.
    pub(crate) secrets: Redactions,
    /// Where they are.
    pub(crate) secret_places: Vec<Path>,
}

/// Checks a tree against a schema.
pub(crate) fn check(root: &Node, schema: &Json) -> Checked {
    let mut checker = Checker {
        schemas: Schemas::new(schema),
        problems: Vec::new(),
        secrets: Redactions::default(),
        secret_places: Vec::new(),
    };
    let json = checker.value(root, schema, &Path::root());
    let Checker { problems, secrets, secret_places, .. } = checker;
    Checked { json, problems, secrets, secret_places }
}

/// A value that is anybody's own, such as a request parameter: taken as it is.
pub(crate) fn as_written(node: &Node) -> Json {
    match &node.value {
        Value::Scalar(scalar) => match resolve(scalar) {
            _ if scalar.style == Style::Interpolated => Json::from(scalar.text.as_str()),
            Resolved::Nothing => Json::Null,
            Resolved::Truth(truth) => Json::from(truth),
            Resolved::Whole(number) => Json::from(number),
            Resolved::Large(number) => Json::from(number),
            // A text where a number would be another one: amounts are read from either.
            Resolved::Decimal(number) if !is_exact(&scalar.text, number) => Json::from(scalar.text.as_str()),
            Resolved::Decimal(number) => Json::from(number),
            Resolved::Text(text) => Json::from(text),
        },
        Value::Sequence(items) => items.iter().map(as_written).collect(),
        Value::Mapping(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), as_written(&entry.node))).collect()
        }
    }
}

struct Checker<'s> {
    schemas: Schemas<'s>,
    problems: Vec<ConfigProblem>,
    secrets: Redactions,
    secret_places: Vec<Path>,
}

impl<'s> Checker<'s> {
    fn report(&mut self, position: Position, path: &Path, message: impl Into<String>) {
        self.problems.push(ConfigProblem {
            position: Some(position),
            path: path.clone(),
            message: message.into(),
        });
    }

    /// `None` when the value is wrong, which has been reported then.
    fn value(&mut self, node: &Node, schema: &'s Json, path: &Path) -> Option<Json> {
        let Some(schema) = self.schemas.resolve(schema, node) else {
            return Some(as_written(node));
        };
        match &node.value {
            Value::Scalar(scalar) => {
                if schema::is_secret(schema) {
                    self.secrets.hide(&scalar.text, "(hidden)");
                    self.secret_places.push(path.clone());
                }
                match scalar::convert(scalar, schema) {
                    Ok(json) => Some(json),
                    Err(message) => {
                        self.report(node.position, path, message);
                        None
                    }
                }
            }
            Value::Sequence(items) => match schema.get("items") {
                Some(item) if schema::allows(schema, "array") => self.sequence(items, item, path),
                _ => self.wrong_kind(node, schema, "a list", path),
            },
            Value::Mapping(entries) if schema::allows(schema, "object") => {
                self.mapping(entries, schema, node.position, path)
            }
            Value::Mapping(_) => self.wrong_kind(node, schema, "keys with values", path),
        }
    }

    fn wrong_kind(&mut self, node: &Node, schema: &Json, found: &str, path: &Path) -> Option<Json> {
        self.report(node.position, path, format!("expected {}, found {found}", schema::expected(schema)));
        None
    }

    fn sequence(&mut self, items: &[Node], schema: &'s Json, path: &Path) -> Option<Json> {
        // Every item is looked at, also after a wrong one.
        let items: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.value(item, schema, &path.index(index)))
            .collect();
        items.into_iter().collect::<Option<_>>().map(Json::Array)
    }

    fn mapping(
        &mut self,
        entries: &[Entry],
        schema: &'s Json,
        position: Position,
        path: &Path,
    ) -> Option<Json> {
        let found = self.problems.len();
        let mut object = Map::new();
        for entry in entries {
            let Some(name) = schema::property_name(schema, &entry.key) else {
                self.unknown_key(entry, schema, path);
                continue;
            };
            let Some(below) = schema::member(schema, name) else {
                continue;
            };
            if is_nothing(&entry.node) && !self.schemas.is_free(below) {
                continue;
            }
            if let Some(json) = self.value(&entry.node, below, &path.key(&entry.key)) {
                object.insert(name.to_owned(), json);
            }
        }
        for name in schema::required(schema).filter(|name| !object.contains_key(*name)) {
            // A wrong value was reported already; it is not missing on top of that.
            if entries.iter().all(|entry| entry.key != name || is_nothing(&entry.node)) {
                self.report(position, &path.key(name), "it is missing");
            }
        }
        (self.problems.len() == found).then_some(Json::Object(object))
    }

    fn unknown_key(&mut self, entry: &Entry, schema: &Json, path: &Path) {
        let in_route = path.section() == Some("routes");
        let message = in_route.then(|| refusal(&entry.key)).flatten().unwrap_or_else(|| {
            format!("unknown key{}", near::suggestion(&entry.key, schema::property_names(schema)))
        });
        self.report(entry.position, &path.key(&entry.key), message);
    }
}

/// Whether a key was written without a value.
pub(crate) fn is_nothing(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if scalar.style == Style::Plain && resolve(scalar) == Resolved::Nothing)
}
