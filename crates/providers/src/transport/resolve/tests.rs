//! Laws of the memory of names, with a resolver that answers from a script and a clock that stands still.

use std::collections::VecDeque;

use super::*;

/// One answer of the script.
enum Line {
    Addresses(&'static [&'static str]),
    Failure,
    Silence,
}

#[derive(Default)]
struct Script {
    lines: Mutex<VecDeque<Line>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn of(lines: impl IntoIterator<Item = Line>) -> Arc<Self> {
        Arc::new(Self { lines: Mutex::new(lines.into_iter().collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().len()
    }
}

impl Resolve for Script {
    fn resolve(&self, host: &str) -> Resolution {
        self.asked.lock().push(host.to_owned());
        let line = self.lines.lock().pop_front();
        Box::pin(async move {
            // A name server takes its time, in which others may ask as well.
            tokio::task::yield_now().await;
            match line {
                Some(Line::Addresses(texts)) => Ok(addresses(texts)),
                Some(Line::Silence) => std::future::pending().await,
                Some(Line::Failure) | None => Err(io::Error::other("name server is down")),
            }
        })
    }
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

const TTL: Duration = Duration::from_secs(30);
const STALE_MAX: Duration = Duration::from_secs(600);
const MOMENT: Duration = Duration::from_millis(1);

fn resolver(script: &Arc<Script>) -> Resolver {
    Resolver::new(Arc::clone(script) as Arc<dyn Resolve>, TTL, STALE_MAX)
}

#[tokio::test(start_paused = true)]
async fn a_name_is_asked_for_again_when_its_time_is_over() {
    let script = Script::of([Line::Addresses(&["192.0.2.1"]), Line::Addresses(&["192.0.2.2"])]);
    let resolver = resolver(&script);
    for _ in 0..3 {
        assert_eq!(*resolver.lookup("provider.test").await.unwrap(), addresses(&["192.0.2.1"]));
    }
    assert_eq!(script.asked(), 1);
    tokio::time::advance(TTL + MOMENT).await;
    assert_eq!(*resolver.lookup("provider.test").await.unwrap(), addresses(&["192.0.2.2"]));
    assert_eq!(script.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn old_addresses_serve_while_the_name_server_is_down_and_it_is_not_pestered() {
    let script = Script::of([
        Line::Addresses(&["192.0.2.1"]),
        Line::Failure,
        Line::Addresses(&[]),
        Line::Addresses(&["192.0.2.2"]),
    ]);
    let resolver = resolver(&script);
    resolver.lookup("provider.test").await.unwrap();
    tokio::time::advance(TTL + MOMENT).await;
    for asked in [2, 3] {
        for _ in 0..3 {
            assert_eq!(*resolver.lookup("provider.test").await.unwrap(), addresses(&["192.0.2.1"]));
        }
        assert_eq!(script.asked(), asked);
        tokio::time::advance(REFRESH_PAUSE + MOMENT).await;
    }
    assert_eq!(*resolver.lookup("provider.test").await.unwrap(), addresses(&["192.0.2.2"]));
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_server_delays_a_known_name_by_a_second_at_most() {
    let script = Script::of([Line::Addresses(&["192.0.2.1"]), Line::Silence]);
    let resolver = resolver(&script);
    resolver.lookup("provider.test").await.unwrap();
    tokio::time::advance(TTL + MOMENT).await;
    let asked_at = Instant::now();
    assert_eq!(*resolver.lookup("provider.test").await.unwrap(), addresses(&["192.0.2.1"]));
    assert!(asked_at.elapsed() <= REFRESH_TIMEOUT + MOMENT);
}

#[tokio::test(start_paused = true)]
async fn addresses_that_are_too_old_serve_no_more() {
    let script = Script::of([Line::Addresses(&["192.0.2.1"]), Line::Failure]);
    let resolver = resolver(&script);
    resolver.lookup("provider.test").await.unwrap();
    tokio::time::advance(TTL + STALE_MAX + MOMENT).await;
    assert!(resolver.lookup("provider.test").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_remembered() {
    let script = Script::of([Line::Failure, Line::Addresses(&[]), Line::Addresses(&["192.0.2.1"])]);
    let resolver = resolver(&script);
    assert!(resolver.lookup("provider.test").await.is_err());
    let empty = resolver.lookup("provider.test").await.unwrap_err();
    assert_eq!(empty.to_string(), "the name has no address");
    assert_eq!(*resolver.lookup("provider.test").await.unwrap(), addresses(&["192.0.2.1"]));
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_at_the_same_time_share_one_question() {
    let script = Script::of([Line::Addresses(&["192.0.2.1"])]);
    let resolver = Arc::new(resolver(&script));
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let resolver = Arc::clone(&resolver);
        asking.spawn(async move { resolver.lookup("provider.test").await.unwrap() });
    }
    for answer in asking.join_all().await {
        assert_eq!(*answer, addresses(&["192.0.2.1"]));
    }
    assert_eq!(script.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_not_asked_for() {
    let script = Script::of([]);
    let resolver = resolver(&script);
    assert_eq!(*resolver.lookup("192.0.2.7").await.unwrap(), addresses(&["192.0.2.7"]));
    assert_eq!(*resolver.lookup("2001:db8::1").await.unwrap(), addresses(&["2001:db8::1"]));
    assert_eq!(script.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_more_names_are_remembered_than_allowed() {
    let lines = (0..NAMES_MAX + 10).map(|_| Line::Addresses(&["192.0.2.1"]));
    let script = Script::of(lines);
    let resolver = resolver(&script);
    for number in 0..NAMES_MAX + 10 {
        resolver.lookup(&format!("{number}.test")).await.unwrap();
    }
    assert_eq!(resolver.names.lock().len(), NAMES_MAX);
    tokio::time::advance(TTL + MOMENT).await;
    assert!(resolver.lookup("last.test").await.is_err(), "the script is over");
    assert_eq!(resolver.names.lock().len(), 1, "what was no longer fresh made room");
}
