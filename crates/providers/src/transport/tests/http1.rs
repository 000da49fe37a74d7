//! Laws of kept-alive connections.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use http::header::{CONNECTION, HOST};
use http_body::Body;
use hyper::body::Incoming;
use smallvec::smallvec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Barrier, Notify, mpsc, watch};

use super::server::{Server, channel, full, read_head};
use super::*;

/// Answers with the number of the connection.
async fn numbered() -> Server {
    Server::http1(|number, _| async move { Response::new(full(number.to_string())) }).await
}

/// Answers with the body of the request, piece by piece as it comes.
async fn echoing() -> Server {
    Server::http1(|_, request: Request<Incoming>| async move {
        Response::new(Box::pin(request.into_body().map_err(BoxError::from)) as BoxedBody)
    })
    .await
}

/// A whole exchange with a server of its own: events that the kernel had for us before it are known after it.
async fn round_trip() {
    let server = numbered().await;
    let transport = transport(TransportSettings::default());
    fetch(&transport.origin(&key(&server.authority())), get("/")).await;
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = numbered().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    for _ in 0..40 {
        assert_eq!(fetch(&origin, get("/v1/models")).await, "0");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_connection_is_kept_when_the_end_is_known_and_not_read_past() {
    let server = numbered().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut body = send(&origin, get("/")).await.unwrap().into_body();
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "0");
    assert!(body.is_end_stream());
    assert_eq!(origin.kept_connections(), 1);
}

#[tokio::test]
async fn a_connection_is_kept_at_once_when_there_is_no_body() {
    let server = Server::http1(|_, _| async { Response::new(full("")) }).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let answer = send(&origin, get("/")).await.unwrap();
    assert!(answer.body().is_end_stream());
    assert_eq!(origin.kept_connections(), 1);
}

#[tokio::test]
async fn requests_at_the_same_time_have_a_connection_each() {
    let together = Arc::new(Barrier::new(5));
    let server = Server::http1(move |number, _| {
        let together = Arc::clone(&together);
        async move {
            together.wait().await;
            Response::new(full(number.to_string()))
        }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut fetching = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let origin = Arc::clone(&origin);
        fetching.spawn(async move { fetch(&origin, get("/")).await });
    }
    fetching.join_all().await;
    assert_eq!(server.accepted(), 5);
    assert_eq!(origin.kept_connections(), 5);
}

#[tokio::test]
async fn the_connection_that_was_used_last_is_used_first() {
    let server = numbered().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let first = send(&origin, get("/")).await.unwrap();
    let second = send(&origin, get("/")).await.unwrap();
    let second = read(second).await;
    let first = read(first).await;
    assert_ne!(first, second);
    assert_eq!(fetch(&origin, get("/")).await, first);
}

#[tokio::test]
async fn no_more_connections_are_kept_than_set() {
    let server = numbered().await;
    let transport = transport(TransportSettings {
        idle_connections_max: 2,
        ..TransportSettings::default()
    });
    let origin = transport.origin(&key(&server.authority()));
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(send(&origin, get("/")).await.unwrap());
    }
    for answer in answers {
        read(answer).await;
    }
    assert_eq!(origin.kept_connections(), 2);
}

#[tokio::test]
async fn a_connection_that_was_idle_for_too_long_is_closed() {
    let server = numbered().await;
    let idle_timeout = Duration::from_secs(45);
    let transport = transport(TransportSettings {
        idle_timeout,
        ..TransportSettings::default()
    });
    let origin = transport.origin(&key(&server.authority()));
    fetch(&origin, get("/")).await;
    let idle = Instant::now();
    transport.reap(idle + idle_timeout - Duration::from_secs(1));
    assert_eq!(origin.kept_connections(), 1);
    transport.reap(idle + idle_timeout);
    assert_eq!(origin.kept_connections(), 0);
    assert_eq!(fetch(&origin, get("/")).await, "1");
}

#[tokio::test]
async fn an_origin_with_kept_connections_is_remembered_until_they_are_old() {
    let server = numbered().await;
    let transport = transport(TransportSettings::default());
    fetch(&transport.origin(&key(&server.authority())), get("/")).await;
    transport.reap(Instant::now());
    assert_eq!(
        fetch(&transport.origin(&key(&server.authority())), get("/")).await,
        "0"
    );
}

/// Answers each request with `ok`, and closes the connection after the first, without having said so.
async fn closing(closed: Arc<Notify>) -> Server {
    Server::start(move |_, mut stream| {
        let closed = Arc::clone(&closed);
        async move {
            read_head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
            stream.shutdown().await.unwrap();
            drop(stream);
            closed.notify_one();
        }
    })
    .await
}

#[tokio::test]
async fn a_kept_connection_that_its_server_closed_is_replaced_unnoticed() {
    let closed = Arc::new(Notify::new());
    let server = closing(Arc::clone(&closed)).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    for exchanges in 1..=3 {
        assert_eq!(fetch(&origin, post("/", Bytes::from_static(b"{}"))).await, "ok");
        closed.notified().await;
        round_trip().await;
        assert_eq!(server.accepted(), exchanges);
    }
}

#[tokio::test]
async fn a_request_tries_few_of_many_stale_connections_before_it_opens_one() {
    const KEPT: usize = 12;
    const TRIED: usize = 8;
    let (restart, restarted) = watch::channel(());
    let server = Server::start(move |_, mut stream| {
        let mut restarted = restarted.clone();
        restarted.mark_unchanged();
        async move {
            read_head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
            restarted.changed().await.unwrap();
        }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut answers = Vec::new();
    for _ in 0..KEPT {
        answers.push(send(&origin, get("/")).await.unwrap());
    }
    for answer in answers {
        read(answer).await;
    }
    assert_eq!(origin.kept_connections(), KEPT);
    restart.send(()).unwrap();
    round_trip().await;
    assert_eq!(fetch(&origin, get("/")).await, "ok");
    assert_eq!(server.accepted(), KEPT + 1);
    assert_eq!(origin.kept_connections(), KEPT - TRIED + 1);
}

#[tokio::test]
async fn the_head_of_an_answer_may_be_long_but_not_endless() {
    let server = Server::start(|number, mut stream| async move {
        read_head(&mut stream).await;
        let filling = "f".repeat(if number == 0 { 50_000 } else { 500_000 });
        let answer = format!("HTTP/1.1 200 OK\r\nx-filling: {filling}\r\ncontent-length: 2\r\n\r\nok");
        // The client hangs up in the middle of the second one.
        stream.write_all(answer.as_bytes()).await.ok();
    })
    .await;
    let transport = transport(TransportSettings::default());
    let answer = send(&transport.origin(&key(&server.authority())), get("/"))
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-filling"].len(), 50_000);
    drop(answer);
    let error = send(&transport.origin(&key(&server.authority())), get("/"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
}

#[tokio::test]
async fn reaping_finds_connections_that_their_server_closed() {
    let closed = Arc::new(Notify::new());
    let server = closing(Arc::clone(&closed)).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    fetch(&origin, get("/")).await;
    closed.notified().await;
    round_trip().await;
    transport.reap(Instant::now());
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_request_that_may_have_been_processed_is_not_sent_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    let server = Server::start(move |_, mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            read_head(&mut stream).await;
            seen.fetch_add(1, Ordering::SeqCst);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
            read_head(&mut stream).await;
            seen.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    fetch(&origin, get("/")).await;
    let error = send(&origin, get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Closed { reused: true }), "{error}");
    assert_eq!(error.failure_class(), domain::FailureClass::Broken);
    assert_eq!(requests.load(Ordering::SeqCst), 2);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_without_an_answer_is_told_apart_from_a_stale_connection() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let error = send(&origin, get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Closed { reused: false }), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_an_error_with_its_reason() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await.unwrap();
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let error = send(&origin, get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Http(_)), "{error}");
    assert!(error.to_string().contains("HTTP version"), "{error}");
}

/// Answers with a head and one piece, then tells when its client hangs up.
async fn endless(hung_up: mpsc::Sender<()>) -> Server {
    Server::start(move |_, mut stream| {
        let hung_up = hung_up.clone();
        async move {
            read_head(&mut stream).await;
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
            stream.write_all(head).await.unwrap();
            let gone = stream.read_u8().await.is_err();
            assert!(gone, "nothing more is sent");
            hung_up.send(()).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn dropping_the_body_early_closes_the_connection_at_once() {
    let (sender, mut hung_up) = mpsc::channel(1);
    let server = endless(sender).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut body = send(&origin, get("/")).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hello");
    drop(body);
    tokio::time::timeout(PATIENCE, hung_up.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn giving_up_before_the_answer_closes_the_connection_at_once() {
    let (sender, mut arrived) = mpsc::channel(1);
    let server = Server::start(move |_, mut stream| {
        let sender = sender.clone();
        async move {
            read_head(&mut stream).await;
            sender.send(()).await.unwrap();
            assert!(stream.read_u8().await.is_err());
            sender.send(()).await.unwrap();
        }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    tokio::select! {
        answer = send(&origin, get("/")) => panic!("{answer:?}"),
        _ = arrived.recv() => {}
    }
    tokio::time::timeout(PATIENCE, arrived.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_its_connection_is_not_kept() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
            .await
            .unwrap();
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut body = send(&origin, get("/")).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(
        error.to_string().starts_with("the provider's answer broke off"),
        "{error}"
    );
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_connection_that_its_server_wants_closed_is_not_kept() {
    let server = Server::http1(|_, _| async {
        Response::builder()
            .header(CONNECTION, "close")
            .body(full("ok"))
            .unwrap()
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    assert_eq!(fetch(&origin, get("/")).await, "ok");
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_connection_with_an_unfinished_request_is_not_kept() {
    let server = Server::http1(|_, _| async { Response::new(full("too large")) }).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let (pieces, body) = channel();
    pieces.send(Bytes::from_static(b"first")).await.unwrap();
    assert_eq!(
        fetch(&origin, post("/", OutgoingBody::Stream(body))).await,
        "too large"
    );
    assert_eq!(origin.kept_connections(), 0);
    drop(pieces);
}

#[tokio::test]
async fn both_directions_stream_at_the_same_time() {
    let server = echoing().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let (pieces, body) = channel();
    let mut answer = send(&origin, post("/", OutgoingBody::Stream(body)))
        .await
        .unwrap()
        .into_body();
    for round in 0..50 {
        let piece = Bytes::from(format!("data: {round}\n\n"));
        pieces.send(piece.clone()).await.unwrap();
        let frame = tokio::time::timeout(PATIENCE, answer.frame())
            .await
            .expect("it is passed on at once");
        assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), piece);
    }
    drop(pieces);
    assert!(answer.frame().await.is_none());
    assert_eq!(origin.kept_connections(), 1);
}

#[tokio::test]
async fn large_bodies_arrive_whole_in_segments_and_as_a_stream() {
    let server = echoing().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let part = Bytes::from((0..700_000_u32).map(|n| (n % 251) as u8).collect::<Vec<u8>>());
    let whole = [part.as_ref(), b"-", part.as_ref()].concat();
    let segments: smallvec::SmallVec<[Bytes; 4]> =
        smallvec![part.clone(), Bytes::from_static(b"-"), Bytes::new(), part];
    assert_eq!(fetch(&origin, post("/", segments)).await, whole);
    let stream = OutgoingBody::stream(
        http_body_util::Full::new(Bytes::from(whole.clone())).map_err(|never| match never {}),
    );
    assert_eq!(fetch(&origin, post("/", stream)).await, whole);
    assert_eq!(server.accepted(), 1);
}

/// Far beyond what the buffers of both sockets and both ends of HTTP hold together.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Sends a piece within a few round trips, after which nothing else is going on.
async fn send_soon(pieces: &mpsc::Sender<Bytes>, piece: &Bytes) -> Option<()> {
    for _ in 0..5 {
        if pieces.try_send(piece.clone()).is_ok() {
            return Some(());
        }
        round_trip().await;
    }
    None
}

#[tokio::test]
async fn a_body_that_nobody_reads_holds_its_server_back() {
    let (pieces, body) = channel();
    let body = Arc::new(Mutex::new(Some(body)));
    let server = Server::http1(move |_, _| {
        let body = body.lock().take().unwrap();
        async move { Response::new(body) }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let answer = send(&origin, get("/")).await.unwrap();
    let piece = Bytes::from(vec![7; 64 * 1024]);
    let mut sent = 0;
    while sent < BYTES_MAX
        && let Some(()) = send_soon(&pieces, &piece).await
    {
        sent += piece.len();
    }
    assert!(sent < BYTES_MAX, "the server could send {sent} bytes");
    drop(answer);
}

#[tokio::test]
async fn host_names_the_origin_unless_the_caller_named_one() {
    let server = Server::http1(|_, request: Request<Incoming>| async move {
        let host = request.headers().get(HOST).unwrap().to_str().unwrap();
        Response::new(full(format!("{host} {}", request.uri())))
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let expected = format!("{} /v1/chat?stream=1", server.authority());
    assert_eq!(fetch(&origin, get("/v1/chat?stream=1")).await, expected);
    let mut named = get("/");
    named.headers_mut().insert(HOST, "other.test".parse().unwrap());
    assert_eq!(fetch(&origin, named).await, "other.test /");
}

#[tokio::test]
async fn a_refused_connection_names_host_and_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let transport = transport(TransportSettings::default());
    let error = send(&transport.origin(&key(&address.to_string())), get("/?key=secret"))
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::Connect { .. }), "{error}");
    assert_eq!(error.failure_class(), domain::FailureClass::Connect);
    assert!(error.to_string().contains(&address.to_string()) && !error.to_string().contains("secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_on_many_threads_lose_neither_bytes_nor_wake_ups() {
    let server = echoing().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..32_usize {
        let origin = Arc::clone(&origin);
        tasks.spawn(async move {
            for round in 0..50_usize {
                let size = (task * 7919 + round * 104_729) % 40_000;
                let body = Bytes::from(vec![(task + round) as u8; size]);
                assert_eq!(fetch(&origin, post("/", body.clone())).await, body);
            }
        });
    }
    tasks.join_all().await;
    assert!(server.accepted() <= 32, "{} connections", server.accepted());
}

#[tokio::test]
async fn what_waits_for_an_answer_is_small() {
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key("provider.test"));
    let sending = origin.send(get("/"), Duration::from_secs(5));
    let bytes = size_of_val(&sending);
    assert!(bytes <= 2048, "{bytes} bytes");
}

#[tokio::test]
async fn a_chunk_wakes_its_reader_once() {
    const CHUNKS: usize = 20;
    let server = echoing().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let (pieces, body) = channel();
    let mut answer = send(&origin, post("/", OutgoingBody::Stream(body)))
        .await
        .unwrap()
        .into_body();
    let mut polls = 0;
    let reader = tokio::spawn(std::future::poll_fn(move |context| {
        polls += 1;
        while let Poll::Ready(frame) = Pin::new(&mut answer).poll_frame(context) {
            match frame {
                Some(frame) => frame.map(drop).unwrap(),
                None => return Poll::Ready(polls),
            }
        }
        Poll::Pending
    }));
    for _ in 0..CHUNKS {
        pieces.send(Bytes::from_static(b"chunk")).await.unwrap();
        round_trip().await;
    }
    drop(pieces);
    let polls = reader.await.unwrap();
    // A chunk is sent in one poll and received in another; the first poll and that of the end come on top.
    assert!(polls <= 2 * CHUNKS + 3, "{polls} polls for {CHUNKS} chunks");
}
