//! Laws of shared connections.

use std::pin::pin;

use http::header::HOST;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinSet;

use super::server::{Server, channel, full, serve_http2};
use super::*;

fn shared(server: &Server) -> OriginKey {
    OriginKey { http_version: HttpVersion::Http2, ..key(&server.authority()) }
}

/// A server that takes so many streams per connection and answers all requests when `together` have arrived.
async fn gathering(streams_max: u32, together: usize) -> Server {
    let together = Arc::new(Barrier::new(together));
    Server::start(move |_, stream| {
        let together = Arc::clone(&together);
        serve_http2(stream, streams_max, move |_: Request<Incoming>| {
            let together = Arc::clone(&together);
            async move {
                together.wait().await;
                Response::new(full("ok"))
            }
        })
    })
    .await
}

async fn fetch_together(origin: &Arc<Origin>, requests: usize) {
    let mut fetching = JoinSet::new();
    for _ in 0..requests {
        let origin = Arc::clone(origin);
        fetching.spawn(async move { assert_eq!(fetch(&origin, get("/")).await, "ok") });
    }
    fetching.join_all().await;
}

#[tokio::test]
async fn streams_share_a_connection_up_to_its_limit_and_then_have_another() {
    let server = gathering(2, 5).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    fetch_together(&origin, 5).await;
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn a_server_without_a_limit_has_ours() {
    let server = gathering(u32::MAX, 101).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    fetch_together(&origin, 101).await;
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_stream_that_ended_makes_room_for_the_next() {
    let server = gathering(1, 1).await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    for _ in 0..20 {
        assert_eq!(fetch(&origin, get("/")).await, "ok");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn dropping_the_body_early_ends_the_stream_and_keeps_the_connection() {
    let (pieces, body) = channel();
    let body = Arc::new(Mutex::new(Some(body)));
    let server = Server::start(move |_, stream| {
        let body = Arc::clone(&body);
        serve_http2(stream, 1, move |_: Request<Incoming>| {
            let body = body.lock().take().unwrap_or_else(|| full("next"));
            async move { Response::new(body) }
        })
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    let mut body = send(&origin, get("/")).await.unwrap().into_body();
    pieces.send(Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hello");
    drop(body);
    tokio::time::timeout(PATIENCE, pieces.closed()).await.expect("the server is told");
    assert_eq!(fetch(&origin, get("/")).await, "next");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_connection_without_streams_for_too_long_is_closed() {
    let server = gathering(10, 1).await;
    let idle_timeout = Duration::from_secs(45);
    let transport = transport(TransportSettings { idle_timeout, ..TransportSettings::default() });
    let origin = transport.origin(&shared(&server));
    fetch(&origin, get("/")).await;
    let idle = Instant::now();
    transport.reap(idle);
    fetch(&origin, get("/")).await;
    transport.reap(idle + idle_timeout);
    assert_eq!(origin.kept_connections(), 1, "it was used since the first look");
    transport.reap(idle + idle_timeout * 2);
    assert_eq!(origin.kept_connections(), 0);
}

#[tokio::test]
async fn a_connection_with_streams_is_never_idle() {
    let (pieces, body) = channel();
    let body = Arc::new(Mutex::new(Some(body)));
    let server = Server::start(move |_, stream| {
        let body = Arc::clone(&body);
        serve_http2(stream, 1, move |_: Request<Incoming>| {
            let body = body.lock().take().unwrap();
            async move { Response::new(body) }
        })
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    let answer = send(&origin, get("/")).await.unwrap();
    let now = Instant::now();
    transport.reap(now);
    transport.reap(now + Duration::from_secs(3600));
    pieces.send(Bytes::from_static(b"still here")).await.unwrap();
    drop(pieces);
    assert_eq!(read(answer).await, "still here");
}

#[tokio::test]
async fn a_connection_that_its_server_closed_is_replaced_unnoticed() {
    let close = Arc::new(Notify::new());
    let closing = Arc::clone(&close);
    let server = Server::start(move |_, stream| {
        let closing = Arc::clone(&closing);
        async move {
            let serving = serve_http2(stream, 10, |_: Request<Incoming>| async { Response::new(full("ok")) });
            tokio::select! {
                () = serving => {}
                () = closing.notified() => {}
            }
        }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    for connections in 1..=3 {
        assert_eq!(fetch(&origin, get("/")).await, "ok");
        assert_eq!(server.accepted(), connections);
        close.notify_one();
        let gone = async {
            while origin.kept_connections() > 0 {
                transport.reap(Instant::now());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("the end of the connection is noticed");
    }
}

#[tokio::test]
async fn a_server_that_shuts_down_finishes_its_streams_while_new_ones_go_elsewhere() {
    let shut_down = Arc::new(Notify::new());
    let closing = Arc::clone(&shut_down);
    let (pieces, body) = channel();
    let body = Arc::new(Mutex::new(Some(body)));
    let server = Server::start(move |_, stream| {
        let (body, closing) = (Arc::clone(&body), Arc::clone(&closing));
        async move {
            let answer = move |_| {
                let body = body.lock().take().unwrap_or_else(|| full("elsewhere"));
                async move { Ok::<_, std::convert::Infallible>(Response::new(body)) }
            };
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service_fn(answer)));
            tokio::select! {
                _ = serving.as_mut() => return,
                () = closing.notified() => {}
            }
            serving.as_mut().graceful_shutdown();
            serving.await.ok();
        }
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    let first = send(&origin, get("/")).await.unwrap();
    shut_down.notify_one();
    // Requests before the news arrived are answered over the first connection, those after it over another.
    let mut others = 0;
    while server.accepted() == 1 {
        assert_eq!(fetch(&origin, get("/")).await, "elsewhere");
        others += 1;
        assert!(others < 1000, "the news arrives");
    }
    pieces.send(Bytes::from_static(b"still here")).await.unwrap();
    drop(pieces);
    assert_eq!(read(first).await, "still here");
}

#[tokio::test]
async fn the_request_names_its_authority_and_has_no_host_header() {
    let server = Server::start(|_, stream| {
        serve_http2(stream, 10, |request: Request<Incoming>| async move {
            let host = request.headers().contains_key(HOST);
            Response::new(full(format!("{} {host}", request.uri())))
        })
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    let mut request = get("/v1/chat?stream=1");
    request.headers_mut().insert(HOST, "other.test".parse().unwrap());
    let expected = format!("http://{}/v1/chat?stream=1 false", server.authority());
    assert_eq!(fetch(&origin, request).await, expected);
}

#[tokio::test]
async fn a_server_that_speaks_http1_only_is_an_error_and_no_wait() {
    let server = Server::http1(|_, _| async { Response::new(full("ok")) }).await;
    let transport = transport(TransportSettings::default());
    let error = send(&transport.origin(&shared(&server)), get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Http2(_) | SendError::Closed { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_announces_nothing_runs_into_the_connect_timeout() {
    let server = Server::start(|_, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let transport = transport(TransportSettings::default());
    let error = send(&transport.origin(&shared(&server)), get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::ConnectTimeout { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_on_many_threads_never_exceed_a_limit() {
    let server = Server::start(|_, stream| {
        serve_http2(stream, 3, |request: Request<Incoming>| async move {
            Response::new(Box::pin(request.into_body().map_err(BoxError::from)) as BoxedBody)
        })
    })
    .await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&shared(&server));
    let mut tasks = JoinSet::new();
    for task in 0..12_usize {
        let origin = Arc::clone(&origin);
        tasks.spawn(async move {
            for round in 0..40_usize {
                let body = Bytes::from(vec![task as u8; (task * 7919 + round * 104_729) % 20_000]);
                assert_eq!(fetch(&origin, post("/", body.clone())).await, body);
            }
        });
    }
    tasks.join_all().await;
    assert!((1..=12).contains(&server.accepted()), "{} connections", server.accepted());
}
