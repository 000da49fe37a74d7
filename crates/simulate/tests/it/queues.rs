//! Requests before providers' quotas, shaped as the data plane shapes them.

use domain::{KeyText, Priority};
use proptest::prelude::*;
use simulate::{Tally, WaitEnd, percentile};

use crate::world::{outcome, share, tally};

/// A provider with these members, before which keys of every priority come.
fn configuration(provider: &str) -> String {
    let key = |number: u8, name: &str, member: &str| {
        let hash = KeyText::from_random([number; 32]).hash();
        format!("  - {{name: {name}, hash: '{hash}', {member}}}\n")
    };
    let keys = [
        key(1, "chat", "priority: realtime"),
        key(2, "plain", "weight: 1"),
        key(3, "twice", "weight: 2"),
        key(4, "nightly", "priority: batch"),
    ];
    format!(
        "
providers:
  p: {{ base_url: 'http://127.0.0.1:1/v1', credentials: [a], endpoints: {{ chat_completions: /chat/completions }}, {provider} }}
  q: {{ base_url: 'http://127.0.0.1:2/v1', credentials: [b], endpoints: {{ chat_completions: /chat/completions }} }}
routes:
  both:
    strategy: {{ mode: fallback }}
    targets: [{{ target: p/m }}, {{ target: q/m }}]
keys:
{}",
        keys.concat()
    )
}

const PER_SECOND: &str = "quota: [{requests: {per_second: 10}}]";
/// As much in a minute, none of it at the beginning of the traffic but what comes back.
const PROVIDER: &str = "providers: [{target: p, quota: {requests_per_minute: 600}}]";

fn seconds(ascending: &[u64], part: f64) -> f64 {
    percentile(ascending, part).unwrap_or_default().as_secs_f64()
}

/// 1,000 requests at 50 a second, of which the provider takes 600 at once and then 10 a second.
fn burst(provider: &str, limits: &str) -> Tally {
    let configuration = format!("{}{limits}\n", configuration(provider));
    tally(
        &configuration,
        &format!(
            "{{requests: 1000, rate: 50, arrival: constant, mix: [{{model: p/m, stream: true}}], {PROVIDER}}}"
        ),
        "",
    )
}

const PATIENT: &str = "limits: {queue_wait_max: 2m}";

#[test]
fn a_burst_is_spread_so_that_its_provider_refuses_nothing() {
    let shaped = burst(PER_SECOND, PATIENT);
    assert_eq!((shaped.succeeded, shaped.limited, shaped.over_quota), (1_000, 0, 0));
    assert!(shaped.waits.iter().all(|wait| wait.end == WaitEnd::Went));
    let (p50, p99) = (seconds(&shaped.wait_times(None), 0.5), seconds(&shaped.wait_times(None), 0.99));
    assert!((35.0..50.0).contains(&p50) && (75.0..95.0).contains(&p99), "{p50} {p99}");
    let known_to_nobody = burst("region: us", PATIENT);
    assert!(known_to_nobody.limited > 0 && known_to_nobody.succeeded < 1_000);
}

#[test]
fn what_answers_say_is_left_is_used_up_and_not_exceeded() {
    let headers = "rate_limits: [{counts: requests, limit: x-limit, remaining: x-remaining, reset: x-reset}]";
    let told = burst(headers, "");
    assert_eq!((told.succeeded, told.limited, told.over_quota), (1_000, 0, 0));
    let times = told.wait_times(None);
    assert!((150..300).contains(&times.len()), "{}", times.len());
    assert!(seconds(&times, 1.0) < 25.0);
}

#[test]
fn what_would_wait_in_vain_is_refused_at_once_or_goes_elsewhere() {
    let alone = burst(PER_SECOND, "limits: {queue_wait_max: 5s}");
    assert!(alone.waits.iter().all(|wait| wait.until_us - wait.from_us <= 5_000_000));
    assert_eq!(alone.failed["over_quota"], alone.over_quota);
    assert_eq!((alone.succeeded + alone.over_quota, alone.limited), (1_000, 0));
    assert!((730..780).contains(&alone.over_quota), "{}", alone.over_quota);
    assert_eq!(alone.attempts, alone.succeeded, "what is refused was never sent");
    let traffic = format!("{{requests: 1000, rate: 50, mix: [{{model: both}}], {PROVIDER}}}");
    let both = tally(&configuration(PER_SECOND), &traffic, "");
    assert_eq!((both.succeeded, both.over_quota, both.waits.len()), (1_000, 0, 0));
    assert!((0.18..0.25).contains(&share(&both, "p/m")), "{}", share(&both, "p/m"));
}

