//! Laws of the address policy, of name lookup and of connecting.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::server::{Addresses, Server, full};
use super::*;

fn public(authority: &str) -> OriginKey {
    OriginKey { address_policy: AddressPolicy::PublicOnly, ..key(authority) }
}

async fn any() -> Server {
    Server::http1(|_, _| async { Response::new(full("ok")) }).await
}

fn transport_knowing(known: &[(&'static str, &[&str])]) -> Transport {
    Transport::with_resolver(TransportSettings::default(), Arc::new(Addresses::of(known))).unwrap()
}

#[tokio::test]
async fn a_name_with_a_private_address_is_refused_and_nothing_connects() {
    let server = any().await;
    let transport = transport_knowing(&[("rebound.test", &["127.0.0.1"])]);
    let authority = format!("rebound.test:{}", server.address.port());
    let error = send(&transport.origin(&public(&authority)), get("/")).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused { address, .. } if address.is_loopback()), "{error}");
    assert_eq!(error.failure_class(), domain::FailureClass::Connect);
    assert_eq!(server.accepted(), 0);
    assert_eq!(fetch(&transport.origin(&key(&authority)), get("/")).await, "ok", "any address may be had");
}

#[tokio::test]
async fn one_private_address_among_public_ones_refuses_the_name() {
    let transport = transport_knowing(&[("mixed.test", &["8.8.8.8", "10.0.0.7"])]);
    let error = send(&transport.origin(&public("mixed.test")), get("/")).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused { address, .. } if address.to_string() == "10.0.0.7"));
}

#[tokio::test]
async fn literal_addresses_are_checked_too() {
    let server = any().await;
    let transport = transport(TransportSettings::default());
    let port = server.address.port();
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "[fd00:ec2::254]"] {
        let error = send(&transport.origin(&public(&format!("{host}:{port}"))), get("/")).await.unwrap_err();
        assert!(matches!(error, SendError::Refused { .. }), "{host}: {error}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn pools_of_different_policies_share_no_connection() {
    let server = any().await;
    let transport = transport(TransportSettings::default());
    let authority = server.authority();
    assert_eq!(fetch(&transport.origin(&key(&authority)), get("/")).await, "ok");
    assert_eq!(transport.origin(&key(&authority)).kept_connections(), 1);
    let error = send(&transport.origin(&public(&authority)), get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_name_is_asked_for_once_however_many_connections_it_takes() {
    let server = any().await;
    let addresses = Addresses::of(&[("provider.test", &["127.0.0.1"])]);
    let asked = addresses.asked();
    let transport = Transport::with_resolver(TransportSettings::default(), Arc::new(addresses)).unwrap();
    let origin = transport.origin(&key(&format!("provider.test:{}", server.address.port())));
    let answers = [send(&origin, get("/")).await.unwrap(), send(&origin, get("/")).await.unwrap()];
    assert_eq!(server.accepted(), 2);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    drop(answers);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let server = any().await;
    // Nothing listens at the port on the other loopback addresses.
    let transport = transport_knowing(&[("provider.test", &["::1", "127.0.0.2", "127.0.0.1"])]);
    let origin = transport.origin(&key(&format!("provider.test:{}", server.address.port())));
    assert_eq!(fetch(&origin, get("/")).await, "ok");
}

/// An address that never answers: its queue of connections that wait to be accepted is full.
async fn silent(address: &str) -> (Socket, Vec<JoinHandle<std::io::Result<TcpStream>>>) {
    let address: SocketAddr = address.parse().unwrap();
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&address.into()).unwrap();
    listener.listen(0).unwrap();
    let waiting = (0..8).map(|_| tokio::spawn(TcpStream::connect(address))).collect();
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    (listener, waiting)
}

#[tokio::test(start_paused = true)]
async fn the_next_address_is_tried_beside_one_that_is_silent() {
    let server = any().await;
    let port = server.address.port();
    let _silent = silent(&format!("127.0.0.2:{port}")).await;
    let transport = transport_knowing(&[("provider.test", &["127.0.0.2", "127.0.0.1"])]);
    let origin = transport.origin(&key(&format!("provider.test:{port}")));
    let begun = Instant::now();
    assert_eq!(fetch(&origin, get("/")).await, "ok");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_silent_runs_into_the_connect_timeout() {
    let server = any().await;
    let authority = format!("127.0.0.3:{}", server.address.port());
    let _silent = silent(&authority).await;
    let error = send(&transport(TransportSettings::default()).origin(&key(&authority)), get("/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, SendError::ConnectTimeout { .. }), "{error}");
}

#[tokio::test]
async fn an_unknown_name_is_an_error_that_names_it() {
    let transport = transport(TransportSettings::default());
    let error = send(&transport.origin(&key("nowhere.test")), get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Resolve { .. }));
    assert_eq!(error.to_string(), "cannot resolve `nowhere.test`: no such name");
}

#[tokio::test]
async fn the_system_resolves_its_own_name() {
    let found = SystemResolver.resolve("localhost").await.unwrap();
    assert!(found.iter().all(std::net::IpAddr::is_loopback) && !found.is_empty());
}
