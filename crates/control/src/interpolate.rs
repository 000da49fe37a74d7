//! Values from outside: `${env:NAME}`, `${env:NAME:-default}`, `${file:path}` and references to vaults such as
//! `${vault:mount/path#field}` in texts of the configuration. They are put in after the YAML was read, so no value from outside can change the structure. `$${` stands for `${`, and any
//! other `${name}` is left for whoever reads that field (providers have variables of their own).

use std::collections::BTreeSet;
use std::path::{Path as FilePath, PathBuf};

use providers::vaults::{SecretReference, VaultKind};
use secrecy::ExposeSecret;

use crate::environment::Environment;
use crate::path::Path;
use crate::problem::{ConfigProblem, Redactions};
use crate::vaulted::Vaulted;
use crate::yaml::{Node, Position, Scalar, Style, Value};

/// The longest text that a `${file:…}` may have.
pub const FILE_BYTES_MAX: u64 = 256 << 10;

/// What came of putting values in.
#[derive(Default)]
pub(crate) struct Interpolation {
    pub(crate) problems: Vec<ConfigProblem>,
    /// The values put in, none of which may show up in a message.
    pub(crate) redactions: Redactions,
    /// The files that were read, so that they can be watched.
    pub(crate) files: Vec<PathBuf>,
}

/// The sections that say how vaults are reached, in which none can be referred to.
pub(crate) const BEFORE_VAULTS: [&str; 2] = ["secrets", "upstream"];

/// Whether what stands within `${…}` is a reference to a value from outside.
pub(crate) fn is_reference(inside: &str) -> bool {
    let scheme = inside.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        matches!(scheme, "env" | "file") || VaultKind::ALL.into_iter().any(|kind| kind.scheme() == scheme)
    })
}

/// The references to vaults of a tree that are written as they have to be, but for those where there can be none.
pub(crate) fn vault_references(root: &Node) -> BTreeSet<SecretReference> {
    let mut found = BTreeSet::new();
    let sections = root.entries().iter().filter(|entry| !BEFORE_VAULTS.contains(&entry.key.as_str()));
    sections.for_each(|entry| find(&entry.node, &mut found));
    found
}

fn find(node: &Node, found: &mut BTreeSet<SecretReference>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let references =
                pieces(&scalar.text).unwrap_or_default().into_iter().filter_map(|piece| match piece {
                    Piece::Reference { inside, .. } => SecretReference::parse(inside)?.ok(),
                    Piece::Text(_) | Piece::Escape => None,
                });
            found.extend(references);
        }
        Value::Sequence(items) => items.iter().for_each(|item| find(item, found)),
        Value::Mapping(entries) => entries.iter().for_each(|entry| find(&entry.node, found)),
    }
}

/// Puts values into every text of the tree; files are looked up from `folder`, and `vaulted` are those from vaults.
pub(crate) fn interpolate(
    root: &mut Node,
    folder: &FilePath,
    environment: &dyn Environment,
    vaulted: &Vaulted,
) -> Interpolation {
    let mut interpolator = Interpolator { folder, environment, vaulted, done: Interpolation::default() };
    interpolator.node(root, &Path::root());
    interpolator.done
}

struct Interpolator<'a> {
    folder: &'a FilePath,
    environment: &'a dyn Environment,
    vaulted: &'a Vaulted,
    done: Interpolation,
}

/// A text with something in it, cut up.
enum Piece<'t> {
    Text(&'t str),
    /// `$${`
    Escape,
    /// The inside of `${env:…}`, `${file:…}` or a reference to a vault, and the whole of it.
    Reference {
        inside: &'t str,
        whole: &'t str,
    },
}

