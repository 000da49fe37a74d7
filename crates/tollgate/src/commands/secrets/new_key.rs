//! `tollgate secrets new-key`.

use clap::Args;
use control::sealing::LocalKey;

use crate::commands::surroundings::{random_key, say};

/// Makes a key for `secrets.key`.
#[derive(Debug, Args)]
pub struct NewKey {}

impl NewKey {
    pub(super) fn run(self) -> anyhow::Result<()> {
        // Alone on its line, so that it can go into a file or a vault without being cut out.
        say(&LocalKey::text(random_key()?));
        Ok(())
    }
}
