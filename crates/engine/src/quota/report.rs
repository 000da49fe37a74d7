//! What an answer's headers say about quotas.

use std::time::Duration;

use domain::provider::RateLimitHeaders;
use domain::quota::Counted;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;

use crate::retry_after::moment;

/// One quota, as an answer tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// What is counted.
    pub counted: Counted,
    /// How much there is when it is full.
    pub limit: Option<u64>,
    /// How much there is.
    pub remaining: u64,
    /// When it is full again.
    pub full_in: Option<Duration>,
}

/// What an answer says about the quotas that its provider reports. `now` is wall-clock time.
pub fn reports<'h>(
    headers: &'h HeaderMap,
    known: &'h RateLimitHeaders,
    now: Timestamp,
) -> impl Iterator<Item = Report> + 'h {
    known.quotas.iter().filter_map(move |quota| {
        Some(Report {
            counted: quota.counted?,
            limit: quota.limit.as_ref().and_then(|limit| number(headers, limit)),
            remaining: number(headers, &quota.remaining)?,
            full_in: text(headers, &quota.reset).and_then(|reset| moment(reset, now)),
        })
    })
}

/// A count; some write `14400.0`, or less than nothing when it is overdrawn.
fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = text(headers, name)?.trim();
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    if whole.starts_with('-') { Some(0) } else { whole.parse().ok() }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
