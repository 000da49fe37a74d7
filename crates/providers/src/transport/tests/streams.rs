//! Laws of bodies that come in pieces.

use std::pin::Pin;
use std::task::Poll;

use http_body::Body;
use smallvec::smallvec;
use tokio::sync::mpsc;

use super::http1::{echoing, round_trip};
use super::server::{Server, channel};
use super::*;

#[tokio::test]
async fn both_directions_stream_at_the_same_time() {
    let server = echoing().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let (pieces, body) = channel();
    let mut answer = send(&origin, post("/", OutgoingBody::Stream(body))).await.unwrap().into_body();
    for round in 0..50 {
        let piece = Bytes::from(format!("data: {round}\n\n"));
        pieces.send(piece.clone()).await.unwrap();
        let frame = tokio::time::timeout(PATIENCE, answer.frame()).await.expect("it is passed on at once");
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
async fn a_chunk_wakes_its_reader_once() {
    const CHUNKS: usize = 20;
    let server = echoing().await;
    let transport = transport(TransportSettings::default());
    let origin = transport.origin(&key(&server.authority()));
    let (pieces, body) = channel();
    let mut answer = send(&origin, post("/", OutgoingBody::Stream(body))).await.unwrap().into_body();
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
