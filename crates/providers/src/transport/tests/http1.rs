//! Laws of kept-alive connections.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::task::AtomicWaker;
use http::header::{CONNECTION, HOST};
use http_body::Body;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Barrier, mpsc, watch};

use super::server::{Server, channel, full, read_head};
use super::*;

/// Answers with the number of the connection.
pub(super) async fn numbered() -> Server {
    Server::http1(|number, _| async move { Response::new(full(number.to_string())) }).await
}

/// Answers with the body of the request, piece by piece as it comes.
pub(super) async fn echoing() -> Server {
    Server::http1(|_, request: Request<Incoming>| async move {
        Response::new(Box::pin(request.into_body().map_err(BoxError::from)) as BoxedBody)
    })
    .await
}

/// A whole exchange with a server of its own: events that the kernel had for us before it are known after it.
pub(super) async fn round_trip() {
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

/// Passes wake-ups on; how many hold it can be counted.
#[derive(Default)]
struct Forward(AtomicWaker);

impl Wake for Forward {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

#[tokio::test]
async fn a_kept_connection_holds_no_task_in_memory() {
    let server = numbered().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let task = Arc::new(Forward::default());
    let mut fetching = pin!(fetch(&origin, get("/")));
    std::future::poll_fn(|context| {
        task.0.register(context.waker());
        let waker = Waker::from(Arc::clone(&task));
        fetching.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await;
    assert_eq!(origin.kept_connections(), 1);
    assert_eq!(Arc::strong_count(&task), 1);
}

#[tokio::test]
async fn no_more_connections_are_kept_than_set() {
    let server = numbered().await;
    let transport = transport(TransportSettings { idle_connections_max: 2, ..TransportSettings::default() });
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
    let transport = transport(TransportSettings { idle_timeout, ..TransportSettings::default() });
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
    assert_eq!(fetch(&transport.origin(&key(&server.authority())), get("/")).await, "0");
}

/// Answers the first request on each connection with `ok`, and closes the connections it has, without having said so,
/// when the test restarts it.
async fn restarting() -> (Server, watch::Sender<()>) {
    let (restart, restarted) = watch::channel(());
    let server = Server::start(move |_, mut stream| {
        let mut restarted = restarted.clone();
        restarted.mark_unchanged();
        async move {
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            restarted.changed().await.unwrap();
        }
    });
    (server.await, restart)
}

#[tokio::test]
async fn a_kept_connection_that_its_server_closed_is_replaced_unnoticed() {
    let (server, restart) = restarting().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    for exchanges in 1..=3 {
        assert_eq!(fetch(&origin, post("/", Bytes::from_static(b"{}"))).await, "ok");
        assert_eq!(origin.kept_connections(), 1);
        assert_eq!(server.accepted(), exchanges);
        restart.send(()).unwrap();
        round_trip().await;
    }
}

#[tokio::test]
async fn a_request_tries_few_of_many_stale_connections_before_it_opens_one() {
    const KEPT: usize = 12;
    const TRIED: usize = 8;
    let (server, restart) = restarting().await;
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
    let answer = send(&transport.origin(&key(&server.authority())), get("/")).await.unwrap();
    assert_eq!(answer.headers()["x-filling"].len(), 50_000);
    drop(answer);
    let error = send(&transport.origin(&key(&server.authority())), get("/")).await.unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
}

#[tokio::test]
async fn reaping_finds_connections_that_their_server_closed() {
    let (server, restart) = restarting().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    fetch(&origin, get("/")).await;
    transport.reap(Instant::now());
    assert_eq!(origin.kept_connections(), 1);
    restart.send(()).unwrap();
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
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
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
    assert!(matches!(error, SendError::Answer(_)), "{error}");
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
    tokio::time::timeout(PATIENCE, hung_up.recv()).await.unwrap().unwrap();
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
    tokio::time::timeout(PATIENCE, arrived.recv()).await.unwrap().unwrap();
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_its_connection_is_not_kept() {
    let server = Server::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let mut body = send(&origin, get("/")).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(error.to_string().starts_with("the provider's answer broke off"), "{error}");
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_connection_that_its_server_wants_closed_is_not_kept() {
    let server = Server::http1(|_, _| async {
        Response::builder().header(CONNECTION, "close").body(full("ok")).unwrap()
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
    assert_eq!(fetch(&origin, post("/", OutgoingBody::Stream(body))).await, "too large");
    assert_eq!(origin.kept_connections(), 0);
    drop(pieces);
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
    let error = send(&transport.origin(&key(&address.to_string())), get("/?key=secret")).await.unwrap_err();
    assert!(matches!(error, SendError::Connect { .. }), "{error}");
    assert_eq!(error.failure_class(), domain::FailureClass::Connect);
    assert!(error.to_string().contains(&address.to_string()) && !error.to_string().contains("secret"));
}

#[tokio::test]
async fn what_waits_for_an_answer_is_small() {
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key("provider.test"));
    let sending = origin.send(get("/"), Duration::from_secs(5));
    let bytes = size_of_val(&sending);
    assert!(bytes <= 2048, "{bytes} bytes");
}
