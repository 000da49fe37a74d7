//! The way to providers, as the configuration and the environment describe it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use control::settings::ProxyChoice;
use control::{Environment, UpstreamSettings};
use jiff::Timestamp;
use providers::sign_in::{Outside, OutsideParts};
use providers::transport::{ProxySettings, Transport, TransportSettings};

/// The largest certificate-authority file.
const CA_BYTES_MAX: u64 = 4 << 20;

/// The transport of a configuration.
///
/// # Errors
/// When a certificate authority cannot be read, or a proxy's address is wrong.
pub fn transport(upstream: &UpstreamSettings, environment: &dyn Environment) -> anyhow::Result<Transport> {
    Ok(Transport::new(settings(upstream, environment)?)?)
}

/// What sign-ins need of the outside.
///
/// # Errors
/// When there cannot be a transport.
pub fn outside(
    transport: Transport,
    environment: Arc<dyn Environment>,
    wall_clock: fn() -> Timestamp,
    random: fn() -> u64,
) -> anyhow::Result<Outside> {
    Ok(Outside::new(OutsideParts {
        transport,
        read_file: Box::new(move |path, bytes_max| environment.file(path, bytes_max)),
        wall_clock: Box::new(move || wall_clock().into()),
        random: Box::new(random),
    })?)
}

fn settings(upstream: &UpstreamSettings, environment: &dyn Environment) -> anyhow::Result<TransportSettings> {
    let read = |path: &PathBuf| {
        let text = environment.file(path, CA_BYTES_MAX);
        text.map(String::into_bytes).with_context(|| format!("{} cannot be read", path.display()))
    };
    // curl's rule: the lower-case name goes first.
    let variable = |name: &str| {
        environment
            .variable(&name.to_ascii_lowercase())
            .or_else(|| environment.variable(name))
            .unwrap_or_default()
    };
    let proxy = match upstream.proxy {
        ProxyChoice::None => ProxySettings::None,
        ProxyChoice::Environment => ProxySettings::FromEnvironment {
            https_proxy: variable("HTTPS_PROXY"),
            // Only the lower-case name: in a CGI-like setting a request's `Proxy` header would set the other.
            http_proxy: environment.variable("http_proxy").unwrap_or_default(),
            no_proxy: variable("NO_PROXY"),
        },
    };
    Ok(TransportSettings {
        extra_ca_pem: upstream.ca_files.iter().map(read).collect::<anyhow::Result<_>>()?,
        proxy,
        idle_timeout: upstream.idle_timeout,
        idle_connections_max: upstream.idle_connections_max,
        dns_ttl: upstream.dns_ttl,
        ..TransportSettings::default()
    })
}
