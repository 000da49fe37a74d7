//! The keys that secrets are kept under.

use providers::definition::Secret;

use super::Problems;
use crate::file::SecretsSection;
use crate::path::Path;
use crate::sealing::{KeySettings, LocalKey};
use crate::settings::SecretSettings;

pub(super) fn compile(section: &SecretsSection, problems: &mut Problems) -> SecretSettings {
    let root = Path::root().key("secrets");
    let mut parsed = |secret: &Secret, path: Path| match LocalKey::parse(secret.expose()) {
        Ok(key) => Some(key),
        Err(refused) => {
            problems.push((path, refused.to_string()));
            None
        }
    };
    let key = section.key.as_ref().and_then(|key| parsed(key, root.key("key")));
    let previous = section.previous_keys.iter().enumerate();
    let previous_keys =
        previous.filter_map(|(index, key)| parsed(key, root.key("previous_keys").index(index))).collect();
    SecretSettings { keys: KeySettings { key, previous_keys } }
}
