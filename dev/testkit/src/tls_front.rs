//! TLS in front of a server that speaks clear text.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Authority;
use crate::task::OwnedTask;

/// Takes TLS connections and hands their bytes on. Ends when dropped.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    _serving: OwnedTask,
}

impl TlsFront {
    /// Starts one before `target`, with a certificate of `authority`, offering these protocols (ALPN names).
    pub async fn start(authority: &Authority, protocols: &[&str], target: SocketAddr) -> Self {
        let acceptor = TlsAcceptor::from(authority.server_config(protocols));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = OwnedTask::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hand_on(acceptor.clone(), stream, target));
            }
        });
        Self { address, _serving: serving }
    }

    /// Its base URL, as `https://127.0.0.1:1234/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("https://{}/v1", self.address)
    }
}

/// Ends with either side; a handshake that fails is the client's to notice.
async fn hand_on(acceptor: TlsAcceptor, stream: TcpStream, target: SocketAddr) {
    let Ok(mut client) = acceptor.accept(stream).await else {
        return;
    };
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
