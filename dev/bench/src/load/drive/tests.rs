//! What the load generator sends and counts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::*;
use crate::load::Pattern;
use crate::request::RequestShape;
use crate::scenario::Format;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const REFUSAL: &[u8] = b"HTTP/1.1 500 Oops\r\ncontent-length: 6\r\n\r\nbroken";

/// Answers each read with `answer`, and every `slow_every`th of a connection only after `pause`.
fn server(answer: &'static [u8], slow_every: usize, pause: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move |mut stream: TcpStream| {
        let mut room = [0; 8192];
        let mut count = 0;
        while stream.read(&mut room).is_ok_and(|read| read > 0) {
            count += 1;
            if count % slow_every == 0 {
                thread::park_timeout(pause);
            }
            if stream.write_all(answer).is_err() {
                return;
            }
        }
    };
    thread::spawn(move || {
        listener.incoming().flatten().for_each(|stream| drop(thread::spawn(move || serve(stream))))
    });
    address
}

fn plan(target: SocketAddr, pattern: Pattern) -> Plan {
    Plan {
        target,
        request: RequestShape {
            path: "/".to_owned(),
            headers: Vec::new(),
            format: Format::Chat,
            model: "m".to_owned(),
            stream: false,
            body_bytes: 300,
        },
        pattern,
        warmup: Duration::from_millis(50),
        window: Duration::from_millis(200),
        events_min: 0,
        observed: Observed { server: std::process::id(), server_core: 0, load_core: 0 },
    }
}

#[test]
fn a_closed_load_counts_answers_and_the_servers_time() {
    let target = server(ANSWER, usize::MAX, Duration::ZERO);
    let outcome = closed(&plan(target, Pattern::Closed { connections: 2 }), 2).unwrap();
    assert!(outcome.answers > 50, "{}", outcome.answers);
    assert!(outcome.server_time > Duration::from_micros(100));
    assert!(outcome.window >= Duration::from_millis(200));
    assert!(outcome.latency.p50 <= outcome.latency.p99 && outcome.latency.p99 <= outcome.latency.max);
    assert!(outcome.memory.resident > 0);
}

#[test]
fn an_open_load_answers_all_that_was_due() {
    let target = server(ANSWER, usize::MAX, Duration::ZERO);
    let plan = plan(target, Pattern::Open { rate_per_second: 500.0, connections: 4, seed: 1 });
    let schedule = Schedule::poisson(500.0, plan.warmup, plan.window, 1);
    let outcome = open(&plan, 4, &schedule).unwrap();
    assert_eq!(outcome.answers, schedule.measured_count() as u64);
    assert_eq!(outcome.due, outcome.answers);
}

#[test]
fn waiting_behind_a_slow_answer_counts_as_latency() {
    let pause = Duration::from_millis(100);
    let target = server(ANSWER, 20, pause);
    let plan = plan(target, Pattern::Open { rate_per_second: 300.0, connections: 1, seed: 5 });
    let schedule = Schedule::poisson(300.0, plan.warmup, plan.window, 5);
    let outcome = open(&plan, 1, &schedule).unwrap();
    // With one connection a third of all requests are due while a slow answer blocks it; a generator that waited for
    // answers before it counted would show a median far below a millisecond.
    assert!(outcome.latency.p50 > 10_000_000, "{} ns", outcome.latency.p50);
}

#[test]
fn a_refusal_ends_the_run_with_the_first_body() {
    let target = server(REFUSAL, usize::MAX, Duration::ZERO);
    let error = closed(&plan(target, Pattern::Closed { connections: 3 }), 3).unwrap_err().to_string();
    assert!(error.contains("500") && error.contains("broken"), "{error}");
}
