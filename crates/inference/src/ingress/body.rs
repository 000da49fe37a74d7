//! Reading a request's body: bounded in bytes, time and nesting, scanned while it arrives, never copied.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use domain::byte_budget::{ByteBudget, Hold};
use domain::{ErrorCode, Limits};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::Instant;
use wire::form::{Boundary, FieldError, Form, FormError, FormLimits, FormScanner};
use wire::json::{ChunkedBytes, Document, Kind, MemberRef, ScanError, ScanLimits, Scanner};

use crate::refusal::Refusal;

/// Most members of a request's top-level object.
const MEMBERS_MAX: usize = 1_000;

/// A body as it arrived, with its share of the byte budget.
pub(crate) struct ReadBody {
    /// The body; of a form, its fields.
    pub(crate) document: Document,
    pub(crate) form: Option<SentForm>,
    pub(crate) hold: Hold,
    /// How long the client took to send it.
    pub(crate) waited: Duration,
}

/// A form with the content type that names its boundary.
pub(crate) struct SentForm {
    pub(crate) form: Form,
    pub(crate) content_type: HeaderValue,
}

/// Reads and scans a body: JSON, or a form where the operation takes one.
///
/// # Errors
/// 415 for other content, 413 when it is too large, 408 when it stalls, 400 when it is not what it says it is, 503 when the
/// process holds too much already.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut body: Incoming,
    takes_form: bool,
    limits: &Limits,
    budget: &Arc<ByteBudget>,
) -> Result<ReadBody, Refusal> {
    let mut scan = Scan::of(headers, takes_form, limits)?;
    if body.size_hint().lower() > limits.body_bytes_max as u64 {
        return Err(too_large(limits));
    }
    let mut hold = budget.hold();
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
        scan.feed(&data)?;
        chunks.push(data);
    }
    let (document, form) = scan.finish(chunks)?;
    Ok(ReadBody { document, form, hold, waited })
}

/// Reads and scans a body that can only be JSON.
///
/// # Errors
/// As [`read_body`].
pub(crate) async fn read_json(
    headers: &HeaderMap,
    body: Incoming,
    limits: &Limits,
    budget: &Arc<ByteBudget>,
) -> Result<ReadBody, Refusal> {
    read_body(headers, body, false, limits, budget).await
}

/// A member of a body.
///
/// # Errors
/// 400 when it occurs twice.
pub(crate) fn member<'d>(document: &'d Document, name: &str) -> Result<Option<MemberRef<'d>>, Refusal> {
    document
        .member(name)
        .map_err(|duplicate| Refusal::new(ErrorCode::DuplicateMember, duplicate.to_string()).with_param(name))
}

/// The same, with one that is `null` taken for absent.
///
/// # Errors
/// As [`member`].
pub(crate) fn present<'d>(document: &'d Document, name: &str) -> Result<Option<MemberRef<'d>>, Refusal> {
    Ok(member(document, name)?.filter(|member| member.kind() != Kind::Null))
}

/// The scan of a body while it arrives.
enum Scan {
    Json(Box<Scanner>),
    Form(Box<FormScanner>, HeaderValue),
}

impl Scan {
    fn of(headers: &HeaderMap, takes_form: bool, limits: &Limits) -> Result<Self, Refusal> {
        let content_type = headers.get(header::CONTENT_TYPE).filter(|_| takes_form);
        if let Some((content_type, boundary)) = content_type.and_then(form_boundary) {
            require_no_coding(headers)?;
            let boundary = boundary.ok_or_else(|| {
                let message = format!("the content-type {content_type:?} names no boundary");
                Refusal::new(ErrorCode::MalformedForm, message)
            })?;
            return Ok(Self::Form(Box::new(FormScanner::new(boundary, FormLimits::default())), content_type));
        }
        require_json(headers)?;
        let limits = ScanLimits { depth_max: limits.json_depth_max, members_max: MEMBERS_MAX };
        Ok(Self::Json(Box::new(Scanner::new(limits))))
    }

    fn feed(&mut self, data: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::Json(scanner) => scanner.feed(data).map_err(|error| malformed(&error)),
            Self::Form(scanner, _) => scanner.feed(data).map_err(|error| malformed_form(&error)),
        }
    }

    fn finish(self, chunks: ChunkedBytes) -> Result<(Document, Option<SentForm>), Refusal> {
        match self {
            Self::Json(scanner) => {
                let outline = scanner.finish().map_err(|error| malformed(&error))?;
                Ok((Document::from_parts(chunks, outline), None))
            }
            Self::Form(scanner, content_type) => {
                let outline = scanner.finish().map_err(|error| malformed_form(&error))?;
                let form = Form::from_parts(chunks, outline);
                let fields = form.fields().map_err(|error| uncertain(&error))?;
                Ok((fields, Some(SentForm { form, content_type })))
            }
        }
    }
}

/// The content type of a form, with the boundary when it names one.
fn form_boundary(content_type: &HeaderValue) -> Option<(HeaderValue, Option<Boundary>)> {
    let text = content_type.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_form = essence.eq_ignore_ascii_case("multipart/form-data");
    is_form.then(|| (content_type.clone(), Boundary::of_content_type(text)))
}

/// A body is JSON unless its headers say otherwise: clients that send no content type are served.
fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    require_no_coding(headers)?;
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = content_type.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json") {
        return Ok(());
    }
    let message = format!("content-type {text:?} is not understood here; send application/json");
    Err(Refusal::new(ErrorCode::UnsupportedMediaType, message))
}

fn require_no_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let message = format!("content-encoding {encoding:?} is not understood; send the body uncompressed");
        return Err(Refusal::new(ErrorCode::UnsupportedMediaType, message));
    }
    Ok(())
}

fn malformed(error: &ScanError) -> Refusal {
    let refusal = Refusal::new(ErrorCode::MalformedJson, format!("the body is not valid JSON: {error}"));
    if error.path.is_empty() { refusal } else { refusal.with_param(error.path.clone()) }
}

fn malformed_form(error: &FormError) -> Refusal {
    Refusal::new(
        ErrorCode::MalformedForm,
        format!("the body is not a form that can be read with certainty: {error}"),
    )
}

fn uncertain(error: &FieldError) -> Refusal {
    let code = match error {
        FieldError::Duplicate(_) => ErrorCode::DuplicateMember,
        FieldError::NotText(_) | FieldError::Mismatch(_) => ErrorCode::InvalidMember,
    };
    let refusal = Refusal::new(code, error.to_string());
    match error.field() {
        Some(field) => refusal.with_param(field),
        None => refusal,
    }
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
