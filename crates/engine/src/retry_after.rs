//! How long a provider asks to be left alone, from whichever header it says so in.

use std::time::Duration;

use domain::provider::RateLimitHeaders;
use http::HeaderMap;
use jiff::Timestamp;

/// The wait that an answer asks for: `retry-after-ms` and `x-ms-retry-after-ms` (OpenAI, Azure), `retry-after`
/// (RFC 9110 section 10.2.3: seconds or a date), else the longest reset among exhausted quotas. `now` is wall-clock time.
#[must_use]
pub fn retry_after(headers: &HeaderMap, limits: &RateLimitHeaders, now: Timestamp) -> Option<Duration> {
    milliseconds(headers, "retry-after-ms")
        .or_else(|| milliseconds(headers, "x-ms-retry-after-ms"))
        .or_else(|| moment(text(headers, "retry-after")?, now))
        .or_else(|| exhausted(headers, limits, now))
}

fn exhausted(headers: &HeaderMap, limits: &RateLimitHeaders, now: Timestamp) -> Option<Duration> {
    let empty = limits.quotas.iter().filter(|quota| {
        headers
            .get(&quota.remaining)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim() == "0")
    });
    empty.filter_map(|quota| moment(headers.get(&quota.reset)?.to_str().ok()?, now)).max()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn milliseconds(headers: &HeaderMap, name: &str) -> Option<Duration> {
    let value: f64 = text(headers, name)?.trim().parse().ok()?;
    Duration::try_from_secs_f64(value / 1000.0).ok()
}

/// Reads seconds (`20`, `0.5`), a compound duration (`6m0s`, `20ms`, as OpenAI and Groq write resets), an RFC 3339 time
/// (Anthropic) or an HTTP date. A time in the past is no wait.
pub(crate) fn moment(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    if let Some(duration) = compound(text) {
        return Some(duration);
    }
    let at = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok())?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// `1h2m3.5s`, `20ms`: numbers each with a unit.
fn compound(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, tail) = after.split_at_checked(letters)?;
        let scale = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::{Duration, HeaderMap, RateLimitHeaders, retry_after};
    use domain::provider::QuotaHeaders;
    use http::{HeaderName, HeaderValue};

    fn asked(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let quota = |what: &str| QuotaHeaders {
            counted: None,
            limit: None,
            remaining: HeaderName::try_from(format!("x-ratelimit-remaining-{what}")).unwrap(),
            reset: HeaderName::try_from(format!("x-ratelimit-reset-{what}")).unwrap(),
        };
        let limits = RateLimitHeaders {
            quotas: vec![quota("requests"), quota("tokens")],
            ..RateLimitHeaders::default()
        };
        retry_after(&headers, &limits, "2026-11-20T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_form_that_providers_use_is_understood() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(
            asked(&[("retry-after-ms", "1500"), ("retry-after", "9")]),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(asked(&[("x-ms-retry-after-ms", "2000")]), seconds(2));
        assert_eq!(asked(&[("retry-after", "7")]), seconds(7));
        assert_eq!(asked(&[("retry-after", "Fri, 20 Nov 2026 10:00:30 GMT")]), seconds(30));
        assert_eq!(asked(&[("retry-after", "2026-11-20T10:01:00Z")]), seconds(60));
        assert_eq!(asked(&[("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT")]), seconds(0));
        assert_eq!(asked(&[("retry-after", "soon")]), None);
        assert_eq!(asked(&[("retry-after", "-1")]), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn a_wish_that_no_clock_can_count_is_no_wish() {
        for text in ["1e300", "inf", "NaN", "18446744073709549568s18446744073709549568s"] {
            assert_eq!(asked(&[("retry-after", text)]), None, "{text}");
        }
    }

    #[test]
    fn only_exhausted_quotas_count_and_the_longest_reset_wins() {
        let left = [("x-ratelimit-remaining-requests", "5"), ("x-ratelimit-reset-requests", "1h")];
        assert_eq!(asked(&left), None);
        let empty = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "20ms"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "6m0.5s"),
        ];
        assert_eq!(asked(&empty), Some(Duration::from_millis(360_500)));
    }
}
