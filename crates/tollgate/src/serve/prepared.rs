//! A server's configuration, loaded before anything runs: what it says of the log decides how the first line looks.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::anyhow;
use control::{Loaded, Loader};
use providers::scripted as provider;

use super::scripted;
use super::server::ServerParts;
use super::vaults::VaultReader;

/// A server that is ready to be started.
pub struct Prepared {
    pub(super) parts: ServerParts,
    pub(super) loader: Loader,
    pub(super) loaded: Loaded,
    /// Where the scripted provider will answer, when it is live.
    pub(super) scripted: Option<TcpListener>,
}

impl Prepared {
    /// Loads the configuration; with the scripted provider when that is asked for, or nothing else could answer.
    ///
    /// # Errors
    /// When the configuration is wrong.
    pub fn load(parts: ServerParts) -> anyhow::Result<Self> {
        let (environment, wall_clock, random) = (parts.environment.clone(), parts.wall_clock, parts.random);
        let vaults = VaultReader { environment, wall_clock, random };
        let loader = Loader::new(&parts.file, parts.environment.clone()).with_vaults(Arc::new(vaults));
        if !parts.scripted
            && let Ok(loaded) = loader.load(1)
            && !loaded.snapshot.providers.is_empty()
        {
            return Ok(Self { parts, loader, loaded, scripted: None });
        }
        let listener = scripted::listener()?;
        let definition = provider::definition(listener.local_addr()?);
        let loader = loader.with_provider(provider::NAME, definition);
        let loaded = loader.load(1).map_err(|errors| anyhow!("{errors}"))?;
        Ok(Self { parts, loader, loaded, scripted: Some(listener) })
    }

    /// The configuration.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }
}
