//! Reports of tallies that are made up.

use std::time::Duration;

use domain::{Money, Priority};

use super::figures::{long, percent, time};
use super::{Outcome, Report};
use crate::tally::{Hedges, Tally, TargetTally, Wait, WaitEnd, percentile};

fn tally(slowest: u64) -> Tally {
    let target = |name: &str, answered| TargetTally {
        name: name.to_owned(),
        attempts: 60,
        failures: 2,
        answered,
        openings: 1,
        ..TargetTally::default()
    };
    Tally {
        requests: 100,
        succeeded: 99,
        rescued: 3,
        failed: [("overloaded", 1)].into(),
        attempts: 120,
        limited: 2,
        first_tokens: (1..=50).map(|place| place * 1_000).collect(),
        answers: (1..=98).map(|place| place * 10_000).chain([slowest]).collect(),
        cost: Money::from_pico_usd(1_250_000_000_000),
        targets: vec![target("p/m", 33), target("q/m", 66)],
        lasted: Duration::from_secs(3_725),
        ..Tally::default()
    }
}

/// The same of a configuration that races, and whose requests waited for quotas.
fn busy(tally: Tally) -> Tally {
    let wait = |priority, seconds: u64, end| Wait {
        priority,
        target: 0,
        from_us: 60_000_000,
        until_us: 60_000_000 + 1_000_000 * seconds,
        end,
    };
    Tally {
        waits: vec![
            wait(Priority::Realtime, 1, WaitEnd::Went),
            wait(Priority::Batch, 9, WaitEnd::Went),
            wait(Priority::Batch, 30, WaitEnd::Refused),
            wait(Priority::Standard, 4, WaitEnd::Left),
        ],
        over_quota: 5,
        limits_avoided: 12,
        hedges: Hedges {
            joinable: 100,
            made: 9,
            won: 5,
            lost: 3,
            failed: 1,
            capped: 2,
            outrun: 8,
            cost_max: Money::from_pico_usd(50_000_000_000),
            unpriced: 0,
        },
        ..tally
    }
}

fn report() -> Report {
    let outcome = |name: &str, tally: Tally| Outcome {
        name: name.to_owned(),
        tally,
        without_faults: Some(self::tally(1_000_000)),
    };
    let outcomes = vec![outcome("one.yaml", tally(1_500_000)), outcome("other.yaml", busy(tally(900_000)))];
    Report { seed: 7, outcomes }
}

#[test]
fn figures_of_second_calls_and_of_quotas_are_told_only_where_there_are_any() {
    let one = |tally| Report {
        seed: 7,
        outcomes: vec![Outcome { name: "one.yaml".to_owned(), tally, without_faults: None }],
    };
    let (quiet, busy) = (one(tally(1)).to_string(), one(busy(tally(1))).to_string());
    for figure in ["second calls", "  answered first", "waited for a quota", "refused for want of quota"] {
        assert!(!quiet.contains(figure) && busy.contains(figure), "{figure}");
    }
}

#[test]
fn people_read_a_column_for_each_configuration() {
    let expected = "\
100 requests in 1h02m, seed 7

                           one.yaml  other.yaml
success                    99.000 %    99.000 %
failed                            1           1
  overloaded                      1           1
  after the first content         0           0
rescued                           3           3
second calls                      -           9
  answered first                  -           5
  not made, for the share         -           2
  US dollars, at most             -        0.05
attempts per request          1.200       1.200
first token, p50            0.025 s     0.025 s
first token, p99            0.050 s     0.050 s
  added by faults           0.000 s     0.000 s
whole answer, p50           0.500 s     0.500 s
whole answer, p99           1.500 s     0.900 s
  added by faults           0.500 s     0.000 s
429s seen                         2           2
429s avoided                      0          12
waited for a quota                -           4
  wait, p50                       -     1.000 s
  wait, p99                       -     9.000 s
refused for want of quota         -           5
breakers opened                   2           2
cost in US dollars             1.25        1.25
answers without price             0           0

target  answered  calls  failed  opened  answered  calls  failed  opened
p/m     33.333 %     60       2       1  33.333 %     60       2       1
q/m     66.666 %     60       2       1  66.666 %     60       2       1
";
    assert_eq!(report().to_string(), expected);
}

#[test]
fn machines_read_the_same_figures() {
    let json = report().to_json();
    let one = &json["configurations"][0];
    assert_eq!(json["seed"], 7);
    assert_eq!(one["name"], "one.yaml");
    assert_eq!(
        one["answer_ms"],
        serde_json::json!({"p50": 500.0, "p99": 1500.0, "p99_added_by_faults": 500.0})
    );
    assert_eq!(one["cost_usd"], "1.25");
    assert_eq!(one["targets"][1]["share"], 66.0 / 99.0);
    assert_eq!((&one["queue"]["waited"], &one["hedges"]["made"]), (&0.into(), &0.into()));
    let busy = &json["configurations"][1];
    let wait =
        |p50: f64, p99: f64, waited: u64| serde_json::json!({"p50": p50, "p99": p99, "let_through": waited});
    assert_eq!(
        busy["queue"],
        serde_json::json!({
            "waited": 4, "let_through": 2, "waited_in_vain": 1, "let_go": 1, "refused": 5,
            "wait_ms": wait(1_000.0, 9_000.0, 2),
            "wait_ms_by_priority": {
                "realtime": wait(1_000.0, 1_000.0, 1),
                "standard": {"p50": null, "p99": null, "let_through": 0},
                "batch": wait(9_000.0, 9_000.0, 1),
            },
        })
    );
    assert_eq!(
        busy["hedges"],
        serde_json::json!({
            "joinable": 100, "made": 9, "won": 5, "lost": 3, "failed": 1, "capped": 2,
            "outrun": 8, "outrun_cost_max_usd": "0.05", "outrun_unpriced": 0,
        })
    );
}

#[test]
fn only_a_whole_share_reads_as_one() {
    assert_eq!(percent(1.0), "100.000 %");
    assert_eq!(percent(0.999_999_9), "99.999 %");
    assert_eq!(percent(0.9999), "99.990 %");
    assert_eq!(percent(0.0), "0.000 %");
}

#[test]
fn times_read_as_people_write_them() {
    assert_eq!(time(None), "-");
    assert_eq!(time(Some(Duration::from_micros(1_234_567))), "1.235 s");
    assert_eq!([3, 65, 3_725].map(|seconds| long(Duration::from_secs(seconds))), ["3s", "1m05s", "1h02m"]);
}

#[test]
fn a_percentile_is_a_time_that_was_seen() {
    let times: Vec<u64> = (1..=100).collect();
    let of = |part| percentile(&times, part).unwrap().as_micros();
    assert_eq!([of(0.0), of(0.5), of(0.99), of(1.0)], [1, 50, 99, 100]);
    assert_eq!(percentile(&[], 0.5), None);
}
