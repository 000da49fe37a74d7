//! What a provider lets one credential use of a model, and what it says about that.

use std::time::Duration;

use domain::provider::RateLimitHeaders;
use domain::quota::Counted;
use engine::ledger::Tokens;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};

use super::QuotaSpec;

const MINUTE: Duration = Duration::from_secs(60);

/// What is left of a quota.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    buckets: Vec<(Counted, Bucket)>,
    says_how_long: bool,
}

/// What is left of one count, in whole numbers, so that nothing is lost to rounding.
#[derive(Debug, Clone)]
struct Bucket {
    per_minute: u128,
    /// Each thing is worth a minute's nanoseconds, since so many come back in each nanosecond as there are in a minute.
    left: u128,
    filled: Duration,
}

impl Account {
    pub(crate) fn full(spec: QuotaSpec) -> Self {
        let counts = [
            (Counted::Requests, spec.requests_per_minute),
            (Counted::Tokens, spec.tokens_per_minute),
            (Counted::InputTokens, spec.input_tokens_per_minute),
            (Counted::OutputTokens, spec.output_tokens_per_minute),
        ];
        let buckets = counts.into_iter().filter_map(|(counted, count)| Some((counted, Bucket::full(count?))));
        Self { buckets: buckets.collect(), says_how_long: spec.retry_after.unwrap_or(true) }
    }

    /// Takes a request with so many tokens.
    ///
    /// # Errors
    /// When there is not enough left: after what time there is.
    pub(crate) fn take(&mut self, tokens: Tokens, now: Duration) -> Result<(), Duration> {
        let wait = self.wait(tokens, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        for (counted, bucket) in &mut self.buckets {
            bucket.take(count(*counted, tokens), now);
        }
        Ok(())
    }

    /// After what time there is enough for a request with so many tokens.
    pub(crate) fn wait(&self, tokens: Tokens, now: Duration) -> Duration {
        let waits = self.buckets.iter().map(|(counted, bucket)| bucket.wait(count(*counted, tokens), now));
        waits.max().unwrap_or_default()
    }

    /// What an answer says about it, in the headers that the provider is known to use; `wait` is what a refusal asks for.
    pub(crate) fn headers(
        &self,
        known: &RateLimitHeaders,
        wait: Option<Duration>,
        now: Duration,
    ) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for quota in &known.quotas {
            let bucket = self.buckets.iter().find(|(counted, _)| Some(*counted) == quota.counted);
            let Some((_, bucket)) = bucket else { continue };
            if let Some(limit) = &quota.limit {
                headers.insert(limit, number(bucket.per_minute));
            }
            headers.insert(&quota.remaining, number(bucket.level(now) / MINUTE.as_nanos()));
            let full_in = bucket.wait(u64::MAX, now).as_nanos().div_ceil(1_000_000);
            headers.insert(&quota.reset, text(&format!("{full_in}ms")));
        }
        // In whole seconds, as providers say it (RFC 9110, section 10.2.3).
        if let Some(wait) = wait.filter(|_| self.says_how_long) {
            headers.insert(RETRY_AFTER, number(wait.as_nanos().div_ceil(1_000_000_000)));
        }
        headers
    }
}

fn count(counted: Counted, tokens: Tokens) -> u64 {
    match counted {
        Counted::Requests => 1,
        Counted::Tokens => tokens.input.saturating_add(tokens.output),
        Counted::InputTokens => tokens.input,
        Counted::OutputTokens => tokens.output,
    }
}

