//! A provider that sends bytes as the test wrote them: broken HTTP that no library would produce.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::task::OwnedTask;

/// Answers each connection with the same bytes as soon as a whole request has arrived, and closes it. Ends when dropped.
#[derive(Debug)]
pub struct RawProvider {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _serving: OwnedTask,
}

impl RawProvider {
    /// Starts one.
    pub async fn start(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let serving = OwnedTask::spawn(serve(listener, answer.into(), Arc::clone(&connections)));
        Self { address, connections, _serving: serving }
    }

    /// Its base URL, as `http://127.0.0.1:1234/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How many connections it was asked on.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, answer: Vec<u8>, connections: Arc<AtomicUsize>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        if read_request(&mut stream).await {
            connections.fetch_add(1, Ordering::SeqCst);
            // A client that has left misses nothing.
            let _ = stream.write_all(&answer).await;
        }
    }
}

/// Reads a head and the body of the length that it says; whether there was a whole one.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut read = Vec::new();
    loop {
        if let Some(wanted) = whole_length(&read)
            && read.len() >= wanted
        {
            return true;
        }
        match stream.read_buf(&mut read).await {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

/// The length of the request, once its head is there.
fn whole_length(read: &[u8]) -> Option<usize> {
    let head_end = read.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(read.get(..head_end)?).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some(head_end + length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{RawProvider, whole_length};
    use crate::RawConnection;

    #[test]
    fn a_request_is_as_long_as_its_head_says() {
        assert_eq!(whole_length(b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(whole_length(b"GET / HTTP/1.1\r\n\r\n"), Some(18));
        assert_eq!(whole_length(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"), Some(43));
    }

    #[tokio::test]
    async fn the_bytes_arrive_as_written_when_the_request_is_whole() {
        let provider = RawProvider::start("not HTTP at all").await;
        let mut connection = RawConnection::open(provider.address).await;
        connection.send("POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nok").await;
        assert_eq!(connection.rest().await, "not HTTP at all");
        assert_eq!(provider.connections(), 1);
    }
}
