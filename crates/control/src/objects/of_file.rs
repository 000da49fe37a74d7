//! The entries of a configuration file as the API shows them: as they are written, without their secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value as Json};

use super::id::{ObjectId, ObjectKind};
use super::secrets::Secrets;
use crate::path::Path;
use crate::problem::{ConfigErrors, ConfigProblem};
use crate::schema::config_schema;
use crate::structure::{as_written, check};
use crate::yaml::{self, Node, Position, Value};

/// An entry of the file.
#[derive(Debug, Clone)]
pub struct FileObject {
    /// The line where it begins.
    pub line: usize,
    /// What it says, as JSON, before values from outside are put in; what stands for secrets that are written in the file is in their
    /// places.
    pub body: Arc<RawValue>,
    secrets: Secrets,
}

impl FileObject {
    /// Whether secrets are written in it.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// What it says, its secrets included: for the gateway that it is sent to.
    #[must_use]
    pub fn whole(&self) -> Json {
        // It was made of JSON.
        let mut body = serde_json::from_str(self.body.get()).unwrap_or_default();
        self.secrets.put_into(&mut body);
        body
    }
}

/// The entries of a file by what they are called.
pub type FileObjects = BTreeMap<ObjectId, FileObject>;

/// The entries of a configuration that is not in force, such as one that is to be applied.
///
/// # Errors
/// When the text is no YAML. Whether its entries are right is found when they are compiled.
pub fn read_file(file: &str, text: &str) -> Result<FileObjects, ConfigErrors> {
    tree(file, text).map(|root| objects_of(&root, &config_schema()))
}

/// One entry in a text of its own.
///
/// # Errors
/// When the text is no YAML.
pub fn read_entry(file: &str, text: &str) -> Result<Json, ConfigErrors> {
    tree(file, text).map(|root| as_written(&root))
}

fn tree(file: &str, text: &str) -> Result<Node, ConfigErrors> {
    let (root, problems) = yaml::read(text);
    let problem = |problem: yaml::YamlProblem| ConfigProblem {
        position: Some(problem.position),
        path: Path::root(),
        message: problem.message,
    };
    match root {
        Some(root) if problems.is_empty() => Ok(root),
        _ => Err(ConfigErrors::new(file, problems.into_iter().map(problem).collect())),
    }
}

/// The entries of the file at `root`, before values from outside are put in.
pub(crate) fn objects_of(root: &Node, schema: &Json) -> FileObjects {
    read(root, &check(root, schema).secret_places)
}

fn read(root: &Node, secrets: &[Path]) -> FileObjects {
    let mut objects = FileObjects::new();
    for kind in ObjectKind::ALL {
        let section = Path::root().key(kind.section());
        for (name, node, path, position) in entries(root, kind, &section) {
            let Ok(id) = ObjectId::new(kind, name) else { continue };
            let mut body = match as_written(node) {
                Json::Null => Json::Object(Map::new()),
                body => body,
            };
            let own = secrets.iter().filter(|secret| secret.segments().starts_with(path.segments()));
            let own: Vec<_> = own.map(|secret| secret.without(path.segments().len())).collect();
            let secrets = Secrets::taken_from(&mut body, &own);
            if let Ok(body) = to_raw_value(&body) {
                objects.insert(id, FileObject { line: position.line, body: body.into(), secrets });
            }
        }
    }
    objects
}

/// The entries of a section with their names.
fn entries<'n>(root: &'n Node, kind: ObjectKind, section: &Path) -> Vec<(&'n str, &'n Node, Path, Position)> {
    let Some(node) = root.get(kind.section()).map(|entry| &entry.node) else { return Vec::new() };
    match &node.value {
        Value::Sequence(items) if kind.is_listed() => {
            let items = items.iter().enumerate();
            items
                .filter_map(|(index, item)| Some((name_of(item)?, item, section.index(index), item.position)))
                .collect()
        }
        Value::Mapping(entries) if !kind.is_listed() => {
            let entries = entries.iter();
            entries
                .map(|entry| (entry.key.as_str(), &entry.node, section.key(&entry.key), entry.position))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The name that an entry of a list says.
pub(super) fn name_of(item: &Node) -> Option<&str> {
    match &item.get("name")?.node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{objects_of, read_file};
    use crate::schema::config_schema;

    #[test]
    fn entries_are_shown_as_they_are_written_and_without_their_secrets() {
        let text = "\
providers:
  openai: { credentials: [sk-literal-secret, '${env:OPENAI_API_KEY}', 'x${env:B}'] }
  mine: { sign_in: { oauth: { client_id: me, client_secret: hush-hush } } }
keys:
  - name: reporting
    hash: blake3:aa
    weight: 3
workspaces:
  research:
routes:
  fast: { target: openai/x, api_key: sk-literal-secret }
";
        let root = crate::yaml::read(text).0.unwrap();
        let objects = objects_of(&root, &config_schema());
        let shown: Vec<_> =
            objects.iter().map(|(id, object)| format!("{id}:{} {}", object.line, object.body)).collect();
        assert_eq!(
            shown,
            [
                r#"providers/mine:3 {"sign_in":{"oauth":{"client_id":"me","client_secret":"(hidden /sign_in/oauth/client_secret)"}}}"#,
                r#"providers/openai:2 {"credentials":["(hidden /credentials/0)","${env:OPENAI_API_KEY}","(hidden /credentials/2)"]}"#,
                r#"routes/fast:11 {"api_key":"(hidden /api_key)","target":"openai/x"}"#,
                r#"workspaces/research:9 {}"#,
                r#"keys/reporting:5 {"hash":"blake3:aa","name":"reporting","weight":3}"#,
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_yaml_has_no_entries() {
        assert!(read_file("t.yaml", "keys: [").unwrap_err().to_string().starts_with("t.yaml:"));
        assert!(read_file("t.yaml", "server: {}").unwrap().is_empty());
    }
}
