//! Proxies between the gateway and its providers: which origin goes through which, and how a tunnel is opened.

use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::ProxyProblem;
use super::settings::{ProxySettings, TransportProblem};
use super::stream::Stream;

/// The proxies of the process.
pub(super) struct Proxies(Option<Matcher>);

/// A proxy that stands between the gateway and an origin.
#[derive(Clone)]
pub(super) struct Proxy {
    /// Without the brackets of an IPv6 address.
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// Whether the proxy itself is reached by TLS.
    pub(super) tls: bool,
    /// From the user and password in its URL; marked sensitive.
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxies {
    /// Checks the settings: a proxy that is set and cannot be used must not mean that traffic goes past it.
    pub(super) fn new(settings: &ProxySettings) -> Result<Self, TransportProblem> {
        let ProxySettings::FromEnvironment { https_proxy, http_proxy, no_proxy } = settings else {
            return Ok(Self(None));
        };
        for (variable, value) in [("HTTPS_PROXY", https_proxy), ("HTTP_PROXY", http_proxy)] {
            if !value.is_empty() && !is_usable(value) {
                return Err(TransportProblem::Proxy { variable });
            }
        }
        let matcher =
            Matcher::builder().https(https_proxy.as_str()).http(http_proxy.as_str()).no(no_proxy.as_str());
        Ok(Self(Some(matcher.build())))
    }

    /// The proxy for an origin, if it is reached through one.
    pub(super) fn for_origin(&self, scheme: &Scheme, authority: &Authority) -> Option<Proxy> {
        let uri = Uri::builder().scheme(scheme.clone()).authority(authority.clone()).path_and_query("/");
        Proxy::new(&self.0.as_ref()?.intercept(&uri.build().ok()?)?)
    }
}

fn is_usable(value: &str) -> bool {
    let matcher = Matcher::builder().all(value).build();
    matcher.intercept(&Uri::from_static("https://host/")).as_ref().and_then(Proxy::new).is_some()
}

impl Proxy {
    /// `None` for a SOCKS proxy.
    fn new(intercept: &Intercept) -> Option<Self> {
        let uri = intercept.uri();
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return None,
        };
        Some(Self {
            host: bare_host(uri.host()?).into(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
            authorization: intercept.basic_auth().cloned(),
        })
    }

    /// Host and port, for error texts.
    pub(super) fn label(&self) -> Box<str> {
        format!("{}:{}", self.host, self.port).into()
    }

    /// Opens a tunnel to `target` (`host:port`) by CONNECT (RFC 9110, section 9.3.6).
    pub(super) async fn open_tunnel(&self, stream: &mut Stream, target: &str) -> Result<(), ProxyProblem> {
        stream.write_all(&self.tunnel_request(target)).await?;
        stream.flush().await?;
        let head = read_head(stream).await?;
        match status(&head) {
            Some(200..=299) => Ok(()),
            Some(status) => Err(ProxyProblem::Status { status }),
            None => Err(ProxyProblem::NotHttp),
        }
    }

    fn tunnel_request(&self, target: &str) -> Vec<u8> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n").into_bytes();
        if let Some(value) = &self.authorization {
            request.extend_from_slice(b"proxy-authorization: ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }
}

/// A host without the brackets that an IPv6 address has in a URL.
pub(super) fn bare_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The longest answer to CONNECT that is read.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Up to and including the empty line. Byte by byte, because what follows belongs to the tunnel; the head is short
/// and read once per connection.
async fn read_head(stream: &mut Stream) -> Result<Vec<u8>, ProxyProblem> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES_MAX {
            return Err(ProxyProblem::NotHttp);
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// The status in `HTTP/1.1 200 …`.
fn status(head: &[u8]) -> Option<u16> {
    let digits = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
