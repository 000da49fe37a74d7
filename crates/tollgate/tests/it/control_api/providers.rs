//! Providers of a running gateway from the command line: their secrets come from anywhere but an argument, and are never shown.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use testkit::{EventStream, FakeProvider, scripts};

use super::{Control, control_key, gateway};
use crate::cli::{blocking, complaint, out, tollgate};
use crate::configuration::provider;
use crate::gateway::TestGateway;

/// Secrets that must never be seen.
const SECRETS: [&str; 4] = ["sk-canary-one", "sk-canary-two", "sk-canary-three", "sk-canary-four"];

/// A gateway with a provider's server beside it, whose commands run in a folder.
struct Office {
    gateway: TestGateway,
    server: FakeProvider,
    folder: tempfile::TempDir,
    told: Vec<String>,
}

impl Office {
    async fn open() -> Self {
        let server = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await;
        let (gateway, _fake) = gateway(json!({})).await;
        Self { gateway, server, folder: tempfile::tempdir().unwrap(), told: Vec::new() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command with something on its standard input; one of the secrets is in its environment.
    async fn run(&mut self, arguments: &[&str], input: &str) -> Output {
        let mut command = tollgate(self.folder.path(), &[&["provider"], arguments].concat());
        command.env("TOLLGATE_URL", format!("http://{}", self.gateway.address()));
        command.env("TOLLGATE_CONTROL_KEY", control_key(1).reveal()).env("THE_KEY", SECRETS[0]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let output = blocking(move || {
            let mut child = command.spawn().unwrap();
            // One that reads nothing may have ended.
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            child.wait_with_output().unwrap()
        })
        .await;
        self.told.extend([out(&output).to_owned(), complaint(&output).to_owned()]);
        output
    }

    async fn done(&mut self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input).await;
        assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
        out(&output).to_owned()
    }

    async fn refused(&mut self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input).await;
        assert!(!output.status.success(), "{arguments:?}: {}", out(&output));
        complaint(&output).to_owned()
    }

    /// What provider `s` is sent by so many requests, each once.
    async fn sent(&self, requests: usize) -> Vec<String> {
        let before = self.server.requests().len();
        for _ in 0..requests {
            let answer = self.gateway.chat("s/m").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let requests = self.server.requests();
        let sent = requests[before..].iter().map(|request| {
            let value = request.headers["authorization"].to_str().unwrap();
            value.strip_prefix("Bearer ").unwrap().to_owned()
        });
        std::collections::BTreeSet::from_iter(sent).into_iter().collect()
    }

    /// A file with the entry of `s`, without credentials.
    fn write_entry(&self) {
        let mut entry = provider(self.server.base_url());
        entry.as_object_mut().unwrap().remove("credentials");
        std::fs::write(self.path("s.json"), entry.to_string()).unwrap();
    }

    /// Nothing that was said has a secret in it, and nothing that the gateway says.
    async fn told_nothing(mut self) {
        let control = Control::of(&self.gateway, 1);
        for path in ["providers", "providers/s", "audit"] {
            self.told.push(control.get(path).await.text().to_owned());
        }
        assert!(self.told.iter().any(|text| text.contains("(hidden /credentials/0")));
        for text in &self.told {
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_provider_is_made_listed_shown_and_taken_away() {
    let mut office = Office::open().await;
    office.write_entry();
    let made = office.done(&["set", "s", "-f", "s.json", "--credential-env", "THE_KEY"], "").await;
    assert_eq!(made, "made providers/s, version 1\n");
    assert_eq!(office.sent(1).await, [SECRETS[0]]);
    let listed = office.done(&["list"], "").await;
    assert!(listed.starts_with("NAME  MANAGED BY  VERSION  SAYS\n"), "{listed}");
    assert!(
        listed.contains("\np     file ") && listed.contains("\ns     api               1  {"),
        "{listed}"
    );
    let listed: Value = serde_json::from_str(&office.done(&["list", "--json"], "").await).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let shown: Value = serde_json::from_str(&office.done(&["get", "s"], "").await).unwrap();
    assert_eq!(shown["body"]["credentials"], json!(["(hidden /credentials/0)"]));
    assert_eq!(office.done(&["get", "s", "--json"], "").await.lines().count(), 1);
    write(&office.path("part.yaml"), "models: [m]\n");
    let changed = office.done(&["set", "s", "part.yaml", "--patch", "--json"], "").await;
    assert_eq!(serde_json::from_str::<Value>(&changed).unwrap()["version"], 2);
    assert_eq!(office.sent(1).await, [SECRETS[0]], "what is not named stays");
    assert!(office.refused(&["set", "p", "part.yaml", "--patch"], "").await.contains("(TG2018)"));
    assert!(office.refused(&["delete", "none"], "").await.contains("(TG2016)"));
    assert_eq!(office.done(&["delete", "s"], "").await, "deleted providers/s\n");
    assert_eq!(office.gateway.chat("s/m").await.status, 404);
    office.told_nothing().await;
}

#[tokio::test]
async fn credentials_come_from_variables_files_and_standard_input() {
    let mut office = Office::open().await;
    office.write_entry();
    write(&office.path("two"), &format!("{}\n", SECRETS[1]));
    let all = [
        &["set", "s", "s.json", "--credential-env", "THE_KEY"][..],
        &["--credential-file", "two", "--credential-stdin"],
    ]
    .concat();
    office.done(&all, &format!("{}\r\n", SECRETS[2])).await;
    let mut expected = SECRETS[..3].to_vec();
    expected.sort_unstable();
    assert_eq!(office.sent(9).await, expected);
    // Without an entry it keeps everything else.
    assert_eq!(
        office.done(&["set", "s", "--credential-env", "THE_KEY"], "").await,
        "changed providers/s, version 2\n"
    );
    assert_eq!(office.sent(3).await, [SECRETS[0]]);
    // A built-in provider needs no more than its credential.
    let made = office.done(&["set", "openai", "--credential-stdin"], SECRETS[3]).await;
    assert!(made.starts_with("made providers/openai, version "), "{made}");
    let shown: Value = serde_json::from_str(&office.done(&["get", "openai"], "").await).unwrap();
    assert_eq!(shown["body"], json!({"credentials": ["(hidden /credentials/0)"]}));
    // What looks like a reference is none where it is a secret.
    office.done(&["set", "s", "--credential-stdin"], "sk-${env:HOME}").await;
    assert_eq!(office.sent(1).await, ["sk-${env:HOME}"]);
    office.told_nothing().await;
}

#[tokio::test]
async fn what_is_no_credential_changes_nothing() {
    let mut office = Office::open().await;
    office.write_entry();
    office.done(&["set", "s", "s.json", "--credential-env", "THE_KEY"], "").await;
    let entry = format!("{{\"credentials\": [\"{}\"]}}", SECRETS[1]);
    write(&office.path("with.json"), &entry);
    write(&office.path("empty"), "\n");
    for (arguments, input, problem) in [
        (&["set", "s"][..], "", "<FILE|--file <FILE>"),
        (&["set", "s", "--credential-env", "NOT_SET"], "", "the environment variable NOT_SET is not set"),
        (&["set", "s", "--credential-file", "empty"], "", "empty is empty"),
        (&["set", "s", "--credential-file", "none"], "", "none cannot be read"),
        (&["set", "s", "--credential-stdin"], "", "standard input is empty"),
        (&["set", "s", "-", "--credential-stdin"], &entry, "and not both"),
        (&["set", "s", "s.json", "-f", "s.json"], "", "cannot be used with"),
        (&["set", "s", "with.json", "--credential-env", "THE_KEY"], "", "has `credentials` already"),
        (&["rotate", "s"], "", "--credential-env <NAME>"),
        (&["rotate", "s", "--credential-env", "THE_KEY", "--credential-env", "THE_KEY"], "", "there are 2"),
        (&["rotate", "s", "--credential-env", "THE_KEY", "--number", "2"], "", "there is no number 2 of 1"),
        (&["rotate", "none", "--credential-env", "THE_KEY"], "", "(TG2016)"),
        (&["rotate", "p", "--credential-env", "THE_KEY"], "", "(TG2018)"),
    ] {
        let told = office.refused(arguments, input).await;
        assert!(told.contains(problem), "{arguments:?}: {told}");
    }
    let shown: Value = serde_json::from_str(&office.done(&["get", "s"], "").await).unwrap();
    assert_eq!(shown["version"], 1);
    assert_eq!(office.sent(1).await, [SECRETS[0]]);
    office.told_nothing().await;
}

#[tokio::test]
async fn one_credential_is_rotated_and_the_next_request_has_the_new_one() {
    let mut office = Office::open().await;
    office.write_entry();
    write(&office.path("two"), SECRETS[1]);
    let two = ["set", "s", "s.json", "--credential-env", "THE_KEY", "--credential-file", "two"];
    office.done(&two, "").await;
    assert!(
        office
            .refused(&["rotate", "s", "--credential-stdin"], "x")
            .await
            .contains("it has 2; say with --number")
    );
    let rotated = office.done(&["rotate", "s", "--number", "2", "--credential-stdin"], SECRETS[2]).await;
    assert_eq!(rotated, "rotated s#2, version 2\n");
    assert_eq!(office.sent(6).await, [SECRETS[0], SECRETS[2]]);
    let rotated =
        office.done(&["rotate", "s", "--number", "1", "--credential-stdin", "--json"], SECRETS[3]).await;
    assert_eq!(serde_json::from_str::<Value>(&rotated).unwrap()["version"], 3);
    let mut expected = [SECRETS[2], SECRETS[3]];
    expected.sort_unstable();
    assert_eq!(office.sent(6).await, expected);
    office.told_nothing().await;
}
