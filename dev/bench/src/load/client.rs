//! One connection to the server under test: sends the prepared request, reads the answer, checks it.

use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use memchr::memchr_iter;

use crate::http1::{Framing, Head, Messages};
use crate::process::status;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How much of a wrong answer's body a message shows.
const SHOWN_BYTES_MAX: usize = 600;

/// A connection that is opened when first used, and again after the server has closed it.
#[derive(Debug)]
pub(crate) struct Client {
    target: SocketAddr,
    request: Arc<[u8]>,
    events_min: u64,
    messages: Option<Messages<TcpStream>>,
}

/// When the parts of one answer were there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange {
    /// The first event of a stream; of any other answer, its first byte of body.
    pub(crate) first_event: Instant,
    /// The last byte.
    pub(crate) done: Instant,
}

impl Client {
    /// Remembers what to send and where.
    pub(crate) fn new(target: SocketAddr, request: Arc<[u8]>, events_min: u64) -> Self {
        Self { target, request, events_min, messages: None }
    }

    /// Sends the request and reads the whole answer.
    pub(crate) fn exchange(&mut self) -> anyhow::Result<Exchange> {
        let (mut messages, head) = self.send()?;
        let mut first_event = None;
        let mut events = EventCount::default();
        let counts_events = self.events_min > 0;
        messages
            .read_body(head.framing, |payload| {
                first_event.get_or_insert_with(Instant::now);
                if counts_events {
                    events.add(payload);
                }
                ControlFlow::Continue(())
            })
            .context("an answer broke off")?;
        let done = Instant::now();
        if events.events < self.events_min {
            bail!("a stream had {} events instead of at least {}", events.events, self.events_min);
        }
        if !head.closes {
            self.messages = Some(messages);
        }
        Ok(Exchange { first_event: first_event.unwrap_or(done), done })
    }

    /// Sends the request, reads as far as the first event, and leaves the stream open until this client is dropped.
    pub(crate) fn open_stream(&mut self) -> anyhow::Result<()> {
        let (mut messages, head) = self.send()?;
        let mut bytes = 0;
        messages
            .read_body(head.framing, |payload| {
                bytes += payload.len();
                ControlFlow::Break(())
            })
            .context("a stream broke off before its first event")?;
        if bytes == 0 {
            bail!("a stream ended without an event");
        }
        self.messages = Some(messages);
        Ok(())
    }

    fn send(&mut self) -> anyhow::Result<(Messages<TcpStream>, Head<u16>)> {
        let mut messages = match self.messages.take() {
            Some(messages) => messages,
            None => connect(self.target)?,
        };
        messages.write(&self.request).context("cannot send a request")?;
        let head = messages
            .read_head(status)
            .context("cannot read the head of an answer")?
            .context("the server closed the connection instead of answering")?;
        if head.first_line == 200 && head.framing != Framing::Absent {
            return Ok((messages, head));
        }
        let mut body = Vec::new();
        let read = messages.read_body(head.framing, |payload| {
            body.extend_from_slice(payload.get(..SHOWN_BYTES_MAX.min(payload.len())).unwrap_or_default());
            if body.len() < SHOWN_BYTES_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let body = read.map_or_else(
            |error| format!("(cannot be read: {error})"),
            |()| String::from_utf8_lossy(&body).into_owned(),
        );
        bail!("an answer has status {} and framing {:?}; its body: {body}", head.first_line, head.framing)
    }
}

fn connect(target: SocketAddr) -> anyhow::Result<Messages<TcpStream>> {
    let stream =
        TcpStream::connect_timeout(&target, ANSWER_MAX).context("cannot connect to the server under test")?;
    stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
    stream.set_read_timeout(Some(ANSWER_MAX)).context("cannot set a timeout")?;
    Ok(Messages::new(stream))
}

/// Counts the events of a stream by the empty line that ends each (WHATWG HTML, section 9.2), wherever reads cut it.
#[derive(Debug, Default)]
struct EventCount {
    events: u64,
    /// How many bytes were seen in all.
    offset: usize,
    /// Where the line after the last line feed starts.
    line_start: usize,
}

impl EventCount {
    fn add(&mut self, payload: &[u8]) {
        for index in memchr_iter(b'\n', payload) {
            let line_end = self.offset + index;
            // No line of an event has a single byte, so one byte before the line feed is a carriage return.
            if line_end > 0 && line_end - self.line_start <= 1 {
                self.events += 1;
            }
            self.line_start = line_end + 1;
        }
        self.offset += payload.len();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn count(text: &str, piece_bytes: usize) -> u64 {
        let mut count = EventCount::default();
        for piece in text.as_bytes().chunks(piece_bytes) {
            count.add(piece);
        }
        count.events
    }

    #[test]
    fn events_are_counted_wherever_reads_cut_them() {
        let text = "event: a\ndata: {}\n\ndata: 2\r\n\r\ndata: [DONE]\n\ndata: cut off\n";
        for piece_bytes in 1..=text.len() {
            assert_eq!(count(text, piece_bytes), 3, "pieces of {piece_bytes}");
        }
    }

    fn exchange_with(answer: &'static [u8], events_min: u64) -> anyhow::Result<Exchange> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut room = [0; 1024];
            let read = stream.read(&mut room).unwrap();
            stream.write_all(answer).unwrap();
            read
        });
        let result = Client::new(target, Arc::from(&b"GET / HTTP/1.1\r\n\r\n"[..]), events_min).exchange();
        assert!(server.join().unwrap() > 0);
        result
    }

    #[test]
    fn a_whole_answer_is_an_exchange() {
        let exchange = exchange_with(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", 0).unwrap();
        assert!(exchange.first_event <= exchange.done);
    }

    #[test]
    fn a_refusal_is_an_error_with_its_body() {
        let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 11\r\n\r\nno such key";
        let error = exchange_with(answer, 0).unwrap_err().to_string();
        assert!(error.contains("401") && error.contains("no such key"), "{error}");
    }

    #[test]
    fn a_stream_with_too_few_events_is_an_error() {
        let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n";
        assert!(exchange_with(answer, 1).is_ok());
        assert!(exchange_with(answer, 2).unwrap_err().to_string().contains("1 events instead of at least 2"));
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        assert!(exchange_with(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", 0).is_err());
    }
}
