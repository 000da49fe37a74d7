//! One direction of a session: a frame is read whole, and written whole before the next is read, so that whoever reads
//! slowly slows down whoever writes, and nothing piles up here.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use domain::byte_budget::{ByteBudget, Hold};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wire::websocket::{Frame, FrameReader, Mask, Opcode, Read, Violation, close};

use super::end::Goodbye;

/// What one read takes.
const READ_BYTES: usize = 16 << 10;
/// A frame above this takes its bytes from the process's budget.
const UNBUDGETED_BYTES_MAX: usize = 64 << 10;
/// How long a side is given to take a goodbye.
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// Why a direction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A close frame was passed on.
    Closed,
    /// Nothing more comes.
    SenderGone,
    /// Nothing more is taken.
    ReceiverGone,
    /// The sender does not keep to the protocol.
    Broke(Violation),
    /// There is no memory for a frame.
    NoRoom,
}

/// The frames of one side.
pub(super) struct Incoming<R> {
    stream: R,
    buffer: BytesMut,
    frames: FrameReader,
    budget: Arc<ByteBudget>,
    in_flight_bytes_max: usize,
    /// The share of the frame that is being read.
    hold: Option<Hold>,
}

/// The way to one side.
pub(super) struct Outgoing<W> {
    stream: W,
    /// What is left of a frame that was begun.
    unsent: Bytes,
    /// Whether a close frame is on its way.
    said_goodbye: bool,
    mask: Option<Mask>,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    pub(super) fn new(
        stream: R,
        frames: FrameReader,
        budget: Arc<ByteBudget>,
        in_flight_bytes_max: usize,
    ) -> Self {
        Self { stream, buffer: BytesMut::new(), frames, budget, in_flight_bytes_max, hold: None }
    }

    /// The next frame, with its share of the budget.
    async fn next(&mut self) -> Result<(Frame, Option<Hold>), Stop> {
        loop {
            match self.frames.read(&mut self.buffer).map_err(Stop::Broke)? {
                Read::Frame(frame) => {
                    let hold = self.hold.take();
                    if hold.is_some() {
                        // What the next frame has of it; a large frame's memory goes with the frame.
                        self.buffer = BytesMut::from(&*self.buffer);
                    }
                    return Ok((frame, hold));
                }
                Read::Needs(bytes) => self.make_room(bytes)?,
            }
            self.buffer.reserve(READ_BYTES);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Err(Stop::SenderGone),
                Ok(_) => {}
            }
        }
    }

    /// Takes in what the other end still says until it is gone as well. Closed over unread bytes a connection is reset, and
    /// the goodbye may be lost (RFC 9112 section 9.6 has it of HTTP).
    async fn linger(mut self) {
        self.hold = None;
        let silence = async {
            self.buffer.reserve(READ_BYTES);
            while matches!(self.stream.read_buf(&mut self.buffer).await, Ok(1..)) {
                self.buffer.clear();
            }
        };
        // Whoever goes on all the same is cut off.
        let _ = tokio::time::timeout(GOODBYE_WAIT, silence).await;
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), Stop> {
        if bytes > UNBUDGETED_BYTES_MAX && self.hold.is_none() {
            let mut hold = self.budget.hold();
            hold.grow(bytes, self.in_flight_bytes_max).map_err(|_spent| Stop::NoRoom)?;
            self.hold = Some(hold);
        }
        Ok(())
    }
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    /// `mask` for the frames that are made here, where they need one.
    pub(super) fn new(stream: W, mask: Option<Mask>) -> Self {
        Self { stream, unsent: Bytes::new(), said_goodbye: false, mask }
    }

    async fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.unsent = frame.bytes().clone();
        self.said_goodbye |= frame.opcode == Opcode::Close;
        self.finish().await
    }

    /// Sends what is left. Dropped half-way it goes on from there the next time.
    async fn finish(&mut self) -> io::Result<()> {
        while self.unsent.has_remaining() {
            if self.stream.write_buf(&mut self.unsent).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        self.stream.flush().await
    }

    /// Says goodbye, unless that was said, and closes. A side that takes nothing any more is left to itself.
    async fn end(mut self, goodbye: Goodbye) {
        let ending = async {
            self.finish().await?;
            if !self.said_goodbye {
                let (code, reason) = goodbye;
                self.unsent = close(code, reason, self.mask);
                self.finish().await?;
            }
            self.stream.shutdown().await
        };
        // Whoever is gone misses nothing.
        let _ = tokio::time::timeout(GOODBYE_WAIT, ending).await;
    }
}

/// Parts from one side: says goodbye to it, unless it was told already, and lets it go.
pub(super) async fn part<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from: Incoming<R>,
    to: Outgoing<W>,
    goodbye: Goodbye,
) {
    to.end(goodbye).await;
    from.linger().await;
}

/// Passes frames on until a close frame was, or no more can be.
pub(super) async fn pass_on<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from: &mut Incoming<R>,
    to: &mut Outgoing<W>,
    mut heard: impl FnMut(&Frame),
) -> Stop {
    loop {
        let (frame, hold) = match from.next().await {
            Ok(read) => read,
            Err(stop) => return stop,
        };
        heard(&frame);
        if to.send(&frame).await.is_err() {
            return Stop::ReceiverGone;
        }
        drop(hold);
        if frame.opcode == Opcode::Close {
            return Stop::Closed;
        }
    }
}
