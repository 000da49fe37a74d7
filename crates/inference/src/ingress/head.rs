//! The bound on a request's head.

use domain::{ErrorCode, Limits};
use http::HeaderMap;

use crate::refusal::Refusal;

/// Refuses heads above the limits. The connection has a coarser bound of its own, which protects the memory; this one
/// is the operator's and answers in the client's shape.
///
/// # Errors
/// 431 when there are too many headers or they are too long together.
pub(crate) fn bound_head(headers: &HeaderMap, limits: &Limits) -> Result<(), Refusal> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > limits.head_bytes_max {
        let message = format!(
            "the headers are {bytes} bytes, more than {} (limits.head_bytes_max)",
            limits.head_bytes_max
        );
        return Err(Refusal::new(ErrorCode::HeadTooLarge, message));
    }
    if headers.len() > limits.headers_max {
        let message = format!(
            "there are {} headers, more than {} (limits.headers_max)",
            headers.len(),
            limits.headers_max
        );
        return Err(Refusal::new(ErrorCode::HeadTooLarge, message));
    }
    Ok(())
}
