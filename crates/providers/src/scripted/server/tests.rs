//! Laws of the server, over loopback with hand-written HTTP/1.1 so that the bytes on the wire are seen.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{ClientGone, Server, serve};
use crate::scripted::{Script, Scripted, ScriptedRequest, Step};

/// A running server that plays one script for every request.
struct Running {
    address: SocketAddr,
    gone: mpsc::UnboundedReceiver<ClientGone>,
    pauses: mpsc::UnboundedReceiver<Duration>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

async fn start(steps: Vec<Step>) -> Running {
    start_with(Arc::new(move |_: ScriptedRequest| Script::new(steps.clone()))).await
}

async fn start_with(answerer: super::Answerer) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (gone_sender, gone) = mpsc::unbounded_channel();
    let (pause_sender, pauses) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::new(answerer)
        .on_client_gone(Arc::new(move |client| gone_sender.send(client.clone()).unwrap_or_default()))
        .with_sleeper(Arc::new(move |length| {
            pause_sender.send(length).unwrap_or_default();
            Box::pin(std::future::ready(()))
        }));
    let task = tokio::spawn(server.serve(listener, async { stopped.await.unwrap_or_default() }));
    Running { address, gone, pauses, stop: Some(stop), task }
}

fn head() -> Step {
    Step::head(StatusCode::OK, "text/plain")
}

fn bytes(text: &'static str) -> Step {
    Step::Bytes(Bytes::from_static(text.as_bytes()))
}

async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Everything up to the end of the connection.
async fn whole(address: SocketAddr) -> String {
    let mut stream = send(address, "GET /x?y=1 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    let mut text = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_whole_answer_has_its_length() {
    let running = start(vec![head(), bytes("hello "), bytes("you")]).await;
    let text = whole(running.address).await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("content-length: 9\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\nhello you"), "{text}");
}

#[tokio::test]
async fn a_cut_body_has_no_end_but_all_that_came_before() {
    let mut running = start(vec![head(), bytes("hello"), Step::Cut]).await;
    let text = whole(running.address).await;
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    assert!(text.ends_with("5\r\nhello\r\n"), "no terminating chunk may follow: {text:?}");
    assert!(running.gone.try_recv().is_err(), "the server left, not the client");
}

#[tokio::test]
async fn a_cut_before_the_head_sends_nothing() {
    let running = start(vec![Step::Cut]).await;
    assert_eq!(whole(running.address).await, "");
    let running = start(Vec::new()).await;
    assert_eq!(whole(running.address).await, "");
}

#[tokio::test]
async fn a_clean_end_after_a_pause_is_a_terminating_chunk() {
    let mut running = start(vec![
        Step::Pause(Duration::from_secs(60)),
        head(),
        bytes("a"),
        Step::Pause(Duration::from_secs(120)),
        bytes("b"),
    ])
    .await;
    let text = whole(running.address).await;
    assert!(text.ends_with("1\r\na\r\n1\r\nb\r\n0\r\n\r\n"), "{text:?}");
    assert_eq!(running.pauses.recv().await, Some(Duration::from_secs(60)));
    assert_eq!(running.pauses.recv().await, Some(Duration::from_secs(120)));
}

#[tokio::test]
async fn an_empty_answer_is_not_a_client_that_left() {
    let mut running = start(vec![head()]).await;
    assert!(whole(running.address).await.contains("content-length: 0"));
    assert!(running.gone.try_recv().is_err());
}

#[tokio::test]
async fn a_client_that_leaves_a_hanging_stream_is_reported_with_what_it_got() {
    let mut running =
        start(vec![head(), bytes("a"), Step::Pause(Duration::ZERO), bytes("b"), Step::Hang]).await;
    let mut stream = send(running.address, "GET /stream HTTP/1.1\r\nhost: h\r\n\r\n").await;
    let mut seen = Vec::new();
    while !seen.ends_with(b"1\r\nb\r\n") {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
    }
    drop(stream);
    let gone = running.gone.recv().await.unwrap();
    assert_eq!(gone, ClientGone { path: "/stream".to_owned(), parts_sent: 2 });
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_reported() {
    let mut running = start(vec![Step::Hang]).await;
    let stream = send(running.address, "GET /hang HTTP/1.1\r\nhost: h\r\n\r\n").await;
    drop(stream);
    assert_eq!(running.gone.recv().await.unwrap(), ClientGone { path: "/hang".to_owned(), parts_sent: 0 });
}

#[tokio::test]
async fn the_answerer_sees_the_whole_request() {
    let (sender, mut requests) = mpsc::unbounded_channel();
    let running = start_with(Arc::new(move |request| {
        sender.send(request).unwrap();
        Script::new(vec![head()])
    }))
    .await;
    let text =
        "POST /a/b?c=d HTTP/1.1\r\nhost: h\r\nx-one: 1\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody";
    let mut stream = send(running.address, text).await;
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    let request = requests.recv().await.unwrap();
    assert_eq!(
        (request.method.as_str(), request.path.as_str(), request.query.as_str()),
        ("POST", "/a/b", "c=d")
    );
    assert_eq!((request.headers["x-one"].to_str().unwrap(), &*request.body), ("1", b"body".as_slice()));
}

#[tokio::test]
async fn http2_is_spoken_and_cut_by_resetting_the_stream() {
    let running = start(vec![head(), bytes("hello"), Step::Cut]).await;
    let stream = TokioIo::new(TcpStream::connect(running.address).await.unwrap());
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("http://h/x").body(Full::<Bytes>::default()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!((response.status(), response.version()), (StatusCode::OK, http::Version::HTTP_2));
    assert!(response.into_body().collect().await.is_err(), "a cut stream is no whole body");
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn shutting_down_drops_connections_and_ends_the_task() {
    let mut running = start(vec![head(), bytes("a"), Step::Pause(Duration::ZERO), Step::Hang]).await;
    let mut stream = send(running.address, "GET /x HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_ne!(stream.read_buf(&mut Vec::new()).await.unwrap(), 0);
    running.stop.take().unwrap().send(()).unwrap();
    running.task.await.unwrap();
    // Whatever was under way comes to an end.
    let _ = stream.read_to_end(&mut Vec::new()).await;
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn the_scripted_provider_answers_over_the_wire() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let scripted = Scripted::default();
    let task = tokio::spawn(serve(
        listener,
        Arc::new(move |request| scripted.answer(&request)),
        std::future::pending(),
    ));
    let body = r#"{"model":"echo","input":"hi"}"#;
    let ask = |method: &str, path: &str, body: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let mut made = String::new();
    send(address, &ask("POST", "/v1/responses", body)).await.read_to_string(&mut made).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(made.split_once("\r\n\r\n").unwrap().1).unwrap();
    let mut got = String::new();
    let path = format!("/v1/responses/{}", json["id"].as_str().unwrap());
    send(address, &ask("GET", &path, "")).await.read_to_string(&mut got).await.unwrap();
    assert!(got.ends_with(made.split_once("\r\n\r\n").unwrap().1), "{got}");
    task.abort();
}
