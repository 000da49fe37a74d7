//! HTTPS on both sides, HTTP/2 on both sides.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{Authority, Client, EventStream, FakeProvider, TlsFront, scripts};

use crate::configuration::{key, one, provider};
use crate::gateway::{Setup, TestGateway};

const CHAT: EventStream = EventStream::Chat;

fn secure(configuration: &mut Value) {
    configuration["server"] = json!({"tls": {"certificate": "cert.pem", "private_key": "key.pem"}});
}

/// A gateway with a certificate of an authority.
async fn start(authority: &Authority, fake: &FakeProvider) -> TestGateway {
    let mut configuration = one(fake);
    secure(&mut configuration);
    let certificate = authority.certificate();
    let setup = Setup::new().file("cert.pem", &certificate.chain_pem).file("key.pem", &certificate.key_pem);
    setup.start(configuration).await
}

fn client(gateway: &TestGateway, authority: &Arc<Authority>) -> Client {
    Client::new(gateway.address()).with_key(key(1).reveal()).with_tls(authority)
}

#[tokio::test]
async fn clients_are_served_over_tls_by_both_protocols() {
    let (authority, fake) = (Arc::new(Authority::new()), FakeProvider::start().await);
    let gateway = start(&authority, &fake).await;
    let http1 = client(&gateway, &authority);
    for client in [http1.clone(), http1.with_http2()] {
        for streamed in [false, true] {
            let request = scripts::request(CHAT, "p/echo", streamed).to_string();
            let transcript = client.post(scripts::path(CHAT), request).open().await.rest().await;
            assert_eq!(transcript.head.status, 200);
            if streamed {
                transcript.assert_ends_cleanly(CHAT);
            }
        }
    }
    assert_eq!(fake.asked(), 4);
}

#[tokio::test]
async fn clear_text_is_not_served_where_there_is_a_certificate() {
    let (authority, fake) = (Authority::new(), FakeProvider::start().await);
    let gateway = start(&authority, &fake).await;
    assert!(gateway.ask(CHAT, "p/echo").try_open().await.is_err());
}

#[tokio::test]
async fn a_renewed_certificate_is_used_after_a_reload() {
    let (old, new) = (Authority::new(), Arc::new(Authority::new()));
    let fake = FakeProvider::start().await;
    let mut gateway = start(&old, &fake).await;
    let renewed = new.certificate();
    gateway.write_file("cert.pem", &renewed.chain_pem);
    gateway.write_file("key.pem", &renewed.key_pem);
    gateway.reload().await;
    assert_eq!(client(&gateway, &new).get("/healthz").answer().await.status, 200);
}

#[tokio::test]
async fn many_requests_share_one_connection_over_http2_in_clear_text() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let client = gateway.client().with_http2();
    let mut connection = client.connect().await;
    for _ in 0..5 {
        let request = scripts::request(CHAT, "p/echo", false).to_string();
        let answer = client.post(scripts::path(CHAT), request).answer_on(&mut connection).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-provider")), (200, "p"));
    }
}

#[tokio::test]
async fn http2_is_not_served_where_it_is_turned_off() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["server"] = json!({"http2": false});
    let gateway = TestGateway::start(configuration).await;
    let request = scripts::request(CHAT, "p/echo", false).to_string();
    let call = gateway.client().with_http2().post(scripts::path(CHAT), request);
    assert!(call.try_open().await.is_err());
    assert_eq!(gateway.chat("p/echo").await.status, 200);
}

/// A gateway before a provider over TLS, which offers one protocol and is spoken to by another version or the same.
async fn before_tls(offered: &str, spoken: &str, trusted: bool) -> (FakeProvider, TlsFront, TestGateway) {
    let (authority, fake) = (Authority::new(), FakeProvider::start().await);
    let front = TlsFront::start(&authority, &[offered], fake.address()).await;
    let mut provider = provider(front.base_url());
    provider["transport"] = json!({"http": spoken});
    let mut configuration = json!({"providers": {"p": provider}});
    if trusted {
        configuration["upstream"] = json!({"ca_files": ["ca.pem"]});
    }
    let gateway = Setup::new().file("ca.pem", authority.pem()).start(configuration).await;
    (fake, front, gateway)
}

#[tokio::test]
async fn a_provider_with_a_certificate_of_a_private_authority_is_reached() {
    for (offered, spoken) in [("http/1.1", "1.1"), ("h2", "2")] {
        let (fake, _front, gateway) = before_tls(offered, spoken, true).await;
        assert_eq!(gateway.chat("p/echo").await.status, 200, "{offered}");
        let transcript = gateway.ask_streamed(CHAT, "p/echo").open().await.rest().await;
        transcript.assert_ends_cleanly(CHAT);
        assert_eq!(fake.asked(), 2);
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (fake, _front, gateway) = before_tls("http/1.1", "1.1", false).await;
    let answer = gateway.chat("p/echo").await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (502, "TG3001"));
    assert!(answer.error_message().contains("connect"), "{}", answer.error_message());
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn a_provider_without_http2_is_told_apart() {
    let (fake, _front, gateway) = before_tls("http/1.1", "2", true).await;
    let answer = gateway.chat("p/echo").await;
    assert_eq!(answer.status, 502);
    assert!(answer.error_message().contains("HTTP/2"), "{}", answer.error_message());
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn cancelling_over_http2_reaches_the_provider() {
    let fake = FakeProvider::always(scripts::stream(CHAT, &["said"]).up_to_content(1).hang()).await;
    let mut configuration = one(&fake);
    configuration["providers"]["p"]["transport"] = json!({"http": "2"});
    let gateway = TestGateway::start(configuration).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    answer.until("said").await;
    drop(answer);
    fake.client_left().await;
    assert_eq!(gateway.ended("chat_completions", "cancelled").await, 1.0);
}
