//! `tollgate key pair`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use control::Loaded;
use domain::key_pair::{KeyPair, PairingSecret};
use secrecy::ExposeSecret;

use crate::commands::surroundings::{loaded, say};

/// Shows the pair of a key.
#[derive(Debug, Args)]
pub struct Pair {
    /// The name of a key in the configuration.
    name: String,
    /// The configuration file, which has the key and `signed_requests.secrets`.
    #[arg(long)]
    config: PathBuf,
    /// Prints one JSON object: `access_key_id`, `secret_access_key`.
    #[arg(long)]
    json: bool,
}

impl Pair {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = loaded(&self.config)?;
        let keys = &loaded.snapshot.keys;
        let named = keys.iter().find(|(_, known)| known.key.name.as_str() == self.name);
        let Some((hash, _)) = named else { bail!("no key is called `{}`", self.name) };
        let pair = pairing_secret(&loaded)?.pair(*hash);
        if self.json {
            say(&as_json(&pair).to_string());
        } else {
            show(&pair);
        }
        Ok(())
    }
}

/// What new pairs are derived with.
pub(super) fn pairing_secret(loaded: &Loaded) -> anyhow::Result<&PairingSecret> {
    let secret = loaded.snapshot.signed_requests.pairing_secret.as_ref();
    secret.context("the configuration has no `signed_requests.secrets`; make one with `openssl rand -hex 32`")
}

/// The pair as Amazon's clients read it from the environment.
pub(super) fn show(pair: &KeyPair) {
    say(&format!("AWS_ACCESS_KEY_ID={}", pair.access_key_id));
    say(&format!("AWS_SECRET_ACCESS_KEY={}", pair.secret_access_key.expose_secret()));
}

/// The pair as one JSON object.
pub(super) fn as_json(pair: &KeyPair) -> serde_json::Value {
    serde_json::json!({
        "access_key_id": pair.access_key_id,
        "secret_access_key": pair.secret_access_key.expose_secret(),
    })
}
