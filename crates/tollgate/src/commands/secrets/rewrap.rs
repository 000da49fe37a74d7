//! `tollgate secrets rewrap`.

use clap::Args;
use http::Method;

use crate::commands::gateway::{Call, Server};
use crate::commands::surroundings::say;

/// Seals all secrets with `secrets.key`; then `secrets.previous_keys` can go.
#[derive(Debug, Args)]
pub struct Rewrap {
    #[command(flatten)]
    server: Server,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Rewrap {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let gateway = self.server.gateway()?;
        let call = Call { method: Method::POST, path: "secrets/rewrap", ..Call::default() };
        let done = gateway.call(&call)?;
        if self.json {
            say(&done.to_string());
            return Ok(());
        }
        match done["key"].as_str() {
            Some(key) => say(&format!("sealed the secrets of {} objects with {key}", done["rewrapped"])),
            None => say("there is no secret, and no key to seal one with"),
        }
        Ok(())
    }
}
