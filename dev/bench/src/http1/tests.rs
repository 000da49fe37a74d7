//! The parser of the fake provider takes requests in any cut.

use super::*;

/// Gives its bytes in pieces of a fixed size, and swallows what is written.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    piece_bytes: usize,
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let take = self.piece_bytes.min(room.len()).min(self.bytes.len() - self.at);
        room[..take].copy_from_slice(&self.bytes[self.at..self.at + take]);
        self.at += take;
        Ok(take)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn messages(bytes: &[u8], piece_bytes: usize) -> Messages<Pieces> {
    Messages::new(Pieces { bytes: bytes.to_vec(), at: 0, piece_bytes })
}

fn read_one(messages: &mut Messages<Pieces>) -> io::Result<Option<(String, Vec<u8>)>> {
    let Some(head) = messages.read_head(|line| String::from_utf8_lossy(line).into_owned())? else {
        return Ok(None);
    };
    let mut body = Vec::new();
    messages.read_body(head.framing, |payload| {
        body.extend_from_slice(payload);
        ControlFlow::Continue(())
    })?;
    Ok(Some((head.first_line, body)))
}

const THREE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0012\r\n0123456789abcdefgh\r\n0\r\nTrailer: 1\r\n\r\n\
HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

#[test]
fn pieces_of_every_size_give_the_same_messages() {
    for piece_bytes in 1..=THREE.len() {
        let mut messages = messages(THREE, piece_bytes);
        assert_eq!(read_one(&mut messages).unwrap().unwrap().1, b"hello");
        assert_eq!(read_one(&mut messages).unwrap().unwrap().1, b"abc0123456789abcdefgh");
        assert_eq!(
            read_one(&mut messages).unwrap().unwrap(),
            ("HTTP/1.1 204 No Content".to_owned(), Vec::new())
        );
        assert_eq!(read_one(&mut messages).unwrap(), None, "piece of {piece_bytes}");
    }
}

#[test]
fn every_cut_before_the_end_is_an_error() {
    let chunked = &THREE[43..THREE.len() - 46];
    for kept in 1..chunked.len() {
        assert!(read_one(&mut messages(&chunked[..kept], 7)).is_err(), "kept {kept}");
    }
    assert!(read_one(&mut messages(chunked, 7)).unwrap().is_some());
}

#[test]
fn a_head_says_whether_the_sender_closes() {
    let head =
        messages(b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", 9).read_head(<[u8]>::len).unwrap().unwrap();
    assert_eq!(head, Head { first_line: 14, framing: Framing::Absent, closes: true });
}

#[test]
fn malformed_framing_is_refused() {
    for body in ["zz\r\n", "\r\n", "fffffffffffffffff\r\n", "1\r\nab\r\n"] {
        let bytes = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}0\r\n\r\n");
        let error = read_one(&mut messages(bytes.as_bytes(), 64)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{body:?}");
    }
    assert!(read_one(&mut messages(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", 64)).is_err());
}

#[test]
fn a_head_without_end_is_refused() {
    let endless = vec![b'a'; BUFFER_BYTES + 1];
    let error = read_one(&mut messages(&endless, 4096)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_body_larger_than_the_buffer_arrives_whole() {
    let body: Vec<u8> = (0..3 * BUFFER_BYTES).map(|index| (index % 251) as u8).collect();
    let mut bytes = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(&body);
    assert_eq!(read_one(&mut messages(&bytes, 10_000)).unwrap().unwrap().1, body);
}

#[test]
fn a_break_leaves_the_rest_unread() {
    let mut messages = messages(THREE, 40);
    let head = messages.read_head(|_| ()).unwrap().unwrap();
    let mut calls = 0;
    messages
        .read_body(head.framing, |_| {
            calls += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(calls, 1);
}

proptest::proptest! {
    #[test]
    fn chunks_come_back_as_their_payload(
        chunks in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 1..300), 0..20),
        piece_bytes in 1_usize..500,
    ) {
        let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for chunk in &chunks {
            bytes.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let (_, body) = read_one(&mut messages(&bytes, piece_bytes)).unwrap().unwrap();
        proptest::prop_assert_eq!(body, chunks.concat());
    }
}
