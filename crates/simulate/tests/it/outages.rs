//! Outages that a gateway is there for, and the page about what comes of them. `TOLLGATE_BLESS=1` writes the page.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use simulate::{Outcome, Tally, percentile};

use crate::comparisons;
use crate::world::{share, tally};

/// Of requests whose answer had not begun when something went wrong.
const ANSWERED_MIN: f64 = 0.9999;
/// Calls of providers for each request.
const CALLS_MAX: f64 = 1.05;
/// The share of the ordered route's first target, which is well for 55 % of the time: it gets its traffic back. Where it had limited calls, they are
/// spread for a while.
const FIRST_TARGET_MIN: f64 = 0.45;
const ROUTES: [&str; 2] = ["ordered", "balanced"];

/// An outage, and by how much it may delay the first token of one request in a hundred.
struct Outage {
    name: &'static str,
    title: &'static str,
    added_max: Duration,
}

const fn outage(name: &'static str, title: &'static str, added_milliseconds_max: u64) -> Outage {
    Outage { name, title, added_max: Duration::from_millis(added_milliseconds_max) }
}

const OUTAGES: [Outage; 8] = [
    outage("one-of-three-down", "One of three down", 250),
    // Those that came before it was known wait for `first_token_timeout`.
    outage("one-of-three-silent", "One of three silent", 15_000),
    outage("brown-out", "Brown-out", 5_000),
    outage("errors", "30 % errors", 250),
    outage("limits", "Storm of 429", 250),
    outage("limits-unannounced", "Storm of 429 that says nothing", 250),
    outage("flapping", "Flapping", 250),
    outage("region-loss", "A region lost", 250),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

pub(crate) fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap()
}

fn run(outage: &Outage, route: &str, usual: &Tally) -> Outcome {
    let tally = tally(&text("tollgate"), &text(route), &text(outage.name));
    Outcome { name: route.to_owned(), tally, without_faults: Some(usual.clone()) }
}

/// The share of requests that were answered, of those whose answer had not begun when its connection broke.
fn answered(outcome: &Outcome) -> f64 {
    let tally = &outcome.tally;
    tally.succeeded as f64 / (tally.requests - tally.broke_off) as f64
}

fn judge(outage: &Outage, route: &str, outcome: &Outcome) {
    let case = format!("{} of `{route}`", outage.name);
    assert!(answered(outcome) >= ANSWERED_MIN, "{case}: {}", answered(outcome));
    let calls = outcome.tally.attempts_per_request();
    assert!(calls <= CALLS_MAX, "{case}: {calls} calls for each request");
    let added = outcome.added_first_token_p99().unwrap();
    assert!(added <= outage.added_max, "{case}: {added:?} later");
    if route == "ordered" {
        let back = share(&outcome.tally, "north");
        assert!(back >= FIRST_TARGET_MIN, "{case}: {back} of the traffic is at the first target");
    }
}

#[test]
fn every_outage_is_survived_and_the_page_says_how() {
    let mut page = head();
    let usual = ROUTES.map(|route| tally(&text("tollgate"), &text(route), ""));
    for outage in &OUTAGES {
        let about = text(outage.name);
        let about = about.lines().next().unwrap_or_default().trim_start_matches("# ");
        write!(page, "\n## {}\n\n{about}\n\n{TABLE}", outage.title).unwrap();
        for (route, usual) in ROUTES.into_iter().zip(&usual) {
            let outcome = run(outage, route, usual);
            judge(outage, route, &outcome);
            page.push_str(&row(route, &outcome));
        }
    }
    page.push_str(&comparisons::second_calls());
    page.push_str(&comparisons::bursts());
    assert_committed(&page);
}

const TABLE: &str = "\
| route | answered | rescued | broken off | calls per request | first token, p99 | added | breakers opened | north, south, overseas |
|---|---|---|---|---|---|---|---|---|
";

fn row(route: &str, outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let openings = tally.wide_openings + tally.targets.iter().map(|target| target.openings).sum::<u64>();
    let of = |name| format!("{:.0} %", share(tally, name) * 100.0);
    format!(
        "| `{route}` | {} | {} | {} | {:.3} | {} | {} | {openings} | {}, {}, {} |\n",
        percent(answered(outcome)),
        tally.rescued,
        tally.broke_off,
        tally.attempts_per_request(),
        seconds(percentile(&tally.first_tokens, 0.99)),
        seconds(outcome.added_first_token_p99()),
        of("north"),
        of("south"),
        of("overseas"),
    )
}

/// Cut off, not rounded.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.3} %", (share * 1e5 + 1e-6).floor() / 1e3)
}

pub(crate) fn seconds(time: Option<Duration>) -> String {
    format!("{:.2} s", time.unwrap_or_default().as_secs_f64())
}

fn head() -> String {
    format!(
        "# Resilience\n\n\
         <!-- Made by crates/simulate/tests/it/outages.rs; run it with TOLLGATE_BLESS=1 after a change. -->\n\n\
         What clients see when providers fail, simulated with the engine that decides for real requests \
         ([guide](../guide/simulate.md)). The tests of every change run these outages and fail when less than {} of the requests are \
         answered, when a request costs more than {CALLS_MAX} calls, or when the delay of one request in a hundred exceeds its bound. \
         `tollgate/tests/it/outages.rs` sends requests through a server in the same outages.\n\n\
         Each is 20,000 streams over 6m40s, through this configuration:\n\n```yaml\n{}```\n\n\
         To see one of them whole, or with another configuration:\n\n\
         ```sh\ncd crates/simulate/scenarios\n\
         tollgate simulate --config tollgate.yaml --traffic ordered.yaml --faults brown-out.yaml\n```\n\n\
         *Answered* are requests whose answer had not begun when its connection broke; *broken off* are the others, which no gateway can \
         take back. *Rescued* are those whose first call failed. *Added* is the delay to the p99 of the same traffic without the \
         outage. Shares are of all answers; the outage is three minutes of it.\n",
        percent(ANSWERED_MIN),
        text("tollgate"),
    )
}

#[expect(clippy::disallowed_methods, reason = "the one switch of this test, not configuration")]
fn is_blessed() -> bool {
    std::env::var("TOLLGATE_BLESS").is_ok_and(|value| value == "1")
}

fn assert_committed(page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/resilience.md");
    if is_blessed() {
        std::fs::write(&file, page).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == page,
        "run `TOLLGATE_BLESS=1 cargo nextest run -p simulate` and review {}",
        file.display()
    );
}
