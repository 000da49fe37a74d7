//! Laws of pictures.

use std::time::Duration;

use super::{escaped, svg};
use crate::report::{Outcome, Report};
use crate::tally::{Tally, TargetTally};

fn report(names: &[&str]) -> Report {
    let mut tally = Tally::default();
    for second in 0..60 {
        tally.series.succeeded(
            Duration::from_secs(second),
            usize::from(second > 30),
            Duration::from_millis(500),
        );
    }
    tally.series.failed(Duration::from_secs(45));
    let target = |place, name: &str| TargetTally { name: name.to_owned(), place, ..TargetTally::default() };
    tally.targets = vec![target(0, "p/<m>"), target(1, "q/m")];
    let outcome =
        |name: &&str| Outcome { name: (*name).to_owned(), tally: tally.clone(), without_faults: None };
    Report { seed: 1, outcomes: names.iter().map(outcome).collect() }
}

#[test]
fn there_are_three_charts_for_each_configuration_and_the_same_picture_each_time() {
    let one = svg(&report(&["a.yaml"]));
    assert_eq!(one, svg(&report(&["a.yaml"])));
    assert_eq!(one.matches("fill=\"none\"").count(), 2, "two lines");
    assert_eq!(one.matches("Z\" fill=").count(), 2, "an area for each target");
    let both = svg(&report(&["a.yaml", "b.yaml"]));
    assert_eq!(both.matches("by whom").count(), 2);
    assert!(both.starts_with("<svg ") && both.ends_with("</svg>\n"));
}

#[test]
fn no_name_becomes_markup() {
    assert_eq!(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    let picture = svg(&report(&["<script>"]));
    assert!(picture.contains("p/&lt;m&gt;") && !picture.contains("<script>"));
}

#[test]
fn a_report_of_nothing_is_a_picture_too() {
    let outcome = Outcome { name: "a".to_owned(), tally: Tally::default(), without_faults: None };
    let picture = svg(&Report { seed: 1, outcomes: vec![outcome] });
    assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
}
