//! A connection on which a test writes bytes of its own, for requests that no library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::within;

/// A connection; closed when dropped.
#[derive(Debug)]
pub struct RawConnection(TcpStream);

impl RawConnection {
    /// Opens one.
    pub async fn open(address: SocketAddr) -> Self {
        Self(within("the connection", TcpStream::connect(address)).await.unwrap())
    }

    /// Sends bytes. That the server has closed already is for [`Self::rest`] to see.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("sending", self.0.write_all(bytes.as_ref())).await;
    }

    /// Reads until the server closes the connection.
    pub async fn rest(mut self) -> String {
        let mut read = Vec::new();
        // A reset is an end too.
        let _ = within("the end of the connection", self.0.read_to_end(&mut read)).await;
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Reads until `text` has arrived.
    ///
    /// # Panics
    /// When the server closes the connection before.
    pub async fn until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(text) {
            let count = within("the next bytes", self.0.read_buf(&mut read)).await.unwrap();
            assert!(count > 0, "the connection ended before {text:?}: {read:?}");
        }
        String::from_utf8_lossy(&read).into_owned()
    }
}
