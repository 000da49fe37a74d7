//! The keys that secrets are kept under, and the vaults that others are read from.

use std::time::Duration;

use providers::definition::{Secret, VaultSettings};
use providers::vaults::Vaults;

use super::Problems;
use crate::environment::Environment;
use crate::file::{SealWithName, SecretsSection};
use crate::path::Path;
use crate::sealing::{KeySettings, KeySource, LocalKey};
use crate::settings::SecretSettings;

const REFRESH_DEFAULT: Duration = Duration::from_secs(5 * 60);
/// Vaults count what they are asked, and some ask money for it.
const REFRESH_MIN: Duration = Duration::from_secs(1);
const TRANSIT_MOUNT: &str = "transit";

pub(crate) fn compile(
    section: &SecretsSection,
    environment: &dyn Environment,
    problems: &mut Problems,
) -> SecretSettings {
    let vaults = vaults(section, environment, problems);
    let refresh = section.refresh.map_or(REFRESH_DEFAULT, |span| span.0);
    if refresh < REFRESH_MIN {
        problems.push((root().key("refresh"), "expected at least 1s".to_owned()));
    }
    SecretSettings { keys: keys(section, &vaults, problems), vaults, refresh }
}

fn root() -> Path {
    Path::root().key("secrets")
}

fn vaults(section: &SecretsSection, environment: &dyn Environment, problems: &mut Problems) -> Vaults {
    let SecretsSection { vault, aws, google, azure, .. } = section.clone();
    let settings = VaultSettings { vault, aws, google, azure };
    let variable = |name: &str| environment.variable(name);
    Vaults::plan(&settings, &variable).unwrap_or_else(|found| {
        problems.extend(found.into_iter().map(|problem| (root().below(&problem.path), problem.message)));
        Vaults::none()
    })
}

fn keys(section: &SecretsSection, vaults: &Vaults, problems: &mut Problems) -> KeySettings {
    let mut local = |secret: &Secret, path: Path| match LocalKey::parse(secret.expose()) {
        Ok(key) => Some(KeySource::Local(key)),
        Err(refused) => {
            problems.push((path, refused.to_string()));
            None
        }
    };
    let key = section.key.as_ref().and_then(|key| local(key, root().key("key")));
    let previous = section.previous_keys.iter().enumerate();
    let previous: Vec<_> =
        previous.filter_map(|(index, key)| local(key, root().key("previous_keys").index(index))).collect();
    let mut outer = |key, name: &str| match key {
        Ok(key) => Some(KeySource::Outer(key)),
        Err(why) => {
            problems.push((root().key(name), why));
            None
        }
    };
    let kms = section.aws_kms.as_ref().and_then(|kms| outer(vaults.aws_kms(&kms.key), "aws_kms"));
    let transit = section.vault_transit.as_ref().and_then(|transit| {
        let mount = transit.mount.as_deref().unwrap_or(TRANSIT_MOUNT);
        outer(vaults.transit(mount, &transit.key), "vault_transit")
    });
    let there =
        [(SealWithName::Key, key), (SealWithName::AwsKms, kms), (SealWithName::VaultTransit, transit)];
    let there: Vec<_> = there.into_iter().filter_map(|(name, key)| Some((name, key?))).collect();
    let seals = match (section.seal_with, there.as_slice()) {
        (None, []) => None,
        (None, [(_, key)]) => Some(key.clone()),
        (None, _) => {
            let message = "several keys are written, and only one seals; say which: `key`, `aws_kms` or `vault_transit`";
            problems.push((root().key("seal_with"), message.to_owned()));
            None
        }
        (Some(wanted), there) => {
            let found = there.iter().find(|(name, _)| *name == wanted);
            if found.is_none() {
                problems.push((root().key("seal_with"), "this key is not written".to_owned()));
            }
            found.map(|(_, key)| key.clone())
        }
    };
    let opens = there.into_iter().map(|(_, key)| key).chain(previous).collect();
    KeySettings { seals, opens }
}
