//! One end of a WebSocket, on which a test sends any bytes: a client's before the gateway, or a provider's behind it.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use providers::websocket::accept;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wire::websocket::{Frame, FrameReader, Mask, Opcode, Read, Sender, close, frame};

use crate::within;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK: Mask = [7, 0, 255, 1];

/// One end of a WebSocket; disconnected when dropped.
#[derive(Debug)]
pub struct WebSocket {
    stream: TcpStream,
    buffer: BytesMut,
    frames: FrameReader,
    mask: Option<Mask>,
    /// The head of the other end's side of the handshake.
    pub head: String,
}

impl WebSocket {
    /// Sends a handshake with further header lines, and waits for the head of the answer, whatever it is.
    pub async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let stream = within("the connection", TcpStream::connect(address)).await.unwrap();
        let mut socket = Self::new(stream, Sender::Server, Some(MASK));
        let mut head = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\nsec-websocket-extensions: permessage-deflate\r\n"
        );
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        socket.send_raw(format!("{head}\r\n")).await;
        socket.read_head().await;
        socket
    }

    /// Accepts the next connection and its handshake, as a provider.
    pub async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = within("a connection", listener.accept()).await.unwrap();
        let mut socket = Self::new(stream, Sender::Client, None);
        socket.read_head().await;
        let key = socket.header("sec-websocket-key").to_owned();
        let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
        socket.send_raw(format!("{answer}sec-websocket-accept: {}\r\n\r\n", accept(&key))).await;
        socket
    }

    fn new(stream: TcpStream, other: Sender, mask: Option<Mask>) -> Self {
        let frames = FrameReader::new(other, 1 << 30);
        Self { stream, buffer: BytesMut::new(), frames, mask, head: String::new() }
    }

    /// A header of the other end's handshake; `""` when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let field = fields.find(|(found, _)| found.eq_ignore_ascii_case(name));
        field.map_or("", |(_, value)| value.trim())
    }

    /// The status of the answer to a handshake.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Sends bytes as they are. That the other end has gone is for reading to see.
    pub async fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("sending", self.stream.write_all(bytes.as_ref())).await;
    }

    /// Sends an event.
    pub async fn say(&mut self, event: &Value) -> Bytes {
        self.send(Opcode::Text, event.to_string().as_bytes()).await
    }

    /// Sends a frame, and hands out its bytes.
    pub async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Bytes {
        let bytes = frame(opcode, payload, self.mask);
        self.send_raw(&bytes).await;
        bytes
    }

    /// Says goodbye.
    pub async fn close(&mut self, code: u16) {
        self.send_raw(close(code, "bye", self.mask)).await;
    }

    /// The next frame; `None` when the other end is gone.
    ///
    /// # Panics
    /// When it is none.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Read::Frame(frame) = self.frames.read(&mut self.buffer).unwrap() {
                return Some(frame);
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// The next event.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn event(&mut self) -> Value {
        let frame = self.next().await.unwrap();
        assert_eq!(frame.opcode, Opcode::Text, "{:?}", frame.payload());
        serde_json::from_slice(&frame.payload()).unwrap()
    }

    /// Events up to one of a type.
    pub async fn events_until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.event().await);
            if events.last().is_some_and(|event| event["type"] == kind) {
                return events;
            }
        }
    }

    /// The code and reason of the goodbye that comes next, past anything else.
    ///
    /// # Panics
    /// When the other end goes without one.
    pub async fn goodbye(&mut self) -> (u16, String) {
        loop {
            let frame = self.next().await.unwrap();
            if frame.opcode == Opcode::Close {
                let payload = frame.payload();
                let (code, reason) = payload.split_first_chunk().unwrap();
                return (u16::from_be_bytes(*code), String::from_utf8(reason.to_vec()).unwrap());
            }
        }
    }

    /// The body of an answer that is no 101, as long as its head says.
    pub async fn body(mut self) -> String {
        let length = self.header("content-length").parse().unwrap_or(0);
        while self.buffer.len() < length && self.read().await {}
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    async fn read_head(&mut self) {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.read().await, "the connection ended in its head: {:?}", self.buffer);
        };
        self.head = String::from_utf8_lossy(&self.buffer.split_to(end)).into_owned();
    }

    async fn read(&mut self) -> bool {
        within("the next bytes", self.stream.read_buf(&mut self.buffer)).await.is_ok_and(|read| read > 0)
    }
}
