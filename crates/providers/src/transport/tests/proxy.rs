//! Laws of proxies.

use hyper::body::Incoming;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::server::{Addresses, Server, full, read_head, serve_http1};
use super::tls::Authority;
use super::*;

/// A proxy that tells the head of each request and then leads the client to `upstream`, if there is one, whatever
/// was asked for; without one it answers 407.
async fn proxy(upstream: Option<std::net::SocketAddr>) -> (Server, mpsc::Receiver<String>) {
    let (heads, received) = mpsc::channel(8);
    let server = Server::start(move |_, mut stream| {
        let heads = heads.clone();
        async move {
            heads.send(read_head(&mut stream).await).await.unwrap();
            let Some(upstream) = upstream else {
                let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(refusal).await.unwrap();
                return;
            };
            stream.write_all(b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n").await.unwrap();
            let mut onwards = TcpStream::connect(upstream).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut onwards).await.ok();
        }
    })
    .await;
    (server, received)
}

/// A provider at `provider.test` that speaks TLS.
async fn provider(authority: &Authority) -> Server {
    let acceptor = authority.acceptor("provider.test", &["http/1.1"]);
    Server::start(move |number, stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(stream).await.unwrap();
            serve_http1(stream, number, |_, _: Request<Incoming>| async { Response::new(full("ok")) }).await;
        }
    })
    .await
}

fn through(https_proxy: &str, http_proxy: &str, no_proxy: &str) -> ProxySettings {
    ProxySettings::FromEnvironment {
        https_proxy: https_proxy.to_owned(),
        http_proxy: http_proxy.to_owned(),
        no_proxy: no_proxy.to_owned(),
    }
}

fn https(authority: &str) -> OriginKey {
    OriginKey { scheme: Scheme::HTTPS, ..key(authority) }
}

fn knowing(settings: TransportSettings, known: &[(&'static str, &[&str])]) -> Transport {
    Transport::with_resolver(settings, Arc::new(Addresses::of(known))).unwrap()
}

#[tokio::test]
async fn https_goes_through_a_tunnel_with_the_password_of_the_proxy() {
    let authority = Authority::new();
    let provider = provider(&authority).await;
    let (proxy, mut heads) = proxy(Some(provider.address)).await;
    let url = format!("http://user:pass%40word@{}", proxy.authority());
    let settings = TransportSettings { proxy: through(&url, "", ""), ..authority.trusted() };
    // The name is not looked up here: the proxy does it.
    let transport = transport(settings);
    let origin = transport.origin(&https("provider.test"));
    assert_eq!(fetch(&origin, get("/")).await, "ok");
    assert_eq!(fetch(&origin, get("/")).await, "ok");
    let head = heads.recv().await.unwrap();
    assert_eq!(
        head,
        "CONNECT provider.test:443 HTTP/1.1\r\nhost: provider.test:443\r\n\
         proxy-authorization: Basic dXNlcjpwYXNzQHdvcmQ=\r\n\r\n"
    );
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn a_proxy_may_be_reached_by_tls_itself() {
    let authority = Authority::new();
    let provider = provider(&authority).await;
    let acceptor = authority.acceptor("proxy.test", &["http/1.1"]);
    let upstream = provider.address;
    let proxy = Server::start(move |_, stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            assert!(read_head(&mut stream).await.starts_with("CONNECT provider.test:443 "));
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut onwards = TcpStream::connect(upstream).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut onwards).await.ok();
        }
    })
    .await;
    let url = format!("https://proxy.test:{}", proxy.address.port());
    let settings = TransportSettings { proxy: through(&url, "", ""), ..authority.trusted() };
    let transport = knowing(settings, &[("proxy.test", &["127.0.0.1"])]);
    assert_eq!(fetch(&transport.origin(&https("provider.test")), get("/")).await, "ok");
}

