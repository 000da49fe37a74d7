//! Where the server is entered: by one listener for both planes, or by one for each, so that a firewall can tell them apart.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use control::api::ControlApi;
use control::settings::ServerSettings;
use domain::Limits;
use inference::Gateway;
use telemetry::Telemetry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::Protocol;
use super::listener::Acceptance;
use super::planes::{Planes, Reach};
use super::tls::Certificates;

/// Where to listen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    /// For requests, and for the control plane where it has no other.
    pub(super) main: SocketAddr,
    pub(super) control: Option<SocketAddr>,
}

impl Addresses {
    /// Those of the command line go before those of the configuration.
    pub(super) fn of(
        server: &ServerSettings,
        (main, control): (Option<SocketAddr>, Option<SocketAddr>),
    ) -> Self {
        let configured = server.control.as_ref().map(|control| control.listen);
        Self { main: main.unwrap_or(server.listen), control: control.or(configured) }
    }

    /// Whether browsers on the machine itself reach the control plane in clear text, and nobody else.
    pub(super) fn is_plain_loopback(self, server: &ServerSettings) -> bool {
        server.control_tls().is_none() && self.control.unwrap_or(self.main).ip().is_loopback()
    }
}

/// An address that is listened on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entrance {
    /// The address.
    pub address: SocketAddr,
    is_https: bool,
}

impl Entrance {
    /// The address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_https { "https" } else { "http" }, self.address)
    }
}

/// The addresses that are listened on.
pub(super) struct Entrances {
    pub(super) main: Entrance,
    pub(super) control: Option<Entrance>,
    listeners: Vec<(Reach, TcpListener)>,
}

impl Entrances {
    /// Binds all of them; a client that comes now waits.
    ///
    /// # Errors
    /// When an address cannot be had.
    pub(super) async fn bind(addresses: Addresses, server: &ServerSettings) -> anyhow::Result<Self> {
        let (main, address) = bind(addresses.main).await?;
        let main_entrance = Entrance { address, is_https: server.tls.is_some() };
        let Some(address) = addresses.control else {
            return Ok(Self { main: main_entrance, control: None, listeners: vec![(Reach::Both, main)] });
        };
        let (control, address) = bind(address).await?;
        let is_https = server.control_tls().is_some();
        Ok(Self {
            main: main_entrance,
            control: Some(Entrance { address, is_https }),
            listeners: vec![(Reach::Data, main), (Reach::Control, control)],
        })
    }

    /// Accepts at all of them until the drain begins. Each has as many places for connections as the limits say, so that no crowd at one
    /// keeps anybody from the other.
    pub(super) fn open(self, hall: &Hall, limits: &Limits) -> JoinSet<()> {
        let mut accepting = JoinSet::new();
        for (reach, listener) in self.listeners {
            let (acceptance, limits) = (hall.acceptance(reach), limits.clone());
            accepting.spawn(async move { acceptance.run(listener, &limits).await });
        }
        accepting
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("{address} cannot be listened on"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What all entrances lead to.
pub(super) struct Hall {
    pub(super) gateway: Arc<Gateway>,
    pub(super) control: Arc<ControlApi>,
    pub(super) telemetry: Telemetry,
    pub(super) protocol: Protocol,
    pub(super) certificates: Certificates,
    pub(super) draining: watch::Receiver<bool>,
}

impl Hall {
    fn acceptance(&self, reach: Reach) -> Acceptance {
        let (gateway, control) = (Arc::clone(&self.gateway), Arc::clone(&self.control));
        let Certificates { main, control: of_control } = &self.certificates;
        Acceptance {
            planes: Arc::new(Planes { gateway, control, reach }),
            telemetry: self.telemetry.clone(),
            protocol: self.protocol.clone(),
            certificate: if reach == Reach::Control { of_control } else { main }.clone(),
            draining: self.draining.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, ServerSettings, SocketAddr};
    use control::settings::{ControlListenerSettings, TlsSettings};

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);
    const EVERYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 2);

    fn server(listen: SocketAddr, control: Option<SocketAddr>) -> ServerSettings {
        let control = control.map(|listen| ControlListenerSettings { listen, tls: None, networks: None });
        ServerSettings { listen, tls: None, http2: true, control }
    }

    fn addresses(server: &ServerSettings, given: [Option<SocketAddr>; 2]) -> Addresses {
        Addresses::of(server, (given[0], given[1]))
    }

    #[test]
    fn what_the_command_line_says_goes_first() {
        let [other, another] = [3, 4].map(|port| SocketAddr::new(LOOPBACK.ip(), port));
        for (control, given, expected) in [
            (None, [None, None], (LOOPBACK, None)),
            (Some(EVERYWHERE), [None, None], (LOOPBACK, Some(EVERYWHERE))),
            (None, [Some(other), Some(another)], (other, Some(another))),
            (Some(EVERYWHERE), [None, Some(another)], (LOOPBACK, Some(another))),
        ] {
            let found = addresses(&server(LOOPBACK, control), given);
            assert_eq!((found.main, found.control), expected);
        }
    }

    #[test]
    fn cookies_are_for_clear_text_only_where_the_control_plane_is_on_the_machine_itself() {
        for (listen, control, is_plain) in [
            (LOOPBACK, None, true),
            (EVERYWHERE, None, false),
            (EVERYWHERE, Some(LOOPBACK), true),
            (LOOPBACK, Some(EVERYWHERE), false),
        ] {
            let mut server = server(listen, control);
            assert_eq!(addresses(&server, [None; 2]).is_plain_loopback(&server), is_plain);
            let tls = Some(TlsSettings { certificate: "c".into(), private_key: "k".into() });
            server.tls = tls.clone();
            assert!(!addresses(&server, [None; 2]).is_plain_loopback(&server));
            if let Some(control) = &mut server.control {
                (server.tls, control.tls) = (None, tls);
                assert!(!addresses(&server, [None; 2]).is_plain_loopback(&server));
            }
        }
    }
}
