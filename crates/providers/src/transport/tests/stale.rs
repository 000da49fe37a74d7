//! Laws of kept connections that close in the very moment in which they are used: looking at one showed nothing,
//! because no event of the kernel was taken in since.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;

use socket2::SockRef;

use super::*;

/// How a server hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HangUp {
    /// It sends no more, but goes on reading.
    End,
    /// It forgets the connection.
    Reset,
}

/// A server on a thread of its own, which acts while the runtime of the test stands still.
struct Server {
    authority: String,
    hang_up: mpsc::Sender<()>,
    hung_up: mpsc::Receiver<()>,
    /// The requests that it got, each with the number of its connection.
    serving: JoinHandle<Vec<(usize, String)>>,
}

impl Server {
    fn start(how: HangUp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (hang_up, asked) = mpsc::channel();
        let (tell, hung_up) = mpsc::channel();
        let serving = std::thread::spawn(move || {
            let mut first = listener.accept().unwrap().0;
            let mut requests = vec![(0, answer(&mut first))];
            asked.recv().unwrap();
            if how == HangUp::End {
                first.shutdown(Shutdown::Write).unwrap();
                tell.send(()).unwrap();
                requests.push((0, read_head(&mut first)));
            } else {
                SockRef::from(&first).set_linger(Some(Duration::ZERO)).unwrap();
                drop(first);
                tell.send(()).unwrap();
                requests.push((1, answer(&mut listener.accept().unwrap().0)));
            }
            requests
        });
        Self { authority, hang_up, hung_up, serving }
    }

    /// Has it hang up, and waits for that without letting the runtime look at its sockets.
    fn hang_up(&self) {
        self.hang_up.send(()).unwrap();
        self.hung_up.recv().unwrap();
    }
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        head.extend_from_slice(&byte);
    }
    String::from_utf8(head).unwrap()
}

fn answer(stream: &mut TcpStream) -> String {
    let head = read_head(stream);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
    head
}

#[tokio::test]
async fn a_request_of_which_nothing_left_goes_to_another_connection() {
    let server = Server::start(HangUp::Reset);
    let origin = transport(TransportSettings::default()).origin(&key(&server.authority));
    assert_eq!(fetch(&origin, get("/first")).await, "ok");
    server.hang_up();
    assert_eq!(fetch(&origin, get("/second")).await, "ok");
    let requests = server.serving.join().unwrap();
    assert!(
        requests[0].1.starts_with("GET /first ") && requests[1].1.starts_with("GET /second "),
        "{requests:?}"
    );
    assert_eq!([requests[0].0, requests[1].0], [0, 1]);
}

#[tokio::test]
async fn a_request_that_left_is_not_sent_again_though_its_connection_had_ended() {
    let server = Server::start(HangUp::End);
    let origin = transport(TransportSettings::default()).origin(&key(&server.authority));
    assert_eq!(fetch(&origin, get("/first")).await, "ok");
    server.hang_up();
    let error = send(&origin, get("/second")).await.unwrap_err();
    assert!(matches!(error, SendError::Closed { reused: true }), "{error}");
    let requests = server.serving.join().unwrap();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].1.starts_with("GET /second "), "it may have been processed: {requests:?}");
}