#[tokio::test]
async fn a_tunnel_leads_to_the_checked_address_where_only_public_ones_are_allowed() {
    let authority = Authority::new();
    let provider = provider(&authority).await;
    let (proxy, mut heads) = proxy(Some(provider.address)).await;
    let url = format!("http://proxy.test:{}", proxy.address.port());
    let settings = TransportSettings { proxy: through(&url, &url, ""), ..authority.trusted() };
    let known: &[(&str, &[&str])] = &[
        ("provider.test", &["8.8.8.8", "2001:4860:4860::8888"]),
        ("inner.test", &["10.0.0.7"]),
        ("proxy.test", &["127.0.0.1"]),
    ];
    let transport = knowing(settings, known);
    let public = |key: OriginKey| OriginKey { address_policy: AddressPolicy::PublicOnly, ..key };
    let origin = transport.origin(&public(https("provider.test")));
    assert_eq!(fetch(&origin, get("/")).await, "ok", "the certificate is checked against the name");
    assert!(heads.recv().await.unwrap().starts_with("CONNECT 8.8.8.8:443 HTTP/1.1\r\n"));
    for refused in [public(https("inner.test")), public(key("inner.test"))] {
        let error = send(&transport.origin(&refused), get("/")).await.unwrap_err();
        assert!(matches!(error, SendError::Refused { .. }), "{error}");
    }
    assert_eq!(proxy.accepted(), 1, "the proxy is not asked for what is refused");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error_without_its_password() {
    let (proxy, _heads) = proxy(None).await;
    let url = format!("http://user:secret@{}", proxy.authority());
    let settings = TransportSettings { proxy: through(&url, "", ""), ..TransportSettings::default() };
    let error = send(&transport(settings).origin(&https("provider.test")), get("/")).await.unwrap_err();
    assert!(matches!(error, SendError::Proxy { problem: ProxyProblem::Status { status: 407 }, .. }));
    let text = format!("{error} {error:?}");
    assert!(text.contains("407") && text.contains(&proxy.authority()) && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_answers_nonsense_or_without_end_is_an_error() {
    for answer in ["SSH-2.0-OpenSSH\r\n\r\n".to_owned(), "x".repeat(20_000), "HTTP/1.1 2".to_owned()] {
        let server = Server::start(move |_, mut stream| {
            let answer = answer.clone();
            async move {
                read_head(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.ok();
            }
        })
        .await;
        let url = format!("http://{}", server.authority());
        let settings = TransportSettings { proxy: through(&url, "", ""), ..TransportSettings::default() };
        let error = send(&transport(settings).origin(&https("provider.test")), get("/")).await.unwrap_err();
        assert!(matches!(error, SendError::Proxy { .. }), "{error}");
    }
}

#[tokio::test]
async fn clear_text_is_asked_for_by_whole_url() {
    let server = Server::http1(|_, request: Request<Incoming>| async move {
        let header = |name| request.headers().get(name).unwrap().to_str().unwrap();
        let text = format!("{} {} {}", request.uri(), header("host"), header("proxy-authorization"));
        Response::new(full(text))
    })
    .await;
    let url = format!("http://user:password@{}", server.authority());
    let settings = TransportSettings { proxy: through("", &url, ""), ..TransportSettings::default() };
    let transport = transport(settings);
    let origin = transport.origin(&key("provider.test:8080"));
    for path in ["/v1/chat?stream=1", "/"] {
        let expected =
            format!("http://provider.test:8080{path} provider.test:8080 Basic dXNlcjpwYXNzd29yZA==");
        assert_eq!(fetch(&origin, get(path)).await, expected);
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn what_no_proxy_names_is_reached_directly() {
    let server = Server::http1(|_, request: Request<Incoming>| async move {
        Response::new(full(request.uri().to_string()))
    })
    .await;
    let (proxy, _heads) = proxy(None).await;
    let url = format!("http://{}", proxy.authority());
    let proxy_settings = through(&url, &url, "127.0.0.0/8, .inner.test");
    let settings = TransportSettings { proxy: proxy_settings, ..TransportSettings::default() };
    let transport = knowing(settings, &[("llm.inner.test", &["127.0.0.1"])]);
    let named = format!("llm.inner.test:{}", server.address.port());
    for authority in [named, server.authority()] {
        assert_eq!(fetch(&transport.origin(&key(&authority)), get("/direct")).await, "/direct");
    }
    assert_eq!(proxy.accepted(), 0);
}

#[test]
fn a_proxy_url_that_cannot_be_used_is_a_problem_and_not_ignored() {
    for url in ["socks5://proxy.test:1080", "ftp://proxy.test", "http://", "not a url"] {
        for (settings, variable) in
            [(through(url, "", ""), "HTTPS_PROXY"), (through("", url, ""), "HTTP_PROXY")]
        {
            let settings = TransportSettings { proxy: settings, ..TransportSettings::default() };
            assert_eq!(Transport::new(settings).unwrap_err(), TransportProblem::Proxy { variable }, "{url}");
        }
    }
}