#[test]
fn the_queue_is_bounded() {
    let bounded = burst(PER_SECOND, "limits: {queue_wait_max: 2m, queue_length_max: 50}");
    let longest = bounded.waits.iter().map(|one| {
        bounded
            .waits
            .iter()
            .filter(|other| other.from_us <= one.from_us && one.from_us < other.until_us)
            .count()
    });
    assert_eq!(longest.max(), Some(50));
    assert!(bounded.over_quota > 500);
}

#[test]
fn a_retry_after_is_kept_to_and_without_one_the_pace_is_found() {
    let of = |quota: &str| {
        let traffic = format!(
            "{{for: 10m, rate: 20, mix: [{{model: p/m}}], providers: [{{target: p, quota: {{requests_per_minute: 600{quota}}}}}]}}"
        );
        tally(&configuration("region: us"), &traffic, "")
    };
    for (quota, seen_max) in [("", 300), (", retry_after: false", 300)] {
        let found = of(quota);
        assert!(found.limited < seen_max, "{quota}: {} of {}", found.limited, found.requests);
        assert!(found.limits_avoided > 1_000, "{quota}: {}", found.limits_avoided);
        // At most half of it gets through: 600 at once, then ten of twenty a second.
        let used = found.succeeded as f64 / 6_600.0;
        assert!(used > 0.5, "{quota}: {used}");
    }
}

#[test]
fn realtime_waits_least_and_batch_longest() {
    let mix = "{model: p/m, key: chat, weight: 2}, {model: p/m, key: plain, weight: 6}, {model: p/m, key: nightly, weight: 6}";
    let traffic = format!("{{for: 1m, rate: 14, mix: [{mix}]}}");
    let tally = tally(&configuration(PER_SECOND), &traffic, "");
    let p99 = |priority| seconds(&tally.wait_times(Some(priority)), 0.99);
    let [batch, standard, realtime] = Priority::ALL.map(p99);
    assert!(realtime < 1.5 && standard < 5.0 && batch > 15.0, "{realtime} {standard} {batch}");
}

#[test]
fn a_request_may_step_back_and_no_further_ahead_than_its_key() {
    let wait_of = |mix: &str| {
        let traffic = format!("{{requests: 200, rate: 100, mix: [{{model: p/m, {mix}}}]}}");
        tally(&configuration(PER_SECOND), &traffic, "").waits[0].priority
    };
    assert_eq!(wait_of("key: chat"), Priority::Realtime);
    assert_eq!(wait_of("key: chat, headers: {X-Tollgate-Priority: batch}"), Priority::Batch);
    assert_eq!(wait_of("key: nobody"), Priority::Standard);
    let snapshot = crate::world::snapshot(&configuration(PER_SECOND));
    let complaints = |header: &str| {
        let mix = format!("{{model: p/m, key: plain, headers: {{x-tollgate-priority: {header}}}}}");
        crate::world::scenario(&snapshot, &format!("{{requests: 1, rate: 1, mix: [{mix}]}}"), "").unwrap_err()
    };
    assert_eq!(
        complaints("realtime"),
        [
            "mix[0].headers: `x-tollgate-priority` may be `standard` at most for this key (keys[].priority_max)"
        ]
    );
    assert_eq!(
        complaints("urgent"),
        ["mix[0].headers: `x-tollgate-priority` is `realtime`, `standard` or `batch`"]
    );
}

#[test]
fn keys_have_their_shares_however_much_they_ask_for() {
    let mix = "{model: p/m, key: plain, weight: 10}, {model: p/m, key: twice, weight: 10}";
    let traffic = format!("{{for: 1m, rate: 100, mix: [{mix}]}}");
    let of = |traffic: &str| tally(&configuration(PER_SECOND), traffic, "");
    let answered = |only: &str| {
        let faults = traffic.replace(only, &format!("{only}, region: nowhere"));
        of(&faults).succeeded
    };
    // Both ask for far more than there is; alone, each would get all of it.
    let both = of(&traffic).succeeded;
    assert!(answered("key: plain").abs_diff(both) < both / 10, "{} {both}", answered("key: plain"));
}

#[test]
fn by_usage_quotas_are_used_up_evenly() {
    let configuration = configuration("quota: [{requests: {per_day: 300}}]")
        .replace("credentials: [b],", "credentials: [b], quota: [{requests: {per_day: 900}}],")
        .replace("mode: fallback", "mode: loadbalance, by: usage");
    let traffic = "{requests: 600, rate: 10, mix: [{model: both}]}";
    let found = share(&tally(&configuration, traffic, ""), "p/m");
    assert!((0.24..0.26).contains(&found), "{found}");
}

