//! Reading a request's body: bounded in bytes, time and nesting, scanned while it arrives, never copied.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use domain::{ErrorCode, Limits};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::Instant;
use wire::json::{ChunkedBytes, Document, ScanError, ScanLimits, Scanner};

use crate::byte_budget::{ByteBudget, Hold};
use crate::refusal::Refusal;

/// Most members of a request's top-level object.
const MEMBERS_MAX: usize = 1_000;

/// A JSON body as it arrived, with its share of the byte budget.
#[derive(Debug)]
pub(crate) struct ReadBody {
    pub(crate) document: Document,
    pub(crate) hold: Hold,
    /// How long the client took to send it.
    pub(crate) waited: Duration,
}

/// Reads and scans a JSON body.
///
/// # Errors
/// 415 for other content, 413 when it is too large, 408 when it stalls, 400 when it is not JSON, 503 when the process
/// holds too much already.
pub(crate) async fn read_json(
    headers: &HeaderMap,
    mut body: Incoming,
    limits: &Limits,
    budget: &Arc<ByteBudget>,
) -> Result<ReadBody, Refusal> {
    require_json(headers)?;
    if body.size_hint().lower() > limits.body_bytes_max as u64 {
        return Err(too_large(limits));
    }
    let mut hold = budget.hold();
    let mut scanner = Scanner::new(ScanLimits { depth_max: limits.json_depth_max, members_max: MEMBERS_MAX });
    let mut chunks = ChunkedBytes::new();
    let mut waited = Duration::ZERO;
    loop {
        let since = Instant::now();
        let frame = match tokio::time::timeout(limits.body_idle_timeout, body.frame()).await {
            Ok(Some(frame)) => frame.map_err(|error| broken_off(&error))?,
            Ok(None) => break,
            Err(_) => return Err(stalled(limits)),
        };
        waited += since.elapsed();
        let Ok(data) = frame.into_data() else { continue };
        if chunks.len() + data.len() > limits.body_bytes_max {
            return Err(too_large(limits));
        }
        hold.grow(data.len(), limits.in_flight_bytes_max).map_err(|_| shed())?;
        scanner.feed(&data).map_err(|error| malformed(&error))?;
        chunks.push(data);
    }
    let outline = scanner.finish().map_err(|error| malformed(&error))?;
    Ok(ReadBody { document: Document::from_parts(chunks, outline), hold, waited })
}

/// A body is JSON unless its headers say otherwise: clients that send no content type are served.
fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let message = format!("content-encoding {encoding:?} is not understood; send the body uncompressed");
        return Err(Refusal::new(ErrorCode::UnsupportedMediaType, message));
    }
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = content_type.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json") {
        return Ok(());
    }
    let message = format!("content-type {text:?} is not understood here; send application/json");
    Err(Refusal::new(ErrorCode::UnsupportedMediaType, message))
}

fn malformed(error: &ScanError) -> Refusal {
    let refusal = Refusal::new(ErrorCode::MalformedJson, format!("the body is not valid JSON: {error}"));
    if error.path.is_empty() { refusal } else { refusal.with_param(error.path.clone()) }
}

fn too_large(limits: &Limits) -> Refusal {
    let message = format!("the body is larger than {} bytes (limits.body_bytes_max)", limits.body_bytes_max);
    Refusal::new(ErrorCode::BodyTooLarge, message)
}

fn stalled(limits: &Limits) -> Refusal {
    let seconds = limits.body_idle_timeout.as_secs_f64();
    let message = format!("no part of the body arrived for {seconds} s (limits.body_idle_timeout)");
    Refusal::new(ErrorCode::BodyTimeout, message)
}

fn broken_off(error: &hyper::Error) -> Refusal {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause.filter(|cause| matches!(cause.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput)) {
        Some(cause) => {
            Refusal::new(ErrorCode::MalformedJson, format!("the body's chunks are malformed: {cause}"))
        }
        None => Refusal::new(ErrorCode::BodyTimeout, format!("the body broke off: {error}")),
    }
}

/// The answer when the process holds as much as it may.
pub(crate) fn shed() -> Refusal {
    let message =
        "the gateway holds as many requests as its memory allows (limits.in_flight_bytes_max); try again";
    Refusal::new(ErrorCode::Overloaded, message).with_retry_after(Some(Duration::from_secs(1)))
}
