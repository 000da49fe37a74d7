//! The catalogue on the command line, and a new one while requests are served.

use std::path::Path;
use std::process::Output;

use testkit::{RawProvider, within};

use crate::cli::{complaint, out, run};

/// A catalogue of one model with this price of input, and perhaps others.
fn catalog(date: &str, input: &str, more: &[&str]) -> String {
    let header = format!(r#"{{"tollgate_catalog":1,"date":"{date}","models":{}}}"#, more.len() + 1);
    let model = format!(r#"{{"provider":"p","name":"m","prices":[{{"standard":{{"input":"{input}"}}}}]}}"#);
    format!("{header}\n{model}\n{}\n", more.join("\n"))
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn succeeded(output: &Output) -> &str {
    assert!(output.status.success(), "{} {}", out(output), complaint(output));
    out(output)
}

/// The last line counts what was found: `9 of 4453 models`.
fn counts(output: &Output) -> (usize, usize) {
    let words: Vec<&str> = succeeded(output).lines().last().unwrap().split(' ').collect();
    (words[0].parse().unwrap(), words[2].parse().unwrap())
}

#[test]
fn models_are_searched_by_what_they_are_can_and_cost() {
    let folder = tempfile::tempdir().unwrap();
    let models = |filters: &[&str]| run(folder.path(), &[&["models"], filters].concat());
    let (all, total) = counts(&models(&[]));
    assert!(all == total && total >= 1_600, "{all} {total}");
    let found = models(&["provider:anthropic vision price<5", "claude-haiku-4-5-20251001"]);
    assert!(succeeded(&found).contains("anthropic/claude-haiku-4-5-20251001"), "{}", out(&found));
    assert!(
        out(&found).contains("  200k     64k        1         5          0.1  vision"),
        "{}",
        out(&found)
    );
    assert_eq!(counts(&found).0, 1);
    assert_eq!(counts(&models(&["no-such-model-anywhere"])), (0, total));
    let (free, dear) = (counts(&models(&["price<=1"])).0, counts(&models(&["price>1"])).0);
    assert!(free > 0 && dear > 0 && free + dear < total);
    let wrong = models(&["price<cheap"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(complaint(&wrong).contains("expected an amount of US dollars"), "{}", complaint(&wrong));
}

#[test]
fn a_model_as_json_is_a_line_of_a_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let found = run(folder.path(), &["models", "provider:openai", "text-embedding-3-small", "--json"]);
    let model: serde_json::Value = serde_json::from_str(succeeded(&found).trim()).unwrap();
    assert_eq!(model["prices"][0]["standard"]["input"], "0.02");
    let header = r#"{"tollgate_catalog":1,"date":"2031-01-01","models":1}"#;
    write(folder.path(), "catalog.jsonl", &format!("{header}\n{}", out(&found)));
    assert_eq!(counts(&run(folder.path(), &["models"])), (1, 1));
}

#[test]
fn what_is_exported_is_taken_back_without_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let exported = run(folder.path(), &["catalog", "export"]);
    write(folder.path(), "exported.jsonl", succeeded(&exported));
    let updated = run(folder.path(), &["catalog", "update", "exported.jsonl"]);
    assert!(succeeded(&updated).contains("\ndifferences: 0\n"), "{}", out(&updated));
    assert_eq!(std::fs::read_to_string(folder.path().join("catalog.jsonl")).unwrap(), out(&exported));
}

#[test]
fn a_price_that_jumps_is_refused_until_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "catalog.jsonl", &catalog("2031-01-01", "2", &[]));
    let update = |input: &str, more: &[&str], flags: &[&str]| {
        write(folder.path(), "new.jsonl", &catalog("2031-01-02", input, more));
        run(folder.path(), &[&["catalog", "update", "new.jsonl"], flags].concat())
    };
    let price = || out(&run(folder.path(), &["models", "p/m", "--json"])).to_owned();
    let small = update("3", &[r#"{"provider":"p","name":"n"}"#], &[]);
    assert!(
        succeeded(&small).contains("  p/m: input 2 -> 3\n  p/n: added\ndifferences: 2\n"),
        "{}",
        out(&small)
    );
    assert!(price().contains(r#""input":"3""#));
    let large = update("4.51", &[], &[]);
    assert_eq!(large.status.code(), Some(1));
    assert!(out(&large).contains("! p/m: input 3 -> 4.51\n  p/n: removed\n"), "{}", out(&large));
    assert!(
        complaint(&large).contains("nothing was written: what is marked with ! (1)"),
        "{}",
        complaint(&large)
    );
    assert!(price().contains(r#""input":"3""#));
    succeeded(&update("4.51", &[], &["--accept", "--dry-run"]));
    assert!(price().contains(r#""input":"3""#));
    succeeded(&update("4.51", &[], &["--accept"]));
    assert!(price().contains(r#""input":"4.51""#));
}

#[test]
fn what_is_no_catalogue_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "new.jsonl", &catalog("2031-01-01", "0.1e-3", &[]));
    let wrong = run(folder.path(), &["catalog", "update", "new.jsonl"]);
    assert_eq!(wrong.status.code(), Some(1));
    let complaint_of = complaint(&wrong);
    assert!(
        complaint_of.contains("new.jsonl is no catalogue: line 2: `input`: expected an amount"),
        "{complaint_of}"
    );
    let missing = run(folder.path(), &["catalog", "update", "missing.jsonl"]);
    assert!(complaint(&missing).contains("missing.jsonl cannot be read"), "{}", complaint(&missing));
}

#[tokio::test]
async fn a_catalogue_is_fetched_by_its_url() {
    let body = catalog("2031-01-01", "2", &[]);
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let update = |url: String| async move {
        let folder = tempfile::tempdir().unwrap();
        let work = move || {
            let updated = run(folder.path(), &["catalog", "update", &url, "--accept"]);
            (updated, folder.path().join("catalog.jsonl").exists())
        };
        within("the update", tokio::task::spawn_blocking(work)).await.unwrap()
    };
    let good = RawProvider::start(answer("200 OK")).await;
    let (updated, written) = update(good.base_url()).await;
    assert!(succeeded(&updated).contains("written to ") && written);
    let bad = RawProvider::start(answer("404 Not Found")).await;
    let (refused, written) = update(bad.base_url()).await;
    assert!(complaint(&refused).contains("answers with status 404") && !written, "{}", complaint(&refused));
}
