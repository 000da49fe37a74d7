//! How a provider's errors and quotas are read.

use domain::provider::{ErrorRule, QuotaHeaders, RateLimitHeaders};
use domain::quota::Counted;
use http::HeaderName;

use super::Problems;
use crate::definition::{ErrorException, RateLimit};

/// The statuses that errors have (RFC 9110 section 15).
const ERROR_STATUSES: std::ops::RangeInclusive<u16> = 400..=599;

/// The exceptions to what a status says, in their order.
pub(super) fn errors(exceptions: Option<&[ErrorException]>, problems: &mut Problems) -> Vec<ErrorRule> {
    let exceptions = exceptions.unwrap_or_default().iter().enumerate();
    exceptions.filter_map(|(place, exception)| error_rule(place, exception, problems)).collect()
}

/// The headers that report quotas.
pub(super) fn rate_limits(limits: Option<&[RateLimit]>, problems: &mut Problems) -> RateLimitHeaders {
    let (mut quotas, mut utilizations) = (Vec::new(), Vec::new());
    for (place, limit) in limits.unwrap_or_default().iter().enumerate() {
        if limit.utilization.is_some() {
            utilizations.extend(utilization(place, limit, problems));
            continue;
        }
        let counted = limit.counts;
        let remaining = quota_header(place, "remaining", limit.remaining.as_deref(), problems);
        let reset = quota_header(place, "reset", limit.reset.as_deref(), problems);
        if let (Some(remaining), Some(reset)) = (remaining, reset) {
            let limit = limit.limit.as_deref();
            let limit = limit.and_then(|limit| quota_header(place, "limit", Some(limit), problems));
            quotas.push(QuotaHeaders { counted: counted.map(Counted::from), limit, remaining, reset });
        }
    }
    RateLimitHeaders { quotas, utilizations }
}

fn utilization(place: usize, limit: &RateLimit, problems: &mut Problems) -> Option<HeaderName> {
    let RateLimit { counts, limit: whole, remaining, reset, utilization } = limit;
    if counts.is_some() || [whole, remaining, reset].into_iter().any(Option::is_some) {
        problems.add(
            format!("rate_limits[{place}].utilization"),
            "it is a part of the whole and stands alone; give other headers an entry of their own",
        );
    }
    quota_header(place, "utilization", utilization.as_deref(), problems)
}

fn error_rule(place: usize, exception: &ErrorException, problems: &mut Problems) -> Option<ErrorRule> {
    let path = |field: &str| format!("errors[{place}].{field}");
    if exception.status.is_some_and(|status| !ERROR_STATUSES.contains(&status)) {
        problems.add(path("status"), "it must be from 400 to 599");
    }
    if exception.status.is_none() && exception.code.is_none() && exception.message_contains.is_none() {
        problems.add(
            format!("errors[{place}]"),
            "it would fit every error; give it `status`, `code` or `message_contains`",
        );
    }
    let Some(means) = exception.means else {
        problems.add(path("means"), "it is missing; say what the error means, such as `model_missing`");
        return None;
    };
    Some(ErrorRule {
        status: exception.status,
        code: exception.code.clone(),
        message_contains: exception.message_contains.clone(),
        class: means.into(),
    })
}

fn quota_header(
    place: usize,
    field: &str,
    name: Option<&str>,
    problems: &mut Problems,
) -> Option<HeaderName> {
    let header = name.and_then(|name| HeaderName::try_from(name).ok());
    if header.is_none() {
        problems.add(format!("rate_limits[{place}].{field}"), "name the header");
    }
    header
}