#[test]
fn each_credential_has_a_quota_of_its_own_and_calls_under_way_may_be_bounded() {
    let two = configuration("quota: [{requests: {per_day: 20}}]")
        .replace("credentials: [a]", "credentials: [a, c]");
    let traffic = "{requests: 100, rate: 1, mix: [{model: p/m}]}";
    let found = tally(&two, traffic, "");
    assert_eq!((found.succeeded, found.over_quota), (40, 60));
    let busy = configuration("quota: [{concurrency: 2}]");
    let traffic = "{requests: 50, rate: 100, mix: [{model: p/m, stream: true, output_tokens: {p50: 100}}], \
                   providers: [{target: p, first_token: {p50: 1s}, per_token: {p50: 0s}}]}";
    let found = tally(&busy, traffic, "");
    assert_eq!((found.succeeded, found.waits.len()), (50, 48));
    let last = seconds(&found.wait_times(None), 1.0);
    assert!((23.0..24.5).contains(&last), "two each second: {last}");
}

#[test]
fn a_429_is_avoided_where_the_provider_would_have_sent_it_and_nowhere_else() {
    let generous = tally(&configuration(PER_SECOND), "{requests: 1000, rate: 50, mix: [{model: p/m}]}", "");
    assert!(generous.over_quota > 0 && !generous.waits.is_empty());
    assert_eq!(generous.limits_avoided, 0, "a provider without a quota refuses nothing");
    let storm = "{faults: [{targets: [p], limited: 1, retry_after: 20s}]}";
    let traffic = "{for: 2m, rate: 10, mix: [{model: both}]}";
    let avoided = tally(&configuration("region: us"), traffic, storm);
    assert_eq!(
        avoided.limits_avoided + avoided.limited,
        avoided.requests,
        "each first call would have been refused"
    );
    assert_eq!(avoided.succeeded, avoided.requests);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_priority_is_inverted_and_whoever_waits_is_let_through_refused_or_answered_elsewhere(
        seed: u64,
        per_second in 1_u64..20,
        tokens in 4_000_u64..40_000,
        patience in 1_u64..40,
        length in 1_u64..200,
        rate in 5_u64..60,
        errors in 0.0_f64..0.4,
        strategy in prop::sample::select(vec!["mode: fallback", "mode: race, after: 300ms, share_max: 50%", "mode: loadbalance, by: usage"]),
    ) {
        let quota = format!("quota: [{{requests: {{per_second: {per_second}}}, tokens: {{per_second: {tokens}}}}}]");
        let configuration = format!(
            "{}limits: {{queue_wait_max: {patience}s, queue_length_max: {length}}}\n",
            configuration(&quota).replace("mode: fallback", strategy).replace("credentials: [b],", &format!("credentials: [b], {quota},"))
        );
        let keys = ["chat", "plain", "twice", "nightly"];
        let mix: Vec<_> = keys.iter().flat_map(|key| ["p/m", "both"].map(|model| format!("{{model: {model}, key: {key}}}"))).collect();
        let traffic = format!(
            "{{requests: 500, rate: {rate}, mix: [{}], providers: [{{target: '*', error_rate: {errors}}}]}}",
            mix.join(", ")
        );
        let tally = outcome(&configuration, &traffic, "", seed).tally;
        prop_assert_eq!(tally.succeeded + tally.failed.values().sum::<u64>(), tally.requests);
        prop_assert_eq!(tally.limited, 0);
        let in_vain = tally.waits.iter().filter(|wait| wait.end == WaitEnd::Refused).count() as u64;
        prop_assert!(in_vain <= tally.over_quota);
        let let_go = tally.waits.iter().filter(|wait| wait.end == WaitEnd::Left).count() as u64;
        prop_assert!(let_go <= tally.hedges.made, "only who is outrun leaves");
        let sum = |of: fn(&simulate::TargetTally) -> u64| tally.targets.iter().map(of).sum::<u64>();
        prop_assert_eq!(sum(|target| target.answered + target.failures + target.outrun), tally.attempts);
        for went in tally.waits.iter().filter(|wait| wait.end == WaitEnd::Went) {
            prop_assert!(went.until_us - went.from_us <= patience * 1_000_000);
            let inverted = tally.waits.iter().find(|other| {
                other.target == went.target && other.priority > went.priority && other.from_us < went.until_us && went.until_us < other.until_us
            });
            prop_assert!(inverted.is_none(), "{:?} went before {:?}", went, inverted);
        }
    }
}
