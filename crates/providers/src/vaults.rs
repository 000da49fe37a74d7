//! Secrets that are kept in a vault, and keys that stay there: what a reference such as `${vault:secret/openai#key}` stands for is fetched, and
//! data keys are encrypted by whoever has the key.

mod aws;
mod azure;
mod google;
mod hashicorp;
mod outer_key;
mod reference;
mod round;
#[cfg(test)]
mod tests;

use secrecy::SecretString;

pub use outer_key::OuterKey;
pub use reference::{SecretReference, VaultKind};

use crate::definition::VaultSettings;
use crate::problem::{Problem, Problems};
use crate::sign_in::{Outside, Reader};

/// The vaults of a configuration, each with everything that it takes to sign in there, or with why nothing can be read there.
#[derive(Debug, Clone, PartialEq)]
pub struct Vaults {
    hashicorp: Result<hashicorp::Plan, String>,
    aws: Result<aws::Plan, String>,
    google: Result<google::Plan, String>,
    azure: Result<azure::Plan, String>,
}

impl Vaults {
    /// None that anything can be read from.
    #[must_use]
    pub fn none() -> Self {
        let why = || "it is not said how to sign in there".to_owned();
        Self { hashicorp: Err(why()), aws: Err(why()), google: Err(why()), azure: Err(why()) }
    }

    /// From settings and, where there are none, the environment.
    ///
    /// # Errors
    /// With the mistakes in settings that were written, by their paths below `secrets`.
    pub fn plan(
        settings: &VaultSettings,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let vaults = Self {
            hashicorp: planned(settings.vault.as_ref(), "vault", environment, &mut problems, hashicorp::plan),
            aws: planned(settings.aws.as_ref(), "aws", environment, &mut problems, aws::plan),
            google: planned(settings.google.as_ref(), "google", environment, &mut problems, google::plan),
            azure: planned(settings.azure.as_ref(), "azure", environment, &mut problems, azure::plan),
        };
        problems.into_result().map(|()| vaults)
    }

    /// What references stand for, each or why it cannot be had; in their order. Signs in once for all of them.
    pub async fn fetch(
        &self,
        references: &[SecretReference],
        outside: &Outside,
    ) -> Vec<Result<SecretString, String>> {
        round::fetch(self, references, outside).await
    }

    /// A key of AWS KMS by its id, alias or ARN.
    ///
    /// # Errors
    /// When the settings do not suffice to ask for it.
    pub fn aws_kms(&self, key: &str) -> Result<OuterKey, String> {
        Ok(OuterKey::of_kms(self.aws.clone()?, key))
    }

    /// A key of Vault's transit engine.
    ///
    /// # Errors
    /// When the settings do not suffice to ask for it.
    pub fn transit(&self, mount: &str, key: &str) -> Result<OuterKey, String> {
        Ok(OuterKey::of_transit(self.hashicorp.clone()?, mount, key))
    }
}

/// Makes a plan of settings; of none, what the environment alone makes possible.
fn planned<S: Default, P>(
    settings: Option<&S>,
    place: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
    plan: fn(&S, &mut Reader<'_>) -> Result<P, Vec<String>>,
) -> Result<P, String> {
    let fill = |_: &str, text: &str, _: &mut Problems| Some(text.to_owned());
    let missing = |lacking: Vec<String>| {
        let what =
            if lacking.is_empty() { String::new() } else { format!(", or set {}", lacking.join(", ")) };
        format!("it is not said how to sign in there; write `secrets.{place}`{what}")
    };
    if let Some(settings) = settings {
        let planned = plan(settings, &mut Reader::new(place, environment, &fill, problems));
        return planned.map_err(|lacking| {
            let is_told = lacking.is_empty();
            let told = missing(lacking);
            if !is_told {
                problems.add(place, told.clone());
            }
            told
        });
    }
    let (mut lacking, mut unused) = (Vec::new(), Problems::default());
    let planned = {
        let reader = Reader::new(place, environment, &fill, &mut unused);
        plan(&S::default(), &mut reader.lenient(&mut lacking))
    };
    match (planned, unused.into_result()) {
        (Ok(plan), Ok(())) if lacking.is_empty() => Ok(plan),
        (Err(more), _) => Err(missing(lacking.into_iter().chain(more).collect())),
        (Ok(_), _) => Err(missing(lacking)),
    }
}
