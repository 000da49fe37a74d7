//! From an origin to an open byte stream: name lookup, address check, TCP, proxy, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use domain::provider::HttpVersion;
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::address::AddressPolicy;
use super::error::SendError;
use super::proxy::{Proxies, Proxy};
use super::resolve::Resolver;
use super::stream::Stream;
use super::tls::Tls;

/// What all origins share.
pub(super) struct Connector {
    pub(super) resolver: Resolver,
    pub(super) tls: Tls,
    pub(super) proxies: Proxies,
}

/// Where an origin is.
pub(super) struct Target {
    /// Without the brackets of an IPv6 address.
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// Whether TLS is spoken to it.
    pub(super) tls: bool,
    pub(super) version: HttpVersion,
    pub(super) address_policy: AddressPolicy,
    pub(super) route: Route,
}

/// How an origin is reached.
pub(super) enum Route {
    Direct,
    /// Through a tunnel that the proxy opens.
    Tunnel(Proxy),
    /// By asking the proxy, which sees the request; only for clear text.
    Forward(Proxy),
}

impl Connector {
    /// A stream over which HTTP can be spoken with the target; `timeout` covers everything up to there.
    pub(super) async fn connect(&self, target: &Target, timeout: Duration) -> Result<Stream, SendError> {
        match tokio::time::timeout(timeout, self.connect_unlimited(target)).await {
            Ok(connected) => connected,
            Err(_) => Err(SendError::ConnectTimeout { host: target.host.clone(), after: timeout }),
        }
    }

    async fn connect_unlimited(&self, target: &Target) -> Result<Stream, SendError> {
        let stream = match &target.route {
            Route::Direct => {
                let addresses = self.checked_addresses(target).await?;
                connect_tcp(&target.host, &addresses, target.port).await?
            }
            Route::Forward(proxy) => self.connect_proxy(proxy).await?,
            Route::Tunnel(proxy) => self.connect_tunnel(target, proxy).await?,
        };
        if !target.tls {
            return Ok(stream);
        }
        let stream = self.handshake(&target.host, stream, target.version).await?;
        match target.version {
            HttpVersion::Http2 if !stream.has_agreed_on_http2() => {
                Err(SendError::NoHttp2 { host: target.host.clone() })
            }
            _ => Ok(stream),
        }
    }

    async fn checked_addresses(&self, target: &Target) -> Result<Vec<IpAddr>, SendError> {
        let addresses = self.addresses(&target.host).await?;
        match target.address_policy.first_refused(&addresses) {
            Some(address) => Err(SendError::Refused { host: target.host.clone(), address }),
            None => Ok(addresses),
        }
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, SendError> {
        match self.resolver.lookup(host).await {
            Ok(addresses) => Ok(addresses.to_vec()),
            Err(source) => Err(SendError::Resolve { host: host.into(), source }),
        }
    }

    /// The operator named the proxy, so it may have any address.
    async fn connect_proxy(&self, proxy: &Proxy) -> Result<Stream, SendError> {
        let addresses = self.addresses(&proxy.host).await?;
        let stream = connect_tcp(&proxy.host, &addresses, proxy.port).await?;
        if proxy.tls { self.handshake(&proxy.host, stream, HttpVersion::Http1).await } else { Ok(stream) }
    }

    async fn connect_tunnel(&self, target: &Target, proxy: &Proxy) -> Result<Stream, SendError> {
        let end = self.tunnel_end(target).await?;
        let mut stream = self.connect_proxy(proxy).await?;
        match proxy.open_tunnel(&mut stream, &end).await {
            Ok(()) => Ok(stream),
            Err(problem) => {
                Err(SendError::Proxy { proxy: proxy.label(), host: target.host.clone(), problem })
            }
        }
    }

    /// `host:port`; an address that was checked where the policy wants that, since the proxy would look the name up
    /// for itself.
    async fn tunnel_end(&self, target: &Target) -> Result<String, SendError> {
        let port = target.port;
        if target.address_policy == AddressPolicy::PublicOnly
            && let Some(address) = self.checked_addresses(target).await?.first()
        {
            return Ok(SocketAddr::new(*address, port).to_string());
        }
        let host = &target.host;
        Ok(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
    }

    async fn handshake(&self, host: &str, stream: Stream, version: HttpVersion) -> Result<Stream, SendError> {
        let problem = |source| SendError::Tls { host: host.into(), source };
        let server = ServerName::try_from(host.to_owned())
            .map_err(|error| problem(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        match self.tls.connect(server, stream, version).await {
            Err(error) if version == HttpVersion::Http2 && is_alpn_refusal(&error) => {
                Err(SendError::NoHttp2 { host: host.into() })
            }
            connected => connected.map_err(problem),
        }
    }
}

/// Whether the server refused every protocol on offer (RFC 7301, section 3.2).
fn is_alpn_refusal(error: &io::Error) -> bool {
    let refusal = rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol);
    error.get_ref().and_then(|cause| cause.downcast_ref()) == Some(&refusal)
}

/// How long one address is tried alone before the next is tried beside it (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// More addresses of one name than this are not tried.
const ATTEMPTS_MAX: usize = 16;

/// The first of the addresses that accepts a connection, tried in turn with a short lead each.
async fn connect_tcp(host: &str, addresses: &[IpAddr], port: u16) -> Result<Stream, SendError> {
    let mut untried = interleave(addresses).into_iter().take(ATTEMPTS_MAX);
    let mut attempts = JoinSet::new();
    let mut last_failure = None;
    loop {
        if let Some(address) = untried.next() {
            attempts.spawn(connect_address(SocketAddr::new(address, port)));
        } else if attempts.is_empty() {
            return Err(last_failure.unwrap_or_else(|| no_address(host)));
        }
        let waiting = untried.len() > 0;
        tokio::select! {
            Some(attempt) = attempts.join_next() => match attempt {
                Ok(Ok(stream)) => return Ok(Stream::Tcp(stream)),
                Ok(Err((address, source))) => {
                    last_failure = Some(SendError::Connect { host: host.into(), address, source });
                }
                Err(_) => {}
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if waiting => {}
        }
    }
}

fn no_address(host: &str) -> SendError {
    let source = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    SendError::Resolve { host: host.into(), source }
}

async fn connect_address(address: SocketAddr) -> Result<TcpStream, (SocketAddr, io::Error)> {
    let connected = async {
        let stream = TcpStream::connect(address).await?;
        prepare(&stream)?;
        Ok(stream)
    };
    connected.await.map_err(|error| (address, error))
}

/// A model may think for minutes without a byte; middleboxes forget silent connections sooner than that.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Small writes go out at once, and a silent connection is kept in the memory of middleboxes.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Alternates between the address families, beginning with that of the first address (RFC 8305, section 4), so that
/// one broken family costs one delay.
fn interleave(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let v6_first = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == v6_first);
    let mut second = second.into_iter();
    let mut mixed = Vec::with_capacity(addresses.len());
    for address in first {
        mixed.push(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed
}

#[cfg(test)]
mod tests;