fn number(number: u128) -> HeaderValue {
    HeaderValue::from(u64::try_from(number).unwrap_or(u64::MAX))
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl Bucket {
    fn full(per_minute: u64) -> Self {
        let per_minute = u128::from(per_minute);
        Self { per_minute, left: per_minute * MINUTE.as_nanos(), filled: Duration::ZERO }
    }

    /// What is larger than all of it waits for all of it.
    fn worth(&self, count: u64) -> u128 {
        u128::from(count).min(self.per_minute) * MINUTE.as_nanos()
    }

    fn level(&self, now: Duration) -> u128 {
        let refilled = now.saturating_sub(self.filled).as_nanos() * self.per_minute;
        (self.left + refilled).min(self.per_minute * MINUTE.as_nanos())
    }

    /// After what time there is as much.
    fn wait(&self, count: u64, now: Duration) -> Duration {
        let missing = self.worth(count).saturating_sub(self.level(now));
        let nanoseconds = missing.div_ceil(self.per_minute.max(1));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    fn take(&mut self, count: u64, now: Duration) {
        self.left = self.level(now).saturating_sub(self.worth(count));
        self.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::provider::QuotaHeaders;
    use engine::quota::{Left, Report, reports};
    use engine::retry_after::retry_after;
    use http::HeaderName;
    use jiff::Timestamp;

    const SECOND: Duration = Duration::from_secs(1);

    fn of(count: u64) -> Tokens {
        Tokens { input: count, output: 0 }
    }

    fn spec() -> QuotaSpec {
        QuotaSpec { requests_per_minute: Some(60), tokens_per_minute: Some(6_000), ..QuotaSpec::default() }
    }

    #[test]
    fn an_account_gives_its_quota_and_then_as_much_as_it_refills() {
        let mut account = Account::full(spec());
        let given = (0..100).filter(|_| account.take(of(10), Duration::ZERO).is_ok()).count();
        assert_eq!(given, 60);
        assert_eq!(account.take(of(10), Duration::ZERO), Err(SECOND));
        assert_eq!(account.take(of(10), SECOND), Ok(()));
        let mut account = Account::full(spec());
        assert_eq!(account.take(of(6_000), Duration::ZERO), Ok(()));
        assert_eq!(account.take(of(3_000), Duration::ZERO), Err(30 * SECOND));
    }

    #[test]
    fn input_and_output_are_counted_apart_where_the_provider_does() {
        let apart = QuotaSpec {
            input_tokens_per_minute: Some(600),
            output_tokens_per_minute: Some(60),
            ..QuotaSpec::default()
        };
        let mut account = Account::full(apart);
        assert_eq!(account.take(Tokens { input: 500, output: 50 }, Duration::ZERO), Ok(()));
        assert_eq!(account.wait(Tokens { input: 200, output: 0 }, Duration::ZERO), 10 * SECOND);
        assert_eq!(account.wait(Tokens { input: 0, output: 40 }, Duration::ZERO), 30 * SECOND);
    }

    #[test]
    fn what_an_account_says_is_what_the_gateway_reads() {
        let known = RateLimitHeaders {
            quotas: vec![QuotaHeaders {
                counted: Some(Counted::Requests),
                limit: Some(HeaderName::from_static("x-limit")),
                remaining: HeaderName::from_static("x-remaining"),
                reset: HeaderName::from_static("x-reset"),
            }],
            utilizations: Vec::new(),
        };
        let mut account = Account::full(spec());
        (0..15).for_each(|_| account.take(of(1), Duration::ZERO).unwrap());
        let (headers, now) = (account.headers(&known, None, Duration::ZERO), Timestamp::UNIX_EPOCH);
        let left =
            Left { counted: Counted::Requests, limit: Some(60), remaining: 45, full_in: Some(15 * SECOND) };
        assert_eq!(reports(&headers, &known, None, now).collect::<Vec<_>>(), [Report::Left(left)]);
        assert_eq!(retry_after(&headers, &known, now), None);
        let refusing = |account: &Account| {
            let headers = account.headers(&known, Some(SECOND / 2), Duration::ZERO);
            retry_after(&headers, &known, now)
        };
        assert_eq!(refusing(&account), Some(SECOND), "whole seconds");
        let mut silent = Account::full(QuotaSpec { retry_after: Some(false), ..spec() });
        assert_eq!(refusing(&silent), None);
        (0..60).for_each(|_| silent.take(of(1), Duration::ZERO).unwrap());
        assert_eq!(refusing(&silent), Some(60 * SECOND), "when the empty quota is full");
    }
}