impl Interpolator<'_> {
    fn node(&mut self, node: &mut Node, path: &Path) {
        match &mut node.value {
            Value::Scalar(scalar) => self.scalar(scalar, node.position, path),
            Value::Sequence(items) => {
                items.iter_mut().enumerate().for_each(|(index, item)| self.node(item, &path.index(index)));
            }
            Value::Mapping(entries) => {
                entries.iter_mut().for_each(|entry| self.node(&mut entry.node, &path.key(&entry.key)));
            }
        }
    }

    fn scalar(&mut self, scalar: &mut Scalar, position: Position, path: &Path) {
        if !scalar.text.contains("${") {
            return;
        }
        match self.text(&scalar.text) {
            Ok((text, true)) => *scalar = Scalar { text, style: Style::Interpolated },
            Ok((text, false)) => scalar.text = text,
            Err(message) => {
                self.done.problems.push(ConfigProblem {
                    position: Some(position),
                    path: path.clone(),
                    message,
                });
            }
        }
    }

    /// The text with its values, and whether there were any.
    fn text(&mut self, text: &str) -> Result<(String, bool), String> {
        let mut filled = String::new();
        let mut any = false;
        for piece in pieces(text)? {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Escape => filled.push_str("${"),
                Piece::Reference { inside, whole } => {
                    let value = self.value(inside)?;
                    self.done.redactions.hide(&value, whole);
                    filled.push_str(&value);
                    any = true;
                }
            }
        }
        Ok((filled, any))
    }

    fn value(&mut self, inside: &str) -> Result<String, String> {
        if let Some(reference) = SecretReference::parse(inside) {
            return self.vaulted(&reference?);
        }
        match inside.split_once(':') {
            Some(("env", variable)) => self.variable(variable),
            Some(("file", path)) if !path.is_empty() => self.file(path),
            _ => Err("a file is written as `${file:path}`".to_owned()),
        }
    }

    fn vaulted(&self, reference: &SecretReference) -> Result<String, String> {
        match self.vaulted.get(reference) {
            Some(Some(Ok(value))) => Ok(value.expose_secret().to_owned()),
            Some(Some(Err(why))) => Err(format!("`{reference}` cannot be read: {why}")),
            // Something else is wrong, which is told.
            Some(None) => Ok(String::new()),
            None => Err(format!(
                "`{reference}` cannot stand here, since it has to be known before vaults are reached; write `${{env:NAME}}` or `${{file:path}}`"
            )),
        }
    }

    fn variable(&self, text: &str) -> Result<String, String> {
        let (name, default) = match text.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (text, None),
        };
        if !is_variable_name(name) {
            return Err(format!("`{name}` is no environment variable's name; write `${{env:NAME}}`"));
        }
        let value = self.environment.variable(name);
        let unset = if value.is_some() { "is empty" } else { "is not set" };
        value.filter(|value| !value.is_empty()).or_else(|| default.map(str::to_owned)).ok_or_else(|| {
            format!("the environment variable `{name}` {unset}; set it, or write `${{env:{name}:-default}}`")
        })
    }

    fn file(&mut self, path: &str) -> Result<String, String> {
        let path = self.folder.join(path);
        let text = self.environment.file(&path, FILE_BYTES_MAX);
        let text = text.map_err(|error| format!("the file `{}` cannot be read: {error}", path.display()))?;
        self.done.files.push(path);
        let trimmed = text.strip_suffix('\n').unwrap_or(&text);
        Ok(trimmed.strip_suffix('\r').unwrap_or(trimmed).to_owned())
    }
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            pieces.extend([Piece::Text(before), Piece::Escape]);
            rest = after;
            continue;
        }
        pieces.push(Piece::Text(before));
        let named =
            after.split_once('}').ok_or("`${` has no `}`; write `$${` for the characters themselves")?;
        let (inside, behind) = named;
        let whole_bytes = "${".len() + inside.len() + "}".len();
        let whole = rest.get(before.len()..before.len() + whole_bytes).unwrap_or_default();
        if is_reference(inside) {
            pieces.push(Piece::Reference { inside, whole });
        } else if is_shouted(inside) {
            return Err(format!(
                "`${{{inside}}}` is not read from the environment; write `${{env:{inside}}}`, or `$${{{inside}}}` for the characters themselves"
            ));
        } else {
            pieces.push(Piece::Text(whole));
        }
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a text looks like an environment variable's name, so that `${OPENAI_API_KEY}` is not taken for a secret.
fn is_shouted(text: &str) -> bool {
    is_variable_name(text)
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.to_ascii_uppercase() == text
}

#[cfg(test)]
mod tests;
