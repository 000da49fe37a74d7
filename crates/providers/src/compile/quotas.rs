//! What accounts may use, with what cannot be meant refused.

use std::sync::Arc;
use std::time::Duration;

use domain::provider::RateLimitHeaders;
use domain::quota::{Allowance, Counted, QuotaRule, UtilizationPolicy};
use domain::{Pattern, Quota};

use super::Problems;
use crate::definition::{CachedInput, QuotaEntry, Spans};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// From how many percent on requests with the lowest priority wait where nobody says it.
const BATCH_PERCENT_MAX: u32 = 80;

/// The quotas, in their order; they may go by what the provider tells in these headers.
pub(super) fn compile(
    entries: Option<&[QuotaEntry]>,
    headers: &RateLimitHeaders,
    problems: &mut Problems,
) -> Vec<QuotaRule> {
    let entries = entries.unwrap_or_default().iter().enumerate();
    let tells_utilization = !headers.utilizations.is_empty();
    entries
        .map(|(place, entry)| {
            if entry.utilization.is_some() && !tells_utilization {
                problems.add(
                    format!("quota[{place}].utilization"),
                    "no header tells it; name one in `rate_limits` with `utilization`",
                );
            }
            rule(place, entry, problems)
        })
        .collect()
}

fn rule(place: usize, entry: &QuotaEntry, problems: &mut Problems) -> QuotaRule {
    let path = |field: &str| format!("quota[{place}].{field}");
    let counted = [
        ("requests", Counted::Requests, entry.requests),
        ("tokens", Counted::Tokens, entry.tokens),
        ("input_tokens", Counted::InputTokens, entry.input_tokens),
        ("output_tokens", Counted::OutputTokens, entry.output_tokens),
    ];
    let allowances: Vec<_> =
        counted.iter().flat_map(|(_, counted, spans)| allowances(*counted, *spans)).collect();
    for (field, counted, _) in counted {
        if allowances.iter().any(|allowance| allowance.counted == counted && allowance.count == 0) {
            problems.add(path(field), "nothing could ever be called; leave out what is not bounded");
        }
    }
    for (field, value) in [("concurrency", entry.concurrency), ("output_factor", entry.output_factor)] {
        if value == Some(0) {
            problems.add(path(field), "it must be at least 1");
        }
    }
    let utilization = entry.utilization.map(|utilization| UtilizationPolicy {
        batch_percent_max: utilization.batch_percent_max.unwrap_or(BATCH_PERCENT_MAX),
    });
    if utilization.is_some_and(|policy| !(1..=100).contains(&policy.batch_percent_max)) {
        problems.add(path("utilization.batch_percent_max"), "it must be from 1 to 100");
    }
    let models = match &entry.models {
        Some(models) => models.iter().map(|model| Pattern::from(model.as_str())).collect(),
        None => vec![Pattern::any()],
    };
    let quota = Quota {
        allowances,
        concurrency: entry.concurrency,
        cached_input_is_free: entry.cached_input == Some(CachedInput::Free),
        output_factor: entry.output_factor.map_or(1, u64::from),
        utilization,
    };
    QuotaRule { models, quota: Arc::new(quota) }
}

fn allowances(counted: Counted, spans: Spans) -> impl Iterator<Item = Allowance> {
    let spans = [(spans.per_second, SECOND), (spans.per_minute, MINUTE), (spans.per_day, DAY)];
    spans.into_iter().filter_map(move |(count, per)| Some(Allowance { counted, count: count?, per }))
}

#[cfg(test)]
mod tests {
    use super::{
        Allowance, CachedInput, Counted, DAY, MINUTE, Problems, QuotaEntry, QuotaRule, RateLimitHeaders,
        Spans, UtilizationPolicy,
    };
    use crate::definition::Utilization;
    use http::HeaderName;

    /// Of a provider that tells in a header what is in use.
    fn compile(entries: Option<&[QuotaEntry]>, problems: &mut Problems) -> Vec<QuotaRule> {
        let utilizations = vec![HeaderName::from_static("x-used")];
        super::compile(entries, &RateLimitHeaders { quotas: Vec::new(), utilizations }, problems)
    }

    fn entry() -> QuotaEntry {
        QuotaEntry {
            models: Some(vec!["claude-*".to_owned()]),
            requests: Spans { per_minute: Some(50), ..Spans::default() },
            output_tokens: Spans { per_day: Some(9000), ..Spans::default() },
            cached_input: Some(CachedInput::Free),
            output_factor: Some(5),
            ..QuotaEntry::default()
        }
    }

    #[test]
    fn a_quota_is_what_is_written_and_nothing_else() {
        let mut problems = Problems::default();
        let rules = compile(Some(&[entry()]), &mut problems);
        problems.into_result().unwrap();
        let [rule] = rules.as_slice() else { panic!("{rules:?}") };
        assert!(rule.models[0].matches("claude-x") && !rule.models[0].matches("gpt"));
        let expected = [
            Allowance { counted: Counted::Requests, count: 50, per: MINUTE },
            Allowance { counted: Counted::OutputTokens, count: 9000, per: DAY },
        ];
        assert_eq!(rule.quota.allowances, expected);
        assert!(rule.quota.cached_input_is_free);
        assert_eq!((rule.quota.output_factor, rule.quota.concurrency), (5, None));
    }

    #[test]
    fn a_quota_of_nothing_is_a_mistake() {
        let mut problems = Problems::default();
        let none = Spans { per_minute: Some(0), ..Spans::default() };
        let entry = QuotaEntry { tokens: none, concurrency: Some(0), ..entry() };
        compile(Some(&[entry]), &mut problems);
        let paths: Vec<_> =
            problems.into_result().unwrap_err().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["quota[0].tokens", "quota[0].concurrency"]);
    }

    #[test]
    fn what_is_in_use_is_gone_by_only_where_it_is_asked_for_and_batch_waits_from_80_percent_on() {
        for (written, expected) in [
            (None, None),
            (Some(Utilization::default()), Some(80)),
            (Some(Utilization { batch_percent_max: Some(60) }), Some(60)),
        ] {
            let mut problems = Problems::default();
            let rules = compile(Some(&[QuotaEntry { utilization: written, ..entry() }]), &mut problems);
            problems.into_result().unwrap();
            let expected = expected.map(|batch_percent_max| UtilizationPolicy { batch_percent_max });
            assert_eq!(rules[0].quota.utilization, expected);
        }
    }

    #[test]
    fn a_threshold_beyond_the_whole_and_a_utilization_that_nobody_tells_are_mistakes() {
        let asking = |batch_percent_max| {
            let utilization = Some(Utilization { batch_percent_max });
            Some([QuotaEntry { utilization, ..entry() }])
        };
        let mut problems = Problems::default();
        for percent in [0, 101] {
            compile(asking(Some(percent)).as_ref().map(|entries| &entries[..]), &mut problems);
        }
        let silent = RateLimitHeaders::default();
        super::compile(asking(None).as_ref().map(|entries| &entries[..]), &silent, &mut problems);
        let paths: Vec<_> =
            problems.into_result().unwrap_err().into_iter().map(|problem| problem.path).collect();
        let threshold = "quota[0].utilization.batch_percent_max";
        assert_eq!(paths, [threshold, threshold, "quota[0].utilization"]);
    }
}
