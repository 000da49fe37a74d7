//! Where a new catalogue comes from: a file, or a URL that is fetched the way providers are reached.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use control::UpstreamSettings;
use domain::provider::HttpVersion;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use providers::catalog::CATALOG_BYTES_MAX;
use providers::transport::{AddressPolicy, OriginKey, OutgoingBody};

use crate::commands::surroundings::environment;
use crate::serve::transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const FETCH_TIMEOUT: Duration = Duration::from_secs(120);

/// The bytes of a file or of what a URL answers, at most as many as a catalogue has.
pub(super) fn read(source: &str, upstream: &UpstreamSettings) -> anyhow::Result<Vec<u8>> {
    if source.starts_with("https://") || source.starts_with("http://") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let fetched =
            runtime.block_on(async { tokio::time::timeout(FETCH_TIMEOUT, fetch(source, upstream)).await });
        return fetched.with_context(|| format!("no whole answer within {} s", FETCH_TIMEOUT.as_secs()))?;
    }
    let mut bytes = Vec::new();
    let file = File::open(source).with_context(|| format!("{source} cannot be read"))?;
    file.take(CATALOG_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= CATALOG_BYTES_MAX, "{source} is larger than {CATALOG_BYTES_MAX} bytes");
    Ok(bytes)
}

async fn fetch(url: &str, upstream: &UpstreamSettings) -> anyhow::Result<Vec<u8>> {
    let uri: Uri = url.parse().with_context(|| format!("`{url}` is no URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme().cloned(), uri.authority().cloned()) else {
        bail!("`{url}` is no URL");
    };
    ensure!(!authority.as_str().contains('@'), "`{url}` holds a password; serve the catalogue without one");
    let origin = transport(upstream, environment().as_ref())?.origin(&OriginKey {
        scheme,
        authority,
        http_version: HttpVersion::Http1,
        address_policy: AddressPolicy::Any,
    });
    let mut request = Request::new(OutgoingBody::default());
    if let Some(path) = uri.path_and_query() {
        *request.uri_mut() = Uri::from(path.clone());
    }
    request
        .headers_mut()
        .insert(header::ACCEPT, HeaderValue::from_static("application/x-ndjson, application/gzip, */*"));
    let response =
        origin.send(request, CONNECT_TIMEOUT).await.with_context(|| format!("{url} cannot be fetched"))?;
    let status = response.status();
    ensure!(status == StatusCode::OK, "{url} answers with status {}", status.as_u16());
    let body_max = usize::try_from(CATALOG_BYTES_MAX).unwrap_or(usize::MAX);
    let body = Limited::new(response.into_body(), body_max).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("{url} cannot be fetched: {error}"))?;
    Ok(body.to_bytes().to_vec())
}
