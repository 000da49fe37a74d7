//! `tollgate simulate`, run as a person would.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Client, EventStream, FakeProvider, scripts};

use crate::cli::{Serving, after, blocking, complaint, out, run};
use crate::configuration::{key, key_entry, one};

const CONFIGURATION: &str = "
providers:
  openai: { credentials: [sk-1] }
  groq: { credentials: [sk-2] }
routes:
  reliable:
    strategy: { mode: fallback }
    targets:
      - target: openai/gpt-4o-mini
      - target: groq/llama-3.3-70b-versatile
";
const TRAFFIC: &str = "requests: 2000\nrate: 20\nmix:\n  - model: reliable\n";
const FAULTS: &str = "faults:\n  - targets: [openai]\n    error_rate: 1\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "tollgate.yaml", CONFIGURATION);
    write(folder.path(), "traffic.yaml", TRAFFIC);
    write(folder.path(), "faults.yaml", FAULTS);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_configuration_is_shown_in_an_outage_and_beside_another_the_same_each_time() {
    let folder = folder();
    let lonely = CONFIGURATION.replace("- target: groq/llama-3.3-70b-versatile", "");
    write(folder.path(), "lonely.yaml", &lonely);
    let arguments =
        ["simulate", "--traffic", "traffic.yaml", "--faults", "faults.yaml", "--compare", "lonely.yaml"];
    let first = run(folder.path(), &arguments);
    assert!(first.status.success(), "{}", complaint(&first));
    assert_eq!(first.stdout, run(folder.path(), &arguments).stdout);
    for line in ["2000 requests in ", "seed 1", "tollgate.yaml  lonely.yaml", "groq/llama-3.3-70b-versatile"]
    {
        assert!(out(&first).contains(line), "{line} is not in {}", out(&first));
    }
    let json =
        run(folder.path(), &[&arguments[..], &["--json", "--requests", "300", "--seed", "9"]].concat());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let configurations = json["configurations"].as_array().unwrap();
    assert_eq!(json["seed"], 9);
    assert_eq!(configurations[0]["succeeded"], 300);
    assert_eq!(configurations[1]["failed"]["provider"], 300);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_exit_code_is_2() {
    let folder = folder();
    let wrong = [
        (
            "traffic.yaml",
            "requests: 0\nrate: 20\nmix: []\n",
            "traffic.yaml:1:11: requests: expected a whole number from 1",
        ),
        (
            "traffic.yaml",
            "requests: 5\nrate: -20\nmix: []\n",
            "traffic.yaml:2:7: rate: expected a number from 0.001 to 1000000, found -20",
        ),
        ("traffic.yaml", "rate: 20\nmix:\n  - model: reliable\n", "add `requests: 100000` or `for: 10m`"),
        (
            "traffic.yaml",
            "requests: 5\nrate: 2\nmix:\n  - model: relaible\n",
            "traffic.yaml:4:12: mix[0].model: the configuration has no",
        ),
        (
            "faults.yaml",
            "faults:\n  - targets: [openia]\n    down: true\n",
            "faults.yaml:2:15: faults[0].targets[0]: the traffic reaches no target called `openia`",
        ),
        (
            "faults.yaml",
            "faults:\n  - targets: [groq]\n    error_rate: 3\n",
            "faults.yaml:3:17: faults[0].error_rate: expected a number from 0 to 1",
        ),
        ("tollgate.yaml", "routes: {r: {target: nobody/m}}\n", "tollgate.yaml:1:"),
    ];
    for (file, text, complaint_of) in wrong {
        let before = std::fs::read_to_string(folder.path().join(file)).unwrap();
        write(folder.path(), file, text);
        let output =
            run(folder.path(), &["simulate", "--traffic", "traffic.yaml", "--faults", "faults.yaml"]);
        assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
        assert!(complaint(&output).contains(complaint_of), "{complaint_of} is not in {}", complaint(&output));
        write(folder.path(), file, &before);
    }
    let missing = run(folder.path(), &["simulate", "--traffic", "missing.yaml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(complaint(&missing).contains("missing.yaml: the file cannot be read"), "{}", complaint(&missing));
    let none = run(folder.path(), &["simulate", "--traffic", "traffic.yaml", "--requests", "0"]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn a_picture_is_written_where_it_is_asked_for() {
    let folder = folder();
    let arguments = ["simulate", "--traffic", "traffic.yaml", "--svg", "it.svg", "--requests", "100"];
    assert!(run(folder.path(), &arguments).status.success());
    let picture = std::fs::read_to_string(folder.path().join("it.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("tollgate.yaml"), "{picture}");
    let nowhere = ["simulate", "--traffic", "traffic.yaml", "--svg", "nowhere/it.svg", "--requests", "1"];
    let output = run(folder.path(), &nowhere);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        complaint(&output).contains("nowhere/it.svg: the picture cannot be written"),
        "{}",
        complaint(&output)
    );
}

#[tokio::test]
async fn the_log_of_a_server_can_be_simulated() {
    let stream = scripts::stream(EventStream::Chat, &["hi", " there"]).script();
    let fake = FakeProvider::always(stream).await;
    let folder = tempfile::tempdir().unwrap();
    let mut configuration = one(&fake);
    configuration["keys"] = json!([key_entry(1, json!({}))]);
    configuration["log"] = json!({"format": "json", "requests": "all"});
    write(folder.path(), "tollgate.yaml", &configuration.to_string());
    let path = folder.path().to_owned();
    let (serving, said) = blocking(move || Serving::start(&path, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let client = Client::new(address).with_key(key(1).reveal());
    for _ in 0..3 {
        let request = scripts::request(EventStream::Chat, "p/m", true).to_string();
        let _whole = client.post("/v1/chat/completions", request).open().await.rest().await;
    }
    let (_, log) = blocking(|| serving.stop()).await;
    write(folder.path(), "tollgate.log", &log);
    let path = folder.path().to_owned();
    let simulated = blocking(move || run(&path, &["simulate", "--traffic", "tollgate.log", "--json"])).await;
    assert!(simulated.status.success(), "{} {log}", complaint(&simulated));
    let json: Value = serde_json::from_slice(&simulated.stdout).unwrap();
    let outcome = &json["configurations"][0];
    assert_eq!((&outcome["requests"], &outcome["succeeded"]), (&json!(3), &json!(3)));
    assert_eq!(outcome["targets"][0]["target"], "p/m");
    assert!(outcome["first_token_ms"]["p50"].is_number(), "they were streams");
}

#[test]
fn a_recording_that_is_wrong_is_said_by_its_lines() {
    let folder = folder();
    write(
        folder.path(),
        "requests.jsonl",
        "{\"at_ms\": 5, \"model\": \"reliable\"}\n{\"at_ms\": 5, \"model\": \"no\"}\n",
    );
    let output = run(folder.path(), &["simulate", "--traffic", "requests.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        complaint(&output).contains("requests.jsonl:2: the configuration has no route"),
        "{}",
        complaint(&output)
    );
    let good = run(folder.path(), &["simulate", "--traffic", "requests.jsonl", "--model", "reliable"]);
    assert!(out(&good).starts_with("2 requests in 0s"), "{} {}", out(&good), complaint(&good));
    let described = run(folder.path(), &["simulate", "--traffic", "traffic.yaml", "--model", "reliable"]);
    assert_eq!(described.status.code(), Some(2));
}
