//! The built-in provider that needs no credential: live when no other is, or when asked for.

use std::sync::Arc;

use anyhow::anyhow;
use control::{Loaded, Loader};
use providers::scripted::{self, Scripted};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Loads the configuration; with the scripted provider when that is asked for, or nothing else could answer.
///
/// # Errors
/// When the configuration is wrong.
pub(super) async fn load(
    loader: Loader,
    wanted: bool,
    background: &mut JoinSet<()>,
) -> anyhow::Result<(Loader, Loaded)> {
    if !wanted
        && let Ok(loaded) = loader.load(1)
        && !loaded.snapshot.providers.is_empty()
    {
        return Ok((loader, loaded));
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let loader = loader.with_provider(scripted::NAME, scripted::definition(listener.local_addr()?));
    let loaded = loader.load(1).map_err(|errors| anyhow!("{errors}"))?;
    let provider = Scripted::default();
    let answerer = Arc::new(move |request| provider.answer(&request));
    background.spawn(scripted::server::serve(listener, answerer, std::future::pending()));
    Ok((loader, loaded))
}
