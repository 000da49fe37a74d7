//! Laws of TLS.

use std::net::IpAddr;

use hyper::body::Incoming;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::server::{Addresses, Server, full, serve_http1, serve_http2};
use super::*;

/// A certificate authority of a test.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Accepts connections as `name`, offering these protocols.
    pub(super) fn acceptor(&self, name: &str, protocols: &[&str]) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Settings that trust this authority.
    pub(super) fn trusted(&self) -> TransportSettings {
        TransportSettings {
            extra_ca_pem: vec![self.pem.clone().into_bytes()],
            ..TransportSettings::default()
        }
    }
}

/// A server for `provider.test` that answers with what it knows of the connection.
async fn secure(authority: &Authority, protocols: &[&str]) -> Server {
    let acceptor = authority.acceptor("provider.test", protocols);
    Server::start(move |number, stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let facts = facts(&stream);
            let answer = move |_: Request<Incoming>| {
                let facts = facts.clone();
                async move { Response::new(full(facts)) }
            };
            match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => serve_http2(stream, 100, answer).await,
                _ => serve_http1(stream, number, move |_, request| answer(request)).await,
            }
        }
    })
    .await
}

/// Protocol and kind of handshake.
fn facts(stream: &TlsStream<TcpStream>) -> String {
    let connection = stream.get_ref().1;
    let protocol = String::from_utf8_lossy(connection.alpn_protocol().unwrap_or(b"none"));
    format!("{protocol} {:?}", connection.handshake_kind().unwrap())
}

fn local(settings: TransportSettings) -> Transport {
    Transport::with_resolver(settings, Arc::new(Addresses::of(&[("provider.test", &["127.0.0.1"])]))).unwrap()
}

fn secure_key(server: &Server, http_version: HttpVersion) -> OriginKey {
    let authority = format!("provider.test:{}", server.address.port());
    OriginKey { scheme: Scheme::HTTPS, http_version, ..key(&authority) }
}

#[tokio::test]
async fn an_extra_authority_is_trusted_and_sessions_are_resumed() {
    let authority = Authority::new();
    let server = secure(&authority, &["http/1.1"]).await;
    let transport = local(authority.trusted());
    let origin = transport.origin(&secure_key(&server, HttpVersion::Http1));
    assert_eq!(fetch(&origin, get("/")).await, "http/1.1 Full");
    assert_eq!(fetch(&origin, get("/")).await, "http/1.1 Full", "the same connection");
    transport.reap(Instant::now() + Duration::from_secs(3600));
    assert_eq!(fetch(&origin, get("/")).await, "http/1.1 Resumed");
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let server = secure(&Authority::new(), &["http/1.1"]).await;
    let transport = local(TransportSettings::default());
    let error = send(&transport.origin(&secure_key(&server, HttpVersion::Http1)), get("/")).await;
    let error = error.unwrap_err();
    assert!(matches!(error, SendError::Tls { .. }), "{error}");
    assert_eq!(error.failure_class(), domain::FailureClass::Connect);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let server = secure(&authority, &["http/1.1"]).await;
    let transport = transport(authority.trusted());
    let by_address = OriginKey {
        authority: server.authority().parse().unwrap(),
        ..secure_key(&server, HttpVersion::Http1)
    };
    let error = send(&transport.origin(&by_address), get("/")).await.unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[tokio::test]
async fn http2_is_agreed_on_in_the_handshake() {
    let authority = Authority::new();
    let server = secure(&authority, &["h2", "http/1.1"]).await;
    let transport = local(authority.trusted());
    for _ in 0..2 {
        let origin = transport.origin(&secure_key(&server, HttpVersion::Http2));
        assert_eq!(fetch(&origin, get("/")).await, "h2 Full");
    }
    let origin = transport.origin(&secure_key(&server, HttpVersion::Http1));
    assert!(fetch(&origin, get("/")).await.starts_with(b"http/1.1"));
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_server_without_http2_is_told_apart() {
    let authority = Authority::new();
    for protocols in [&["http/1.1"][..], &[]] {
        let server = secure(&authority, protocols).await;
        let transport = local(authority.trusted());
        let origin = transport.origin(&secure_key(&server, HttpVersion::Http2));
        let error = send(&origin, get("/")).await.unwrap_err();
        assert!(matches!(error, SendError::NoHttp2 { .. }), "{protocols:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_an_answer_runs_into_the_connect_timeout() {
    let server = Server::start(|_, stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let transport = local(TransportSettings::default());
    for version in [HttpVersion::Http1, HttpVersion::Http2] {
        let origin = transport.origin(&secure_key(&server, version));
        let error = send(&origin, get("/")).await.unwrap_err();
        assert!(matches!(error, SendError::ConnectTimeout { .. }), "{error}");
        let stage = domain::FailureClass::Timeout(domain::TimeoutStage::Connect);
        assert_eq!(error.failure_class(), stage);
        assert_eq!(error.to_string(), "no connection to `provider.test` within 5000 ms");
    }
}

#[test]
fn an_authority_that_is_no_certificate_is_a_problem_with_its_place() {
    let good = Authority::new().trusted().extra_ca_pem.remove(0);
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    for bad in [b"not a certificate".to_vec(), broken] {
        let extra_ca_pem = vec![good.clone(), bad];
        let problem = Transport::new(TransportSettings { extra_ca_pem, ..TransportSettings::default() });
        let problem = problem.unwrap_err();
        assert!(matches!(problem, TransportProblem::CertificateAuthority { number: 2, .. }), "{problem}");
    }
}

#[test]
fn an_address_is_a_server_name_too() {
    let address: IpAddr = "127.0.0.1".parse().unwrap();
    let name = rustls_pki_types::ServerName::try_from("127.0.0.1").unwrap();
    assert_eq!(name, rustls_pki_types::ServerName::from(address));
}
