//! What an object of the API may read from outside. Whoever may write an object could otherwise have any variable or file of the
//! process sent to wherever the object says, so the file has to permit it, in `control.references`.

use domain::Pattern;

use super::id::ObjectKind;
use crate::interpolate::is_reference;
use crate::path::Path;
use crate::yaml::{Node, Value};

/// What the file permits.
pub(super) struct Outside {
    permitted: Vec<Pattern>,
}

impl Outside {
    /// What the file at `root` permits.
    pub(super) fn permitted_by(root: &Node) -> Self {
        let control = root.get("control").and_then(|section| section.node.get("references"));
        let items = control.map(|entry| match &entry.node.value {
            Value::Sequence(items) => items.as_slice(),
            _ => &[],
        });
        let pattern = |item: &Node| match &item.value {
            Value::Scalar(scalar) => Some(Pattern::from(scalar.text.as_str())),
            _ => None,
        };
        Self { permitted: items.into_iter().flatten().filter_map(pattern).collect() }
    }

    /// What an object reads although it may not, by its path below the object; `secrets` are the places of its secrets.
    pub(super) fn refused(&self, kind: ObjectKind, node: &Node, secrets: &[Path]) -> Vec<(Path, String)> {
        let mut search = Search { outside: self, kind, secrets, refused: Vec::new() };
        search.look(node, &Path::root(), None);
        search.refused
    }
}

struct Search<'a> {
    outside: &'a Outside,
    kind: ObjectKind,
    secrets: &'a [Path],
    refused: Vec<(Path, String)>,
}

/// What a text is besides itself, by the key above it.
#[derive(Clone, Copy)]
enum Named {
    /// The name of an environment variable: below `env`, `api_key_env`.
    Variable,
    /// The path of a file: `credentials_file`.
    File,
}

impl Search<'_> {
    fn look(&mut self, node: &Node, path: &Path, named: Option<Named>) {
        match &node.value {
            Value::Scalar(scalar) => self.text(&scalar.text, path, named),
            Value::Sequence(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.look(item, &path.index(index), named));
            }
            Value::Mapping(entries) => {
                for entry in entries {
                    self.look(&entry.node, &path.key(&entry.key), self.named(&entry.key));
                }
            }
        }
    }

    /// Members of a provider read the outside without being asked to by `${…}`.
    fn named(&self, key: &str) -> Option<Named> {
        match key {
            _ if self.kind != ObjectKind::Provider => None,
            "env" => Some(Named::Variable),
            _ if key.ends_with("_env") => Some(Named::Variable),
            _ if key.ends_with("_file") => Some(Named::File),
            _ => None,
        }
    }

    fn text(&mut self, text: &str, path: &Path, named: Option<Named>) {
        let is_secret = self.secrets.contains(path);
        let source = match named {
            Some(Named::Variable) => Some(format!("env:{text}")),
            Some(Named::File) => Some(format!("file:{text}")),
            None => reference(text).map(str::to_owned),
        };
        let problem = match source {
            Some(source) if named.is_some() || is_secret => self.unless_permitted(&source),
            _ if holds_reference(text) => Some(
                "a value from outside may stand in an object only where a secret does, and alone and without a default; \
                 write `$${` for the characters `${`"
                    .to_owned(),
            ),
            _ => None,
        };
        self.refused.extend(problem.map(|message| (path.clone(), message)));
    }

    fn unless_permitted(&self, source: &str) -> Option<String> {
        let is_permitted = self.outside.permitted.iter().any(|pattern| pattern.matches(source));
        let message = || {
            format!(
                "`{source}` may not be read by objects of the API; whoever writes the file can permit it (control.references)"
            )
        };
        (!is_permitted).then(message)
    }
}

/// What a text refers to when it is a reference and nothing else.
pub(super) fn reference(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("${")?.strip_suffix('}')?;
    (is_reference(inside) && !inside.contains(['{', '}', '$']) && !inside.contains(":-")).then_some(inside)
}

/// Whether interpolation would put something in.
fn holds_reference(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if is_reference(after) && !before.ends_with('$') {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{ObjectKind, Outside, Path};
    use crate::objects::body::node;
    use serde_json::json;

    fn refused(
        kind: ObjectKind,
        permitted: &[&str],
        body: &serde_json::Value,
        secrets: &[&str],
    ) -> Vec<String> {
        let root = node(&json!({"control": {"references": permitted}}));
        let secrets: Vec<_> = secrets.iter().map(|path| Path::root().below(path)).collect();
        let refused = Outside::permitted_by(&root).refused(kind, &node(body), &secrets);
        refused.into_iter().map(|(path, message)| format!("{path}: {message}")).collect()
    }

    #[test]
    fn a_reference_is_read_where_the_file_permits_it() {
        let of = |text: &str, permitted: &[&str]| {
            refused(ObjectKind::Provider, permitted, &json!({"credentials": [text]}), &["credentials[0]"])
        };
        assert!(of("${env:OPENAI_API_KEY}", &["env:*_API_KEY"]).is_empty());
        assert!(of("${file:secrets/a}", &["file:secrets/*"]).is_empty());
        assert!(of("${vault:kv/tollgate/a#key}", &["vault:kv/tollgate/*"]).is_empty());
        assert!(of("sk-literal", &[]).is_empty());
        for (text, part) in [
            ("${env:DATABASE_PASSWORD}", "`env:DATABASE_PASSWORD` may not be read"),
            ("${file:/etc/passwd}", "may not be read"),
            ("${vault:kv/others/a#key}", "may not be read"),
            ("x${env:OPENAI_API_KEY}", "and alone"),
            ("${env:OPENAI_API_KEY}${env:B}", "and alone"),
            ("${env:OPENAI_API_KEY:-sk-literal}", "without a default"),
        ] {
            assert!(of(text, &["env:*_API_KEY", "file:secrets/*"])[0].contains(part), "{text}");
        }
        assert_eq!(of("${env:OPENAI_API_KEY}", &[]).len(), 1);
    }

    #[test]
    fn nothing_from_outside_can_stand_where_it_could_be_read_again() {
        let permitted = &["env:*", "file:*"];
        for body in [
            json!({"metadata": {"a": "${env:HOME}"}}),
            json!({"metadata": {"a": "before ${file:x} after"}}),
            json!({"a": ["$${env:HOME} ${env:HOME}"]}),
        ] {
            let told = refused(ObjectKind::Workspace, permitted, &body, &[]);
            assert!(told.len() == 1 && told[0].contains("only where a secret does"), "{body} {told:?}");
        }
        for body in [json!({"a": "$${env:HOME}"}), json!({"a": "${region}"}), json!({"a": "$5 {env:x}"})] {
            assert!(refused(ObjectKind::Workspace, permitted, &body, &[]).is_empty());
        }
    }

    #[test]
    fn what_a_provider_names_instead_of_referring_to_it_is_asked_about_as_well() {
        let body = json!({
            "auth": {"env": ["A", "B_API_KEY"]},
            "variables": {"host": {"env": ["HOME"]}},
            "sign_in": {"ibm": {"api_key_env": ["C"]}, "google": {"credentials_file": "/etc/passwd"}},
        });
        let told = refused(ObjectKind::Provider, &["env:*_API_KEY"], &body, &[]);
        let paths: Vec<_> = told.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            paths,
            [
                "auth.env[0]",
                "sign_in.google.credentials_file",
                "sign_in.ibm.api_key_env[0]",
                "variables.host.env[0]"
            ]
        );
    }
}
