//! The built-in provider that needs no credential: live when no other is, or when asked for.

use std::net::TcpListener;
use std::sync::Arc;

use providers::scripted::{self, Scripted};
use tokio::task::JoinSet;

/// The listener of a scripted provider, bound before the configuration that names its address is loaded.
pub(super) fn listener() -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Answers what comes to the listener.
///
/// # Errors
/// When the runtime does not take the listener.
pub(super) fn serve(listener: TcpListener, background: &mut JoinSet<()>) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let provider = Scripted::default();
    let answerer = Arc::new(move |request| provider.answer(&request));
    background.spawn(scripted::server::serve(listener, answerer, std::future::pending()));
    Ok(())
}
