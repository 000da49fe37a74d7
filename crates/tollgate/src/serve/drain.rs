//! The signal that no more work is taken.

use tokio::sync::watch;

/// Waits for the drain to begin; the server being gone counts as well.
pub(super) async fn begun(mut draining: watch::Receiver<bool>) {
    let _ = draining.wait_for(|draining| *draining).await.map(drop);
}
