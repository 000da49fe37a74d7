//! What holds of every run.

use proptest::prelude::*;
use simulate::Report;

use crate::world::{THREE, outcome, scenario, share, snapshot, tally};

const TRAFFIC: &str = "{requests: 3000, rate: 40, mix: [{model: reliable, stream: true}, {model: reliable}]}";
const FLAPPING: &str = "{faults: [{targets: [openai], every: 20s, flap: 10s, error_rate: 0.7}]}";

fn report(seed: u64) -> String {
    let racing = THREE
        .replace("mode: fallback", "mode: race, after: 800ms")
        .replace("[sk-1]", "[sk-1, sk-4]")
        .replace("] }\n", "], quota: [{requests: {per_second: 8}}] }\n");
    let limited =
        TRAFFIC.replace("mix:", "providers: [{target: anthropic, quota: {requests_per_minute: 300}}], mix:");
    let outcomes = vec![outcome(THREE, TRAFFIC, FLAPPING, seed), outcome(&racing, &limited, FLAPPING, seed)];
    let (hedges, queue) = (&outcomes[1].tally.hedges, &outcomes[1].tally.waits);
    assert!(hedges.made > 0 && !queue.is_empty());
    let report = Report { seed, outcomes };
    format!("{report}{}", report.to_json())
}

#[test]
fn the_same_seed_gives_the_same_report_byte_for_byte_and_another_does_not() {
    assert_eq!(report(1), report(1));
    assert_ne!(report(1), report(2));
}

#[test]
fn a_run_begins_where_no_other_ended() {
    let configuration = THREE.replace("mode: fallback", "mode: loadbalance, by: round_robin");
    let snapshot = snapshot(&configuration);
    let traffic = "{requests: 100, rate: 1, mix: [{model: reliable}]}";
    let scenario = scenario(&snapshot, traffic, "").unwrap();
    let shares = || {
        let tally = simulate::run(&snapshot, &scenario, 1);
        tally.targets.iter().map(|target| target.answered).collect::<Vec<_>>()
    };
    assert_eq!(shares(), [33, 33, 34]);
    assert_eq!(shares(), [33, 33, 34]);
}

#[test]
fn what_goes_wrong_with_one_provider_changes_no_traffic_of_the_others() {
    let mix = "[{model: openai/gpt-4o-mini}, {model: groq/llama-3.3-70b-versatile}]";
    let traffic = format!("{{requests: 2000, rate: 20, mix: {mix}}}");
    let of = |faults: &str| {
        let tally = tally(THREE, &traffic, faults);
        let target = tally.targets.iter().find(|target| target.name.starts_with("groq")).unwrap();
        (target.attempts, target.answered, target.failures)
    };
    assert_eq!(of(""), of("{faults: [{targets: [openai], error_rate: 0.5}]}"));
}

#[test]
fn a_target_that_was_slow_or_gone_gets_its_share_back_also_where_there_is_little_traffic() {
    let configuration = THREE.replace("mode: fallback", "mode: loadbalance, by: latency");
    let configuration = format!("{configuration}defaults: {{first_token_timeout: 15s}}\n");
    let traffic = "{for: 1h, rate: 1, mix: [{model: reliable, stream: true}]}";
    for fault in ["silent: true", "down: true", "slow: 20", "error_rate: 1"] {
        let faults = format!("{{faults: [{{targets: [openai], from: 1m, for: 3m, {fault}}}]}}");
        let share = share(&tally(&configuration, traffic, &faults), "openai");
        assert!(share > 0.25, "{fault}: {share}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_request_ends_once_and_every_call_is_somebodys(
        seed: u64, errors in 0.0_f64..1.0, limited in 0.0_f64..1.0, cut in 0.0_f64..1.0, attempts in 0_u32..3,
    ) {
        let configuration = format!("{THREE}defaults: {{retry: {{attempts: {attempts}}}}}\n");
        let faults = format!(
            "{{faults: [{{targets: ['*'], error_rate: {errors}}}, {{targets: [groq, openai], limited: {limited}, \
             retry_after: 3s, cut_rate: {cut}}}]}}"
        );
        let traffic = TRAFFIC.replace("3000", "300");
        let tally = outcome(&configuration, &traffic, &faults, seed).tally;
        prop_assert_eq!(tally.requests, 300);
        prop_assert_eq!(tally.succeeded + tally.failed.values().sum::<u64>(), tally.requests);
        let sum = |of: fn(&simulate::TargetTally) -> u64| tally.targets.iter().map(of).sum::<u64>();
        prop_assert_eq!(sum(|target| target.attempts), tally.attempts);
        prop_assert_eq!(sum(|target| target.answered), tally.succeeded);
        prop_assert_eq!(sum(|target| target.failures), tally.attempts - tally.succeeded);
        prop_assert!(tally.attempts <= tally.requests * 3 * u64::from(attempts + 1));
        prop_assert_eq!(tally.answers.len() as u64, tally.succeeded);
    }
}
