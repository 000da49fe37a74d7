//! The settings of the process: where it listens, how it reaches out, what it logs.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path as FilePath;
use std::time::Duration;

use domain::Network;
use engine::route::time::TimeSpan;

use super::Problems;
use super::keys::networks;
use crate::file::{
    ControlListenerSection, JournalSection, LogSection, ProxyChoice, ServerSection, TlsSection,
    UpstreamSection,
};
use crate::path::Path;
use crate::settings::{
    ControlListenerSettings, JournalSettings, LogSettings, ServerSettings, TlsSettings, UpstreamSettings,
};

const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Below the 60 s after which common load balancers hang up.
const IDLE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(45);
const IDLE_CONNECTIONS_MAX_DEFAULT: usize = 1024;
const JOURNAL_DEFAULT: &str = "tollgate-journal";
const JOURNAL_BYTES_MAX_DEFAULT: u64 = 1 << 30;
/// It is in several files, so that the oldest can go.
const JOURNAL_BYTES_MAX_MIN: u64 = 1 << 20;
const DNS_TTL_DEFAULT: Duration = Duration::from_secs(30);

pub(super) fn server(
    section: &ServerSection,
    folder: &FilePath,
    problems: &mut Problems,
) -> Option<ServerSettings> {
    let path = Path::root().key("server");
    let listen = match &section.listen {
        Some(text) => address(text, &path, problems),
        None => Some(LISTEN_DEFAULT),
    };
    let control = section.control.as_ref();
    let control =
        control.map(|section| control_listener(section, (listen, folder), &path.key("control"), problems));
    Some(ServerSettings {
        listen: listen?,
        tls: section.tls.as_ref().map(|section| tls(section, folder)),
        http2: section.http2.unwrap_or(true),
        control: control.flatten(),
    })
}

fn control_listener(
    section: &ControlListenerSection,
    (main, folder): (Option<SocketAddr>, &FilePath),
    path: &Path,
    problems: &mut Problems,
) -> Option<ControlListenerSettings> {
    let listen = address(&section.listen, path, problems);
    if listen.is_some_and(|listen| listen.port() != 0) && listen == main {
        let message =
            "requests are served there (`server.listen`); the control plane needs an address of its own";
        problems.push((path.key("listen"), message.to_owned()));
    }
    let written = section.networks.as_ref();
    let networks = written.map(|texts| networks(texts, &path.key("networks"), problems));
    let tls = section.tls.as_ref().map(|section| tls(section, folder));
    Some(ControlListenerSettings { listen: listen?, tls, networks })
}

fn address(text: &str, path: &Path, problems: &mut Problems) -> Option<SocketAddr> {
    listen_address(text).map_err(|message| problems.push((path.key("listen"), message))).ok()
}

fn tls(section: &TlsSection, folder: &FilePath) -> TlsSettings {
    TlsSettings {
        certificate: folder.join(&section.certificate),
        private_key: folder.join(&section.private_key),
    }
}

/// The proxies in front of it.
pub(super) fn trusted_proxies(section: &ServerSection, problems: &mut Problems) -> Vec<Network> {
    networks(&section.trusted_proxies, &Path::root().key("server").key("trusted_proxies"), problems)
}

pub(crate) fn upstream(section: &UpstreamSection, folder: &FilePath) -> UpstreamSettings {
    let time = |written: Option<TimeSpan>, absent| written.map_or(absent, |span| span.0);
    let connections = section.idle_connections_max.and_then(|count| usize::try_from(count).ok());
    UpstreamSettings {
        ca_files: section.ca_files.iter().map(|file| folder.join(file)).collect(),
        proxy: section.proxy.unwrap_or(ProxyChoice::Environment),
        idle_timeout: time(section.idle_timeout, IDLE_TIMEOUT_DEFAULT),
        idle_connections_max: connections.unwrap_or(IDLE_CONNECTIONS_MAX_DEFAULT),
        dns_ttl: time(section.dns_ttl, DNS_TTL_DEFAULT),
    }
}

pub(super) fn log(section: &LogSection) -> LogSettings {
    LogSettings {
        format: section.format.unwrap_or_default(),
        requests: section.requests.unwrap_or_default(),
        decisions: section.decisions,
    }
}

pub(super) fn journal(
    section: &JournalSection,
    folder: &FilePath,
    problems: &mut Problems,
) -> JournalSettings {
    let journal = Path::root().key("journal");
    let path = section.path.as_deref().unwrap_or(JOURNAL_DEFAULT);
    if path.is_empty() {
        problems.push((journal.key("path"), "expected the name of a folder".to_owned()));
    }
    let bytes_max = section.bytes_max.map_or(JOURNAL_BYTES_MAX_DEFAULT, |size| size.0);
    if bytes_max < JOURNAL_BYTES_MAX_MIN {
        problems.push((journal.key("bytes_max"), "expected at least 1MiB".to_owned()));
    }
    JournalSettings { path: folder.join(path), bytes_max }
}

/// An address with its port; `localhost` is 127.0.0.1, since nothing is looked up while a configuration is read.
///
/// # Errors
/// With what is wrong and how it is written.
pub fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let numeric =
        text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric.parse().map_err(|_| {
        format!("`{text}` is not an address with a port; write it as `127.0.0.1:8080`, `0.0.0.0:8080` or `[::]:8080`")
    })
}
