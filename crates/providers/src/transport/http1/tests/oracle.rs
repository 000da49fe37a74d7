//! Answers as hyper reads them: our codec and its client see the same.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt;

use super::bodies::{chunk, content, encode};
use super::laws::{cut, read};

/// Head and body as hyper's client reads them.
async fn by_hyper(answer: Vec<u8>) -> (Response<()>, Bytes) {
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.unwrap();
    let reading = async {
        let answer = sender.send_request(Request::new(Empty::<Bytes>::new())).await.unwrap();
        let (parts, body) = answer.into_parts();
        (Response::from_parts(parts, ()), body.collect().await.unwrap().to_bytes())
    };
    let serving = async {
        // The answer may not come before the request.
        super::waiting::read_request(&mut theirs).await;
        theirs.write_all(&answer).await.unwrap();
        theirs.shutdown().await.unwrap();
    };
    tokio::select! {
        (read, ()) = async { tokio::join!(reading, serving) } => read,
        never = async { connection.await.ok(); std::future::pending().await } => never,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn hyper_reads_the_same(
        status in prop_oneof![Just(200_u16), Just(429), Just(500), Just(204), Just(999)],
        reason in "[ -~]{0,12}",
        fields in proptest::collection::vec(("x-[a-zA-Z0-9-]{1,8}", "[!-~]([ -~\u{e9}]{0,12}[!-~])?"), 0..9),
        chunks in proptest::collection::vec(chunk(), 0..5),
        framing in 0..3_u8,
        interim: bool,
        cuts in proptest::collection::vec(any::<usize>(), 0..5),
    ) {
        let body = content(&chunks);
        let (field, sent) = match framing {
            _ if status == 204 => (String::new(), Vec::new()),
            0 => (format!("content-length: {}\r\n", body.len()), body),
            1 => ("Transfer-Encoding: chunked\r\n".to_owned(), encode(&chunks, "a: b\r\n")),
            _ => (String::new(), body),
        };
        let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let interim = if interim { "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" } else { "" };
        let head = format!("{interim}HTTP/1.1 {status} {reason}\r\n{fields}{field}\r\n");
        let answer = [head.as_bytes(), &sent].concat();

        let ours = read(cut(&answer, &cuts), false);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (hyper_head, hyper_body) = runtime.block_on(by_hyper(answer));
        prop_assert_eq!(ours.status(), Some(hyper_head.status()));
        let our_head = ours.answer.unwrap();
        prop_assert_eq!(our_head.headers(), hyper_head.headers());
        prop_assert_eq!(&ours.body[..], &hyper_body[..]);
        prop_assert_eq!(ours.problem, None);
        prop_assert!(ours.rest.is_empty());
    }
}
