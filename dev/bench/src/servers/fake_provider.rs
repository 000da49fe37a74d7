//! A provider that costs next to nothing: a thread per connection, blocking reads, one prepared write per answer.
//!
//! It shares its core with the load generator. With one thread per connection a request needs one read and one write and no
//! readiness calls between them, which is the least that a socket allows.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::answers::{Answers, FormatAnswers, whole};
use crate::http1::Messages;
use crate::scenario::{Format, Scenario};

/// Where the counts of answers can be read.
pub(crate) const COUNTS_PATH: &str = "/counts";

const CONNECTION_STACK_BYTES: usize = 256 * 1024;

/// How long a held stream waits for its caller to leave.
const HOLD_MAX: Duration = Duration::from_secs(600);

/// How many requests were answered in which way since the start.
#[derive(Debug, Default)]
struct Counts {
    answered: AtomicU64,
    failed: AtomicU64,
}

/// What one request's first line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Counts,
    /// Any other `GET`: the probe of a floor that forwards everything.
    Probe,
    Completion(Scenario, Format),
    Unknown,
}

/// Serves until the process is ended.
pub(crate) fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
    let answers = Arc::new(Answers::new());
    let counts = Arc::new(Counts::default());
    for stream in listener.incoming() {
        let stream = stream.context("cannot accept a connection")?;
        let (answers, counts) = (Arc::clone(&answers), Arc::clone(&counts));
        thread::Builder::new()
            .stack_size(CONNECTION_STACK_BYTES)
            // A connection that breaks is its caller's affair: the load generator sees it as a failed answer.
            .spawn(move || serve_connection(stream, &answers, &counts).unwrap_or_default())
            .context("cannot start a thread for a connection")?;
    }
    Ok(())
}

fn serve_connection(stream: TcpStream, answers: &Answers, counts: &Counts) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HOLD_MAX))?;
    let mut messages = Messages::new(stream);
    while let Some(head) = messages.read_head(Ask::parse)? {
        messages.read_body(head.framing, |_| ControlFlow::Continue(()))?;
        match head.first_line {
            Ask::Completion(Scenario::Failing, _) => {
                counts.failed.fetch_add(1, Ordering::Relaxed);
                messages.write(answers.failure())?;
            }
            Ask::Completion(scenario, format) => {
                counts.answered.fetch_add(1, Ordering::Relaxed);
                answer(&mut messages, scenario, answers.of(format))?;
            }
            Ask::Counts => messages.write(&counts.answer())?,
            Ask::Probe => messages.write(&whole("200 OK", "{}"))?,
            Ask::Unknown => messages.write(&whole(
                "404 Not Found",
                r#"{"error":{"message":"the fake provider has no such path"}}"#,
            ))?,
        }
    }
    Ok(())
}

fn answer(messages: &mut Messages<TcpStream>, scenario: Scenario, answers: &FormatAnswers) -> io::Result<()> {
    match scenario {
        Scenario::Whole | Scenario::Failing => messages.write(&answers.whole),
        Scenario::Held => {
            messages.write(&answers.stream_first)?;
            // The caller has nothing more to send, so this returns when it has left.
            messages.read_head(|_| ()).map(|_| ())?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Scenario::Streamed { chunks, interval } => {
            let started = Instant::now();
            messages.write(&answers.stream_first)?;
            for (index, chunk) in (1..chunks).zip(answers.stream_next.iter().cycle()) {
                if !interval.is_zero() {
                    thread::sleep((started + interval * index).saturating_duration_since(Instant::now()));
                }
                messages.write(chunk)?;
            }
            messages.write(&answers.stream_last)
        }
    }
}

impl Counts {
    fn answer(&self) -> Vec<u8> {
        let answered = self.answered.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        whole("200 OK", &format!(r#"{{"answered":{answered},"failed":{failed}}}"#))
    }
}

impl Ask {
    fn parse(first_line: &[u8]) -> Self {
        let mut words = std::str::from_utf8(first_line).unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if method != "POST" {
            return if path == COUNTS_PATH { Self::Counts } else { Self::Probe };
        }
        let completion = |scenario| Self::Completion(scenario, Format::from_path(path));
        Scenario::from_path(path).map_or(Self::Unknown, completion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_says_what_to_answer() {
        assert_eq!(Ask::parse(b"GET /counts HTTP/1.1"), Ask::Counts);
        assert_eq!(Ask::parse(b"GET /readyz HTTP/1.1"), Ask::Probe);
        assert_eq!(
            Ask::parse(b"POST /v1/messages HTTP/1.1"),
            Ask::Completion(Scenario::Whole, Format::Messages)
        );
        assert_eq!(
            Ask::parse(b"POST /failing/v1/chat/completions HTTP/1.1"),
            Ask::Completion(Scenario::Failing, Format::Chat)
        );
        assert_eq!(Ask::parse(b"POST /v3/x HTTP/1.1"), Ask::Unknown);
    }

    fn ask(path: &str) -> (Vec<u8>, bool) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            serve_connection(stream, &Answers::new(), &Counts::default())
        });
        let mut messages = Messages::new(TcpStream::connect(address).unwrap());
        messages.write(format!("POST {path} HTTP/1.1\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes()).unwrap();
        let head = messages.read_head(|line| line.ends_with(b"200 OK")).unwrap().unwrap();
        let mut body = Vec::new();
        messages
            .read_body(head.framing, |payload| {
                body.extend_from_slice(payload);
                if path.starts_with("/held") { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        drop(messages);
        server.join().unwrap().unwrap_or_default();
        (body, head.first_line)
    }

    #[test]
    fn a_stream_has_as_many_content_chunks_as_its_path_says() {
        for path in ["/streamed-7-0/v1/chat/completions", "/streamed-7-100/v1/chat/completions"] {
            let (body, succeeded) = ask(path);
            assert!(succeeded);
            assert_eq!(memchr::memmem::find_iter(&body, b"\"content\"").count(), 7, "{path}");
            assert!(body.ends_with(b"data: [DONE]\n\n"));
        }
    }

    #[test]
    fn a_failing_provider_fails() {
        let (body, succeeded) = ask("/failing/v1/chat/completions");
        assert!(!succeeded);
        assert!(memchr::memmem::find(&body, b"told to fail").is_some());
    }

    #[test]
    fn a_held_stream_ends_when_its_caller_leaves() {
        let (body, succeeded) = ask("/held/v1/messages");
        assert!(succeeded);
        assert!(body.starts_with(b"event: message_start"));
    }
}
