//! Laws of HTTP/1.1 answers over a real socket: how each kind ends, and what becomes of its connection.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Method, StatusCode};
use http_body::Body;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::http1::round_trip;
use super::server::{Server, channel, read_head};
use super::*;

/// Answers every request on a connection with these bytes, and leaves the connection open.
async fn saying(answer: impl Into<Bytes>) -> Server {
    let answer = answer.into();
    Server::start(move |_, mut stream| {
        let answer = answer.clone();
        async move {
            while !read_head(&mut stream).await.is_empty() {
                // A client that refuses the answer hangs up.
                stream.write_all(&answer).await.ok();
            }
        }
    })
    .await
}

fn origin(server: &Server) -> Arc<Origin> {
    transport(TransportSettings::default()).origin(&key(&server.authority()))
}

/// All of a body, or how it broke off.
async fn collect(answer: Response<IncomingBody>) -> Result<Bytes, BodyError> {
    let collecting = tokio::time::timeout(PATIENCE, answer.into_body().collect());
    Ok(collecting.await.expect("the body ends")?.to_bytes())
}

/// Answers that end by themselves, and their bodies.
const KEPT: [(&str, &str); 9] = [
    ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "ok"),
    ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""),
    ("HTTP/1.1 204 No Content\r\n\r\n", ""),
    ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", ""),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", ""),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3;x\r\ntwo\r\n0\r\n\r\n", "onetwo"),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-checksum: 7\r\n\r\n", "ok"),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "ok"),
    ("HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\n\0\r\n\u{ff}", "\0\r\n\u{ff}"),
];

