//! Accepting connections: as many as allowed, each served by a task of its own, all of them ended by a drain.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::Limits;
use telemetry::Telemetry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::{Protocol, Running};
use super::drain::begun;
use super::planes::Planes;
use super::tls::Certificate;

/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long nothing is accepted after accepting failed, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What connections are accepted for.
#[derive(Clone)]
pub(super) struct Acceptance {
    pub(super) planes: Arc<Planes>,
    pub(super) telemetry: Telemetry,
    pub(super) protocol: Protocol,
    pub(super) certificate: Certificate,
    pub(super) draining: watch::Receiver<bool>,
}

impl Acceptance {
    /// Accepts until the drain begins, then waits for the connections to finish, at most `limits.drain_timeout`.
    pub(super) async fn run(self, listener: TcpListener, limits: &Limits) {
        let places = Arc::new(Semaphore::new(limits.connections_max));
        let mut connections = JoinSet::new();
        let drain = begun(self.draining.clone());
        tokio::pin!(drain);
        loop {
            tokio::select! {
                () = &mut drain => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                (place, accepted) = accept(&places, &listener) => match accepted {
                    Ok((stream, peer)) => {
                        let acceptance = self.clone();
                        connections.spawn(async move {
                            acceptance.serve(stream, peer.ip()).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        finish(connections, limits.drain_timeout).await;
    }

    async fn serve(self, stream: TcpStream, peer: IpAddr) {
        let telemetry = self.telemetry.clone();
        telemetry.meters().connections.inc();
        // Small frames must not wait for acknowledgements; without the option the connection works all the same.
        let _ = stream.set_nodelay(true);
        if let Some(running) = Box::pin(self.begin(stream, peer)).await {
            running.await;
        }
        telemetry.meters().connections.dec();
    }

    /// Finds out what the client speaks.
    async fn begin(self, stream: TcpStream, peer: IpAddr) -> Option<Running> {
        let Self { planes, protocol, certificate, draining, .. } = self;
        let Some(acceptor) = certificate.acceptor() else {
            let is_http2 = protocol.client_chose_http2(&stream).await;
            return Some(protocol.serve((stream, peer), is_http2, planes, draining));
        };
        let stream = shake_hands(acceptor, stream).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Some(protocol.serve((stream, peer), is_http2, planes, draining))
    }
}

/// Waits for the connections that are left, within bounds.
async fn finish(mut connections: JoinSet<()>, drain_timeout: Duration) {
    let all_done = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain_timeout, all_done).await.is_err() {
        tracing::warn!(left = connections.len(), "connections were cut because the drain timeout ran out");
        connections.shutdown().await;
    }
}

async fn shake_hands(acceptor: TlsAcceptor, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("TLS handshake took too long");
            None
        }
    }
}

/// The next connection, once there is a place for it; until then clients wait in the system's backlog.
async fn accept(
    places: &Arc<Semaphore>,
    listener: &TcpListener,
) -> (Option<tokio::sync::OwnedSemaphorePermit>, std::io::Result<(TcpStream, SocketAddr)>) {
    // The semaphore is never closed, so there is always a permit to wait for.
    let place = Arc::clone(places).acquire_owned().await.ok();
    (place, listener.accept().await)
}
