//! Realtime sessions on a socket: the handshake is accepted, and events go in and out as texts of a WebSocket.

use bytes::BytesMut;
use http::{HeaderValue, Response, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wire::websocket::{Frame, FrameReader, Opcode, Read, Sender, TextMessages, close, frame};

use super::playback::PlaybackBody;
use crate::scripted::realtime::{Session, model};
use crate::scripted::script::ScriptedRequest;
use crate::websocket::accept;

/// The largest message, in bytes: OpenAI's for a piece of sound is 15 MiB.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The 101 for a handshake.
pub(super) fn switching(request: &ScriptedRequest) -> Response<PlaybackBody> {
    let mut response = Response::new(PlaybackBody::empty());
    *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let given = |name: header::HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
    let accepted = accept(given(header::SEC_WEBSOCKET_KEY).unwrap_or_default());
    headers.extend(HeaderValue::try_from(accepted).map(|accepted| (header::SEC_WEBSOCKET_ACCEPT, accepted)));
    // Of what a client speaks, the first: `realtime`.
    let protocol = given(header::SEC_WEBSOCKET_PROTOCOL).and_then(|offered| offered.split(',').next());
    if let Some(protocol) = protocol.and_then(|protocol| HeaderValue::from_str(protocol.trim()).ok()) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

/// Plays a session until either side leaves.
pub(super) async fn play(upgrade: OnUpgrade, request: ScriptedRequest) {
    let Ok(stream) = upgrade.await else { return };
    let mut connection = Connection {
        stream: TokioIo::new(stream),
        frames: FrameReader::new(Sender::Client, MESSAGE_BYTES_MAX),
        buffer: BytesMut::new(),
    };
    // Whoever left hears no more.
    let _ = converse(&mut connection, model(&request)).await;
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<S>,
    model: String,
) -> std::io::Result<()> {
    let (mut session, created) = Session::open(model);
    connection.say(&created).await?;
    let mut messages = TextMessages::new(MESSAGE_BYTES_MAX);
    while let Some(received) = connection.next().await? {
        match received.opcode {
            Opcode::Ping => connection.send(&frame(Opcode::Pong, &received.payload(), None)).await?,
            Opcode::Close => {
                connection.send(&frame(Opcode::Close, &received.payload(), None)).await?;
                return connection.stream.shutdown().await;
            }
            _ => {
                let event = messages.read(&received, |text| serde_json::from_slice::<Value>(text));
                for answer in event.map(|event| session.hear(&event.unwrap_or_default())).unwrap_or_default()
                {
                    connection.say(&answer).await?;
                }
            }
        }
    }
    Ok(())
}

struct Connection<S> {
    stream: S,
    frames: FrameReader,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// The next frame; `None` when the client is gone, or was sent away for breaking the protocol.
    async fn next(&mut self) -> std::io::Result<Option<Frame>> {
        loop {
            match self.frames.read(&mut self.buffer) {
                Ok(Read::Frame(frame)) => return Ok(Some(frame)),
                Ok(Read::Needs(_)) => {}
                Err(violation) => {
                    self.send(&close(violation.code, violation.reason, None)).await?;
                    return Ok(None);
                }
            }
            self.buffer.reserve(8 << 10);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn say(&mut self, event: &Value) -> std::io::Result<()> {
        self.send(&frame(Opcode::Text, event.to_string().as_bytes(), None)).await
    }

    async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}
