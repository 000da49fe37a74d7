//! What an answer's headers say about quotas.

use std::time::Duration;

use domain::Quota;
use domain::provider::RateLimitHeaders;
use domain::quota::Counted;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;

use crate::retry_after::moment;

/// What an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// How much is left of something that is counted.
    Left(Left),
    /// How much of the whole is in use, in thousandths.
    InUse(u64),
}

/// One quota, as an answer tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// What is counted.
    pub counted: Counted,
    /// How much there is when it is full.
    pub limit: Option<u64>,
    /// How much there is.
    pub remaining: u64,
    /// When it is full again.
    pub full_in: Option<Duration>,
}

/// What an answer says about the quotas that its provider reports; of what is in use only where `quota` goes by it. `now` is wall-clock
/// time.
pub fn reports<'h>(
    headers: &'h HeaderMap,
    known: &'h RateLimitHeaders,
    quota: Option<&Quota>,
    now: Timestamp,
) -> impl Iterator<Item = Report> + 'h {
    let utilizations = if quota.is_some_and(|quota| quota.utilization.is_some()) {
        known.utilizations.as_slice()
    } else {
        &[]
    };
    let in_use = utilizations.iter().filter_map(|name| thousandths(text(headers, name)?)).max();
    let left = known.quotas.iter().filter_map(move |quota| {
        Some(Left {
            counted: quota.counted?,
            limit: quota.limit.as_ref().and_then(|limit| number(headers, limit)),
            remaining: number(headers, &quota.remaining)?,
            full_in: text(headers, &quota.reset).and_then(|reset| moment(reset, now)),
        })
    });
    left.map(Report::Left).chain(in_use.map(Report::InUse))
}

/// A part of the whole in percent, as `86.5%` or `86.5`; to the thousandth below.
fn thousandths(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = text.strip_suffix('%').map_or(text, str::trim_end);
    let (percent, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let tenth = decimals.bytes().next().map_or(0, |digit| u64::from(digit - b'0'));
    percent.parse::<u64>().ok()?.checked_mul(10)?.checked_add(tenth)
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

#[cfg(test)]
mod tests {
    use super::thousandths;

    #[test]
    fn a_part_of_the_whole_is_read_with_or_without_its_sign() {
        for (text, expected) in [
            ("86.5%", 865),
            ("86.59", 865),
            (" 100.0 % ", 1000),
            ("0", 0),
            ("7%", 70),
            ("7.%", 70),
            ("131.25%", 1312),
        ] {
            assert_eq!(thousandths(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "%",
            "-3%",
            "NaN",
            "much",
            "1e2",
            "12,5%",
            "5.x",
            "99999999999999999999%",
            "18446744073709551615",
        ] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
