//! Which workspaces a provider's credentials are shared with; what each of the others has to do without.

use std::collections::BTreeMap;

use domain::tenant::{IMPLIED, Withheld, WithheldOf};
use engine::route::near;
use providers::definition::ProviderDefinition;

use super::{Directory, Problems};
use crate::file::ConfigFile;
use crate::path::Path;

/// What is withheld from each workspace.
pub(super) struct Sharing(BTreeMap<String, Withheld>);

impl Sharing {
    /// What one has to do without.
    pub(super) fn withheld_from(&self, workspace: &str) -> Withheld {
        self.0.get(workspace).cloned().unwrap_or_default()
    }
}

/// Of the whole definitions, built-in parts included.
pub(super) fn compile(file: &ConfigFile, directory: &Directory, problems: &mut Problems) -> Sharing {
    let mut workspaces: Vec<_> = file.workspaces.keys().map(String::as_str).collect();
    if workspaces.is_empty() {
        workspaces.push(IMPLIED);
    }
    let mut sharing = BTreeMap::<String, Withheld>::new();
    for (name, definition) in directory.definitions() {
        check(name, definition, &workspaces, problems);
        for workspace in &workspaces {
            if let Some(what) = withheld(definition, workspace) {
                sharing.entry((*workspace).to_owned()).or_default().add(name, what);
            }
        }
    }
    Sharing(sharing)
}

/// What of a provider a workspace has to do without, if anything.
fn withheld(definition: &ProviderDefinition, workspace: &str) -> Option<WithheldOf> {
    let is_for =
        |shared: Option<&Vec<String>>| shared.is_none_or(|names| names.iter().any(|name| name == workspace));
    if !is_for(definition.workspaces.as_ref()) {
        return Some(WithheldOf::Provider);
    }
    let entries = definition.credentials.as_deref().unwrap_or_default();
    let kept_back: Vec<_> = entries.iter().map(|entry| !is_for(entry.workspaces.as_ref())).collect();
    if kept_back.is_empty() || !kept_back.contains(&true) {
        return None;
    }
    if !kept_back.contains(&false) {
        return Some(WithheldOf::Provider);
    }
    // There are no more than 64, which is found elsewhere.
    let bits = kept_back.iter().take(64).enumerate().filter(|(_, kept_back)| **kept_back);
    Some(WithheldOf::Credentials(bits.fold(0, |bits, (place, _)| bits | 1 << place)))
}

fn check(name: &str, definition: &ProviderDefinition, workspaces: &[&str], problems: &mut Problems) {
    let path = Path::root().key("providers").key(name);
    let mut each = |shared: Option<&Vec<String>>, path: Path| {
        for (index, name) in shared.into_iter().flatten().enumerate() {
            if !workspaces.contains(&name.as_str()) {
                let hint = near::suggestion(name, workspaces.iter().copied());
                problems.push((path.index(index), format!("no workspace is called `{name}`{hint}")));
            }
        }
    };
    each(definition.workspaces.as_ref(), path.key("workspaces"));
    for (index, entry) in definition.credentials.iter().flatten().enumerate() {
        each(entry.workspaces.as_ref(), path.key("credentials").index(index).key("workspaces"));
    }
}
