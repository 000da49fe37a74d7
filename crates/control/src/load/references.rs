//! The references to vaults of a tree, and what they stand for. How vaults are reached stands in the same tree, so those parts are read before
//! the rest.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::Loader;
use crate::compile::{secrets, upstream};
use crate::file::{SecretsSection, UpstreamSection};
use crate::interpolate::{BEFORE_VAULTS, interpolate, vault_references};
use crate::settings::{SecretSettings, UpstreamSettings};
use crate::structure::check;
use crate::vaulted::Vaulted;
use crate::yaml::{Node, Value};

impl Loader {
    /// What the references of a tree stand for. Nothing is asked for a configuration that is wrong already: whoever may write an object
    /// could find out that way what there is.
    pub(super) fn vaulted(&self, root: &Node, schema: &Json, is_right: bool) -> Vaulted {
        let references = vault_references(root);
        let sections = if references.is_empty() || !is_right { None } else { self.sections(root, schema) };
        match sections {
            Some((secrets, upstream)) => self.secrets.of(&secrets.vaults, &upstream, &references),
            None => references.into_iter().map(|reference| (reference, None)).collect(),
        }
    }

    /// The sections alone; none where they are wrong, which is found again with the rest.
    fn sections(&self, root: &Node, schema: &Json) -> Option<(SecretSettings, UpstreamSettings)> {
        let entries = root.entries().iter().filter(|entry| BEFORE_VAULTS.contains(&entry.key.as_str()));
        let value = Value::Mapping(entries.cloned().collect());
        let mut part = Node { position: root.position, value };
        let none = Vaulted::default();
        let put_in = interpolate(&mut part, self.folder(), self.environment.as_ref(), &none);
        let json = check(&part, schema).json.filter(|_| put_in.problems.is_empty())?;
        let (written, around): (SecretsSection, UpstreamSection) =
            (section(&json, "secrets")?, section(&json, "upstream")?);
        let mut problems = Vec::new();
        let secrets = secrets::compile(&written, self.environment.as_ref(), &mut problems);
        problems.is_empty().then(|| (secrets, upstream(&around, self.folder())))
    }
}

fn section<T: DeserializeOwned>(json: &Json, name: &str) -> Option<T> {
    let section = json.get(name).cloned().unwrap_or_else(|| Json::Object(Map::new()));
    serde_json::from_value(section).ok()
}
