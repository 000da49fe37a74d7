//! What a second call and a known quota change: two sections of the page about outages.

use std::fmt::Write;

use simulate::{Tally, percentile};

use crate::outages::{percent, seconds, text};
use crate::world::tally;

fn p99(tally: &Tally) -> f64 {
    percentile(&tally.first_tokens, 0.99).unwrap().as_secs_f64()
}

/// The same fallback with and without a race.
pub(crate) fn second_calls() -> String {
    let mut section = "\n## A second call beside a slow one\n\n\
        The ordered fallback, and the same as a race (`after: p95`): on a usual day, and in the brown-out above. To be slower is no failure of a \
        provider, and second calls are never more than `share_max`.\n\n\
        | route | outage | answered | calls per request | second calls | answered first | not made, for their share | first token, p50 | first token, p99 | breakers opened |\n\
        |---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (outage, faults) in [("none", String::new()), ("brown-out", text("brown-out"))] {
        let [alone, raced] =
            ["ordered", "raced"].map(|route| tally(&text("tollgate"), &text(route), &faults));
        assert!(p99(&raced) < p99(&alone), "{outage}: {} {}", p99(&raced), p99(&alone));
        assert!(raced.hedges.made * 10 <= raced.hedges.joinable, "{outage}: {:?}", raced.hedges);
        assert_eq!((alone.succeeded, raced.succeeded), (alone.requests, raced.requests), "{outage}");
        for (route, tally) in [("ordered", &alone), ("raced", &raced)] {
            section.push_str(&raced_row(route, outage, tally));
        }
    }
    section
}

fn raced_row(route: &str, outage: &str, tally: &Tally) -> String {
    let openings = tally.wide_openings + tally.targets.iter().map(|target| target.openings).sum::<u64>();
    let first_token = |part| seconds(percentile(&tally.first_tokens, part));
    let hedges = &tally.hedges;
    format!(
        "| `{route}` | {outage} | {} | {:.3} | {} | {} | {} | {} | {} | {openings} |\n",
        percent(tally.success_rate()),
        tally.attempts_per_request(),
        hedges.made,
        hedges.won,
        hedges.capped,
        first_token(0.50),
        first_token(0.99),
    )
}

/// A burst before a quota that is known to nobody, by the configuration, or by answers.
pub(crate) fn bursts() -> String {
    let about = text("burst");
    let about = about.lines().next().unwrap_or_default().trim_start_matches("# ");
    let mut section = format!(
        "\n## A burst against a quota\n\n{about} `limits.queue_wait_max` is 2 minutes.\n\n\
         ```sh\ntollgate simulate --config quota-unknown.yaml --compare quota-told.yaml --traffic burst.yaml\n```\n\n\
         | quota | answered | 429s seen | 429s avoided | waited | wait, p50 | wait, p99 | refused |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for known in ["unknown", "told", "configured"] {
        let tally = tally(&text(&format!("quota-{known}")), &text("burst"), "");
        if known != "unknown" {
            assert_eq!((tally.succeeded, tally.limited), (tally.requests, 0), "{known}");
        }
        assert!(tally.limits_avoided > 0, "{known}");
        let times = tally.wait_times(None);
        let wait = |part| seconds(percentile(&times, part));
        writeln!(
            section,
            "| {known} | {} | {} | {} | {} | {} | {} | {} |",
            percent(tally.success_rate()),
            tally.limited,
            tally.limits_avoided,
            tally.waits.len(),
            wait(0.50),
            wait(0.99),
            tally.over_quota,
        )
        .unwrap();
    }
    section
}
