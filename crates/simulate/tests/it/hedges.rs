//! Second calls beside slow ones, as the data plane makes them.

use proptest::prelude::*;
use simulate::{Hedges, Tally, percentile};

use crate::world::{THREE, outcome, tally};

const STREAMS: &str = "{for: 10m, rate: 20, mix: [{model: reliable, stream: true}]}";

fn racing(strategy: &str) -> String {
    THREE.replace("mode: fallback", &format!("mode: race, {strategy}"))
}

fn p99(tally: &Tally) -> f64 {
    percentile(&tally.first_tokens, 0.99).unwrap().as_secs_f64()
}

fn opened(tally: &Tally) -> u64 {
    tally.wide_openings + tally.targets.iter().map(|target| target.openings).sum::<u64>()
}

#[test]
fn the_slowest_answers_come_sooner_and_to_be_slower_is_no_failure() {
    let (alone, joined) = (tally(THREE, STREAMS, ""), tally(&racing("after: p95"), STREAMS, ""));
    assert!(p99(&joined) < 0.9 * p99(&alone), "{} {}", p99(&joined), p99(&alone));
    let Hedges { joinable, made, won, lost, failed, capped, outrun, .. } = joined.hedges;
    assert!(made > 300 && won > made / 3 && lost > 0, "{:?}", joined.hedges);
    assert_eq!((joinable, won + lost, failed, outrun), (joined.requests, made, 0, made));
    assert!(capped < joinable / 100, "{capped}");
    assert_eq!((joined.succeeded, joined.rescued, opened(&joined)), (joined.requests, 0, 0));
    assert_eq!(alone.hedges, Hedges::default());
}

#[test]
fn a_call_that_is_let_go_may_be_charged_whole_and_no_answer_costs_more_for_it() {
    let price = "prices: {standard: {input: '1', output: '1'}}";
    let overrides = [("openai", "gpt-4o-mini"), ("anthropic", "claude-haiku-4-5")]
        .map(|(provider, model)| format!("{{provider: {provider}, model: {model}, {price}}}"))
        .join(", ");
    let configuration =
        format!("{}catalog: {{overrides: [{overrides}]}}\n", racing("after: 1ms, share_max: 100%"));
    let traffic = "{requests: 10, rate: 1, mix: [{model: reliable, stream: true, body_bytes: {p50: 4000}, output_tokens: {p50: 100}}]}";
    let tally = tally(&configuration, traffic, "");
    assert_eq!((tally.hedges.made, tally.hedges.outrun, tally.attempts), (10, 10, 20));
    // 10 × (1,000 + 100) × $1 for a million, and as much again for those that were let go.
    assert_eq!(
        (tally.cost.to_string(), tally.hedges.cost_max.to_string()),
        ("0.011".to_owned(), "0.011".to_owned())
    );
    assert_eq!(tally.hedges.unpriced, 0);
}

#[test]
fn nothing_is_late_before_twenty_calls_are_known() {
    let traffic = |requests: u64| format!("{{requests: {requests}, rate: 0.01, mix: [{{model: reliable}}]}}");
    assert_eq!(tally(&racing("share_max: 100%"), &traffic(20), "").hedges.made, 0);
    assert!(tally(&racing("share_max: 100%"), &traffic(400), "").hedges.made > 5);
}

#[test]
fn where_both_fail_the_route_goes_on_behind_the_second() {
    let faults = "{providers: [{target: '*', error_after: {p50: 2s}}], faults: [{targets: [openai, anthropic], error_rate: 1}]}";
    let traffic = "{requests: 4, rate: 0.001, mix: [{model: reliable}]}";
    let configuration = format!(
        "{}defaults: {{circuit_breaker: {{enabled: false}}}}\n",
        racing("after: 1s, share_max: 100%")
    );
    let tally = tally(&configuration, traffic, faults);
    assert_eq!((tally.succeeded, tally.rescued, tally.attempts), (4, 4, 12));
    assert_eq!(
        (tally.hedges.made, tally.hedges.failed, tally.hedges.outrun),
        (4, 4, 0),
        "{:?}",
        tally.hedges
    );
}

#[test]
fn what_is_kept_or_needs_an_upload_is_not_asked_for_twice() {
    let made = |mix: &str| {
        let traffic = format!("{{requests: 5, rate: 1, mix: [{{model: reliable, {mix}}}]}}");
        tally(&racing("after: 1ms, share_max: 100%"), &traffic, "").hedges.made
    };
    assert_eq!(made("endpoint: chat_completions"), 5);
    assert_eq!(made("endpoint: responses"), 0);
    assert_eq!(made("endpoint: responses, params: {store: false}"), 5);
    assert_eq!(made("endpoint: responses, params: {store: false, previous_response_id: resp_1}"), 0);
    assert_eq!(made("endpoint: audio_transcriptions"), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn second_calls_are_never_more_than_their_share_and_each_ends_once(
        seed: u64, share in 1_u64..=100, after in 1_u64..2_000, errors in 0.0_f64..0.5, limited in 0.0_f64..0.3, cut in 0.0_f64..0.5,
    ) {
        let configuration = racing(&format!("after: {after}ms, share_max: {share}%"));
        let traffic = "{requests: 400, rate: 30, mix: [{model: reliable, stream: true}, {model: reliable}]}";
        let faults = format!(
            "{{faults: [{{targets: ['*'], error_rate: {errors}, cut_rate: {cut}}}, {{targets: [openai], limited: {limited}, slow: 3}}]}}"
        );
        let tally = outcome(&configuration, traffic, &faults, seed).tally;
        let Hedges { joinable, made, won, lost, failed, outrun, .. } = tally.hedges;
        prop_assert!(made * 100 <= share * joinable, "{} of {}", made, joinable);
        prop_assert_eq!(won + lost + failed, made);
        prop_assert!(outrun <= won + lost);
        prop_assert_eq!(tally.succeeded + tally.failed.values().sum::<u64>(), tally.requests);
        let sum = |of: fn(&simulate::TargetTally) -> u64| tally.targets.iter().map(of).sum::<u64>();
        prop_assert_eq!(sum(|target| target.answered + target.failures + target.outrun), tally.attempts);
        prop_assert_eq!(sum(|target| target.outrun), outrun);
    }
}