/// The characters as one byte each.
fn latin1(text: &str) -> Bytes {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

#[tokio::test]
async fn a_connection_is_kept_after_every_kind_of_answer_that_ends_by_itself() {
    for (answer, body) in KEPT {
        let server = saying(latin1(answer)).await;
        let origin = origin(&server);
        for _ in 0..3 {
            assert_eq!(fetch(&origin, get("/")).await, latin1(body), "{answer}");
            assert_eq!(origin.kept_connections(), 1, "{answer}");
        }
        assert_eq!(server.accepted(), 1, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_in_two_parts_is_whole_wherever_they_part() {
    for (answer, body) in KEPT {
        let answer = latin1(answer);
        let bytes = answer.clone();
        let server = Server::start(move |_, mut stream| {
            let bytes = bytes.clone();
            async move {
                for place in 1..bytes.len() {
                    read_head(&mut stream).await;
                    stream.write_all(&bytes[..place]).await.unwrap();
                    // The client reads the first part before the second is there.
                    round_trip().await;
                    stream.write_all(&bytes[place..]).await.unwrap();
                }
            }
        })
        .await;
        let origin = origin(&server);
        for place in 1..answer.len() {
            assert_eq!(fetch(&origin, get("/")).await, latin1(body), "{answer:?} at {place}");
        }
        assert_eq!(server.accepted(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn a_connection_with_bytes_behind_the_answer_is_not_kept() {
    for (answer, body) in KEPT {
        let server = saying([latin1(answer), Bytes::from_static(b"HTTP/1.1 200 OK\r\n")].concat()).await;
        let origin = origin(&server);
        assert_eq!(fetch(&origin, get("/")).await, latin1(body), "{answer}");
        assert_eq!(origin.kept_connections(), 0, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_with_bytes_behind_a_late_end_is_not_kept() {
    let framings =
        ["content-length: 2\r\n\r\n|ok", "transfer-encoding: chunked\r\n\r\n|2\r\nok\r\n0\r\n\r\n"];
    for (head, body) in framings.map(|framing| framing.split_once('|').unwrap()) {
        let server = Server::start(move |_, mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}").as_bytes()).await.unwrap();
            // The client has read the head before the end comes.
            round_trip().await;
            stream.write_all(format!("{body}HTTP/1.1 200 OK\r\n").as_bytes()).await.unwrap();
            assert_eq!(read_head(&mut stream).await, "");
        })
        .await;
        let origin = origin(&server);
        assert_eq!(fetch(&origin, get("/")).await, "ok", "{head}");
        assert_eq!(origin.kept_connections(), 0, "{head}");
    }
}

#[tokio::test]
async fn a_request_that_left_in_part_is_not_sent_again() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        read_head(&mut stream).await;
        stream.shutdown().await.unwrap();
        // It reads no more, and does not say so either.
        std::future::pending::<()>().await;
    })
    .await;
    let origin = origin(&server);
    assert_eq!(fetch(&origin, get("/")).await, "ok");
    let error = send(&origin, post("/", large())).await.unwrap_err();
    assert!(matches!(error, SendError::Closed { reused: true }), "{error}");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_says_something_unasked_is_not_used() {
    let (speak, spoken) = watch::channel(());
    let server = Server::start(move |number, mut stream| {
        let mut spoken = spoken.clone();
        spoken.mark_unchanged();
        async move {
            read_head(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{number}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            spoken.changed().await.unwrap();
            // What servers send before they close a connection that was idle for too long.
            let unasked = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(unasked).await.unwrap();
            assert_eq!(read_head(&mut stream).await, "", "nothing more is asked");
        }
    })
    .await;
    let origin = origin(&server);
    assert_eq!(fetch(&origin, get("/")).await, "0");
    speak.send(()).unwrap();
    round_trip().await;
    assert_eq!(fetch(&origin, get("/")).await, "1");
}

#[tokio::test]
async fn an_answer_to_head_has_the_headers_of_a_body_and_none() {
    let server = saying("HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n").await;
    let origin = origin(&server);
    for _ in 0..2 {
        let request = Request::builder().method(Method::HEAD).uri("/").body(OutgoingBody::Empty).unwrap();
        let answer = send(&origin, request).await.unwrap();
        assert_eq!(answer.headers()["content-length"], "1234");
        assert!(answer.body().is_end_stream());
        assert_eq!(answer.body().size_hint().exact(), Some(0));
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_body_says_how_much_of_it_is_left_where_that_is_known() {
    let server = saying("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    let answer = send(&origin(&server), get("/")).await.unwrap();
    let mut body = answer.into_body();
    assert_eq!(body.size_hint().exact(), Some(9));
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    assert_eq!(body.size_hint().exact(), Some(5));
    let server = saying("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx").await;
    let answer = send(&origin(&server), get("/")).await.unwrap();
    assert_eq!(answer.body().size_hint().exact(), None);
}

#[tokio::test]
async fn a_body_without_a_stated_end_ends_with_its_connection() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n"] {
        let server = Server::start(move |_, mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            round_trip().await;
            stream.write_all(b"all of it").await.unwrap();
        })
        .await;
        let origin = origin(&server);
        assert_eq!(fetch(&origin, get("/")).await, "all of it");
        assert_eq!(origin.kept_connections(), 0);
    }
}

#[tokio::test]
async fn a_malformed_answer_is_an_error_at_once_and_not_a_wait_for_more() {
    for answer in [
        "garbage",
        "HTTP/1.1 banana\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        let server = saying(answer).await;
        let origin = origin(&server);
        let error = send(&origin, get("/")).await.unwrap_err();
        assert!(matches!(error, SendError::Answer(_)), "{answer:?}: {error}");
        assert_eq!(error.failure_class(), domain::FailureClass::Broken);
        assert_eq!(origin.kept_connections(), 0);
    }
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    let error = send(&origin(&saying(interim).await), get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Answer(AnswerProblem::TooManyInterimAnswers)), "{error}");
}

#[tokio::test]
async fn a_malformed_body_is_an_error_behind_what_came_before() {
    for chunks in ["3\r\none\r\nzap\r\n", "3\r\none2\r\n", "3\r\none\r\n0\r\n folded\r\n"] {
        let server = saying(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}")).await;
        let origin = origin(&server);
        let mut body = send(&origin, get("/")).await.unwrap().into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one", "{chunks:?}");
        let error = tokio::time::timeout(PATIENCE, body.frame()).await.expect("it does not wait");
        let error = error.unwrap().unwrap_err();
        assert!(matches!(error, BodyError::Answer(_)), "{chunks:?}: {error}");
        assert!(body.frame().await.is_none(), "{chunks:?}");
        assert_eq!(origin.kept_connections(), 0);
    }
}

#[tokio::test]
async fn a_chunked_body_without_its_last_chunk_broke_off() {
    for chunks in ["", "3", "3\r\non", "3\r\none\r\n", "3\r\none\r\n0\r\n"] {
        let server = Server::start(move |_, mut stream| async move {
            read_head(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let origin = origin(&server);
        let error = collect(send(&origin, get("/")).await.unwrap()).await.unwrap_err();
        assert!(matches!(error, BodyError::Closed), "{chunks:?}: {error}");
        assert_eq!(origin.kept_connections(), 0);
    }
}

/// More than the buffers of both sockets hold.
fn large() -> Bytes {
    Bytes::from(vec![b'l'; 32 * 1024 * 1024])
}

/// Answers 413 to the head of a request, of whose body it reads nothing, and then does as told.
async fn refusing<S>(then: impl Fn(TcpStream) -> S + Send + Sync + 'static) -> Server
where
    S: Future<Output = ()> + Send + 'static,
{
    let then = Arc::new(then);
    Server::start(move |_, mut stream| {
        let then = Arc::clone(&then);
        async move {
            read_head(&mut stream).await;
            let answer = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 9\r\n\r\ntoo large";
            stream.write_all(answer).await.unwrap();
            then(stream).await;
        }
    })
    .await
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_request_is_passed_on_and_its_connection_is_not_kept() {
    let open = refusing(|mut stream| async move {
        // Whatever was sent of the body stays unread until the client hangs up.
        stream.readable().await.unwrap();
        round_trip().await;
        while stream.read_u8().await.is_ok() {}
    })
    .await;
    // Closing with unread bytes resets the connection, in the middle of the client's writing.
    let reset = refusing(|stream| async move { drop(stream) }).await;
    for server in [open, reset] {
        let origin = origin(&server);
        let answer = send(&origin, post("/", large())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(collect(answer).await.unwrap(), "too large");
        assert_eq!(origin.kept_connections(), 0);
    }
}

#[tokio::test]
async fn the_rest_of_a_request_is_sent_while_its_answer_is_read() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        let mut left = large().len();
        let mut room = vec![0; 64 * 1024];
        while left > 0 {
            left -= stream.read(&mut room).await.unwrap();
        }
        stream.write_all(b"3\r\nall\r\n0\r\n\r\n").await.unwrap();
        assert_eq!(read_head(&mut stream).await, "");
    })
    .await;
    let origin = origin(&server);
    let answer = send(&origin, post("/", large())).await.unwrap();
    assert_eq!(collect(answer).await.unwrap(), "all");
    assert_eq!(origin.kept_connections(), 1);
}

#[tokio::test]
async fn a_request_body_that_breaks_off_fails_the_exchange_and_closes_the_connection() {
    let hang_ups = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&hang_ups);
    let (done, mut is_done) = tokio::sync::mpsc::channel(1);
    let server = Server::start(move |_, mut stream| {
        let (seen, done) = (Arc::clone(&seen), done.clone());
        async move {
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.ok();
            assert!(!received.ends_with(b"0\r\n\r\n"), "the end of the body is not made up");
            seen.fetch_add(1, Ordering::SeqCst);
            done.send(()).await.unwrap();
        }
    })
    .await;
    let origin = origin(&server);
    let broken = http_body_util::StreamBody::new(futures_util::stream::iter([
        Ok(http_body::Frame::data(Bytes::from_static(b"first"))),
        Err(BoxError::from("the client went away")),
    ]));
    let error = send(&origin, post("/", OutgoingBody::stream(broken))).await.unwrap_err();
    assert!(matches!(error, SendError::Request(_)), "{error}");
    assert_eq!(error.to_string(), "the request's body broke off: the client went away");
    tokio::time::timeout(PATIENCE, is_done.recv()).await.unwrap().unwrap();
    assert_eq!(hang_ups.load(Ordering::SeqCst), 1);
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_request_that_asks_to_close_is_the_last_of_its_connection() {
    let server = saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let origin = origin(&server);
    let mut request = get("/");
    request.headers_mut().insert("connection", "close".parse().unwrap());
    assert_eq!(fetch(&origin, request).await, "ok");
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_request_body_waits_for_a_server_that_does_not_read() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let origin = origin(&server);
    let (pieces, body) = channel();
    let sending = send(&origin, post("/", OutgoingBody::Stream(body)));
    let filling = async {
        let piece = Bytes::from(vec![7; 1024 * 1024]);
        let mut sent = 0;
        while sent < 64 {
            if pieces.try_send(piece.clone()).is_ok() {
                sent += 1;
            } else {
                round_trip().await;
                if pieces.try_send(piece.clone()).is_err() {
                    break;
                }
                sent += 1;
            }
        }
        sent
    };
    tokio::select! {
        answer = sending => panic!("{answer:?}"),
        sent = filling => assert!(sent < 64, "{sent} MiB were taken"),
    }
}
