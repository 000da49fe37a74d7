//! Canaries in simulations: the same trials as in the data plane, before anybody meets them.

use domain::canary::Metric;
use engine::canary::Stage;
use simulate::{CanaryTally, Outcome, Report};

use crate::world::{outcome, share};

/// What serves, and a canary of another provider or model.
fn configuration(canary: &str, guards: &str) -> String {
    format!(
        "
providers:
  openai: {{ credentials: [sk-1] }}
  groq: {{ credentials: [sk-3] }}
routes:
  chat:
    strategy:
      mode: canary
      steps: [5%, 25%, 50%, 100%]
      hold: 5m
      minimum_requests: 50
      guards: {{ {guards} }}
    targets:
      - target: openai/gpt-4o-mini
      - target: {canary}
"
    )
}

const TRAFFIC: &str = "{for: 1h, rate: 10, mix: [{model: chat, stream: true}]}";

fn run(canary: &str, guards: &str, faults: &str) -> Outcome {
    outcome(&configuration(canary, guards), TRAFFIC, faults, 1)
}

fn canary(outcome: &Outcome) -> &CanaryTally {
    assert_eq!(outcome.tally.canaries.len(), 1);
    &outcome.tally.canaries[0]
}

#[test]
fn a_canary_that_does_as_well_is_promoted_after_all_its_holds() {
    let outcome = run("openai/gpt-4.1-mini", "errors: 1%, first_token: 25%", "");
    let found = canary(&outcome);
    assert_eq!((found.standing.stage, found.name.as_str()), (Stage::Promoted, "chat"));
    let turned = found.turned.unwrap().as_secs();
    assert!((900..960).contains(&turned), "{turned} s, of which three times five minutes are held");
    assert!(share(&outcome.tally, "gpt-4.1-mini") > 0.75);
    assert!(Report { seed: 1, outcomes: vec![outcome] }.to_string().contains("promoted after 15m"));
}

#[test]
fn a_canary_that_begins_to_fail_is_rolled_back_and_no_request_is_lost() {
    let faults = "{faults: [{targets: [groq], from: 7m, error_rate: 0.5}]}";
    let outcome = run("groq/llama-3.3-70b-versatile", "errors: 1%, first_token: 100%", faults);
    let found = canary(&outcome);
    assert_eq!((found.standing.stage, found.reached_percent), (Stage::RolledBack(Metric::Errors), 25));
    let turned = found.turned.unwrap().as_secs();
    assert!((420..600).contains(&turned), "{turned} s");
    assert!(outcome.tally.success_rate() > 0.9999, "{}", outcome.tally.success_rate());
    assert!(share(&outcome.tally, "groq") < 0.1);
    let report = Report { seed: 1, outcomes: vec![outcome] };
    assert!(report.to_string().contains("back from 25 % after"), "{report}");
    let json = report.to_json();
    let told = &json["configurations"][0]["canaries"][0];
    assert_eq!(
        (&told["state"], &told["alarm"]["metric"]),
        (&"rolled_back".into(), &"errors".into()),
        "{told}"
    );
}

#[test]
fn a_canary_that_is_slower_or_dearer_than_its_guards_allow_is_rolled_back() {
    let slow =
        run("groq/llama-3.3-70b-versatile", "first_token: 50%", "{faults: [{targets: [groq], slow: 2}]}");
    assert_eq!(canary(&slow).standing.stage, Stage::RolledBack(Metric::FirstToken));
    let dear = run("openai/gpt-4o", "cost: 50%", "");
    assert_eq!(canary(&dear).standing.stage, Stage::RolledBack(Metric::Cost));
    let alarm = canary(&dear).alarm.unwrap();
    assert!(alarm.canary > 10.0 * alarm.baseline, "{alarm:?}");
}
