//! The page shows figures as they were measured.

use super::*;

fn reading(name: &str, value: f64, unit: Unit, compare: Compare) -> Reading {
    Reading { name: name.to_owned(), value, unit, compare }
}

fn page(results: &Results) -> String {
    results.markdown(&Heading {
        date: "2026-01-02",
        machine: "a machine",
        command_line: "bench",
        rounds: 3,
        servers: &[("floor", "bare".to_owned()), ("tollgate", "all on".to_owned())],
        notes: &["one note".to_owned()],
    })
}

#[test]
fn a_ratio_is_taken_within_each_round() {
    let mut results = Results::default();
    for (round, (floor, gateway)) in [(10.0, 15.0), (20.0, 28.0), (40.0, 64.0)].into_iter().enumerate() {
        results.add("chat", "floor", round, &reading("CPU", floor, Unit::Micros, Compare::Ratio));
        results.add("chat", "tollgate", round, &reading("CPU", gateway, Unit::Micros, Compare::Ratio));
    }
    let page = page(&results);
    assert!(
        page.contains("| chat: CPU | 1.50 × (1.40–1.60) | <sub>20.0 µs</sub> | <sub>28.0 µs</sub> |"),
        "{page}"
    );
}

#[test]
fn an_added_time_has_its_sign() {
    let mut results = Results::default();
    results.add("latency", "floor", 0, &reading("p50", 100.0, Unit::Micros, Compare::Added));
    results.add("latency", "tollgate", 0, &reading("p50", 90.0, Unit::Micros, Compare::Added));
    assert!(page(&results).contains("| −10.0 µs (−10.0 µs to −10.0 µs) |"));
}

#[test]
fn a_reading_without_a_floor_stands_alone() {
    let mut results = Results::default();
    results.add("fallback", "tollgate", 0, &reading("tried", 0.25, Unit::Share, Compare::Alone));
    assert!(page(&results).contains("| fallback: tried | – | <sub>–</sub> | <sub>25 %</sub> |"));
}

#[test]
fn rows_of_a_case_stay_together() {
    let mut results = Results::default();
    results.add("a", "floor", 0, &reading("1", 1.0, Unit::Times, Compare::Ratio));
    results.add("b", "floor", 0, &reading("1", 1.0, Unit::Times, Compare::Ratio));
    results.add("a", "tollgate", 0, &reading("2", 1.0, Unit::Times, Compare::Ratio));
    let names: Vec<&str> = results.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["a: 1", "a: 2", "b: 1"]);
}

#[test]
fn the_same_doubt_is_said_once() {
    let mut results = Results::default();
    results.warn("chat", "floor", "chat: others took 12 % of the core");
    results.warn("chat", "floor", "chat: others took 30 % of the core");
    results.warn("chat", "tollgate", "chat: others took 30 % of the core");
    assert_eq!(results.warnings.len(), 2);
}

#[test]
fn a_failure_is_on_the_page_in_one_line() {
    let mut results = Results::default();
    assert!(!results.has_failures());
    results.fail("chat", "tollgate", "status 401\nno such key");
    assert!(results.has_failures());
    assert!(page(&results).contains("## Failures\n\n- chat, tollgate: status 401 no such key\n"));
}
