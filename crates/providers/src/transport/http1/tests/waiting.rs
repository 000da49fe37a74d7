//! What a connection holds while it waits.

use std::future::poll_fn;

use bytes::Bytes;
use http::{Method, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::transport::body::OutgoingBody;
use crate::transport::http1::connection::Connection;
use crate::transport::http1::outgoing::Outgoing;
use crate::transport::stream::Stream;

/// Reads the head of a request.
pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}

async fn pair() -> (Box<Connection>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connecting = TcpStream::connect(listener.local_addr().unwrap());
    let (ours, theirs) = tokio::join!(connecting, listener.accept());
    (Connection::new(Stream::Tcp(ours.unwrap())), theirs.unwrap().0)
}

#[tokio::test]
async fn a_stream_that_waits_for_data_holds_no_buffer_and_no_request() {
    let (mut connection, mut server) = pair().await;
    let request = Request::builder().method(Method::POST).body(OutgoingBody::from(Bytes::from_static(b"{}")));
    let outgoing = Box::new(Outgoing::new(request.unwrap()));
    let serving = async {
        read_request(&mut server).await;
        server
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .await
            .unwrap();
    };
    let (answer, ()) = tokio::join!(connection.exchange(outgoing), serving);
    assert!(answer.is_ok());
    let piece = poll_fn(|context| connection.poll_piece(context)).await;
    assert_eq!(piece.unwrap().unwrap(), "hello");
    let next = poll_fn(|context| std::task::Poll::Ready(connection.poll_piece(context))).await;
    assert!(next.is_pending());
    assert_eq!(connection.held_bytes(), 0);
    assert!(!connection.is_reusable());
    assert!(size_of_val(&*connection) <= 192, "{} bytes", size_of_val(&*connection));
}
