//! Laws of the transport as a whole, against servers on the loopback interface.

use std::time::Duration;

use bytes::Bytes;
use domain::provider::HttpVersion;
use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::BodyExt;

use super::*;

mod answers;
mod http1;
mod http2;
mod policy;
mod proxy;
mod server;
mod stale;
mod streams;
mod tls;

/// Far beyond what any exchange on the loopback interface takes, so that a lost wake-up fails and does not hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// A transport that resolves nothing by itself.
fn transport(settings: TransportSettings) -> Transport {
    Transport::with_resolver(settings, Arc::new(server::Addresses::none())).unwrap()
}

fn key(authority: &str) -> OriginKey {
    OriginKey {
        scheme: Scheme::HTTP,
        authority: authority.parse().unwrap(),
        http_version: HttpVersion::Http1,
        address_policy: AddressPolicy::Any,
    }
}

fn get(path: &str) -> Request<OutgoingBody> {
    Request::get(path).body(OutgoingBody::Empty).unwrap()
}

fn post(path: &str, body: impl Into<OutgoingBody>) -> Request<OutgoingBody> {
    Request::post(path).body(body.into()).unwrap()
}

async fn send(
    origin: &Arc<Origin>,
    request: Request<OutgoingBody>,
) -> Result<Response<IncomingBody>, SendError> {
    let sending = origin.send(request, Duration::from_secs(5));
    tokio::time::timeout(PATIENCE, sending).await.expect("an answer or an error comes")
}

async fn read(answer: Response<IncomingBody>) -> Bytes {
    let body = tokio::time::timeout(PATIENCE, answer.into_body().collect()).await;
    body.expect("the body ends").unwrap().to_bytes()
}

/// Sends and reads the whole answer.
async fn fetch(origin: &Arc<Origin>, request: Request<OutgoingBody>) -> Bytes {
    read(send(origin, request).await.unwrap()).await
}

#[tokio::test]
async fn the_same_key_gives_the_same_origin_and_another_policy_another_one() {
    let transport = transport(TransportSettings::default());
    let any = key("provider.test");
    let public = OriginKey { address_policy: AddressPolicy::PublicOnly, ..any.clone() };
    assert!(Arc::ptr_eq(&transport.origin(&any), &transport.origin(&any)));
    assert!(!Arc::ptr_eq(&transport.origin(&any), &transport.origin(&public)));
}

#[tokio::test]
async fn an_origin_that_nobody_holds_is_forgotten() {
    let transport = transport(TransportSettings::default());
    let (held, loose) = (transport.origin(&key("held.test")), transport.origin(&key("loose.test")));
    let (still, gone) = (Arc::downgrade(&held), Arc::downgrade(&loose));
    drop(loose);
    transport.reap(Instant::now());
    assert!(still.upgrade().is_some());
    assert!(gone.upgrade().is_none());
}

#[test]
fn texts_about_settings_show_no_password() {
    let proxy = ProxySettings::FromEnvironment {
        https_proxy: "http://user:secret@proxy.test".to_owned(),
        http_proxy: String::new(),
        no_proxy: String::new(),
    };
    let settings = TransportSettings { proxy, ..TransportSettings::default() };
    let transport = Transport::new(settings).unwrap();
    assert!(!format!("{transport:?}").contains("secret"));
}
