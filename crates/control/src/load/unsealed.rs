//! What would be wrong with keeping the secrets of objects under the keys of a configuration: found before it is in force, and not at the next
//! start.

use crate::objects::{Object, ObjectId, Objects};
use crate::path::Path;
use crate::problem::ConfigProblem;
use crate::sealing::KeySettings;
use crate::settings::{StatePlace, StateSettings};

/// A problem for each object with a secret that could not be sealed, or could not be opened any more.
pub(super) fn unsealed(objects: &Objects, keys: &KeySettings, state: &StateSettings) -> Vec<ConfigProblem> {
    if state.place == StatePlace::Memory {
        return Vec::new();
    }
    let with_secrets = objects.iter().filter(|(_, object)| !object.secrets.is_empty());
    let problem = |(id, object): (&ObjectId, &Object)| {
        let message = message(object, keys)?;
        let path = Path::root().key(id.kind().section()).key(id.name());
        let place =
            object.secrets.first_place().unwrap_or_default().trim_start_matches('/').replace('/', ".");
        Some(ConfigProblem { position: None, path: path.key(&place), message })
    };
    with_secrets.filter_map(problem).collect()
}

fn message(object: &Object, keys: &KeySettings) -> Option<String> {
    if keys.seals.is_none() {
        let message = "a secret is kept in an object only sealed, and there is no key to seal it with; set `secrets.key` in the configuration \
                       file (`tollgate secrets new-key` makes one), or write `${env:NAME}` or `${file:path}` for where the secret is";
        return Some(message.to_owned());
    }
    let key = object.sealed_by.as_deref().filter(|key| !keys.has(key))?;
    Some(format!(
        "it is sealed with the key `{key}`, which the file does not have any more; keep it in `secrets.previous_keys` until \
         `tollgate secrets rewrap` is done"
    ))
}
