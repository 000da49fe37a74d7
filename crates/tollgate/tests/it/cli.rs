//! The binary's commands, run as a person would.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use domain::KeyText;
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Client, EventStream, FakeProvider, Script, Step, scripts, within};

use crate::configuration::{SECRET, key, key_entry, one, provider};

/// The binary, with nothing of this process's environment.
pub(crate) fn tollgate(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.env_clear().current_dir(folder).args(arguments);
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    tollgate(folder, arguments).output().unwrap()
}

pub(crate) fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn complaint(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub(crate) fn write(folder: &Path, configuration: &Value) {
    std::fs::write(folder.join("tollgate.yaml"), configuration.to_string()).unwrap();
}

#[test]
fn check_says_what_is_there_or_everything_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &json!({"keys": [key_entry(1, json!({}))], "providers": {"openai": {"credentials": [SECRET]}}}),
    );
    let good = run(folder.path(), &["check", "tollgate.yaml"]);
    assert!(good.status.success(), "{}", complaint(&good));
    assert!(out(&good).contains("1 live providers, 0 routes, 1 keys"), "{}", out(&good));
    let wrong = "providers:\n  openai:\n    credentails: [x]\nroutes:\n  r: {target: nobody/m}\nkeys:\n  - {name: a, hash: b}\n";
    std::fs::write(folder.path().join("wrong.yaml"), wrong).unwrap();
    let bad = run(folder.path(), &["check", "wrong.yaml"]);
    assert_eq!(bad.status.code(), Some(1));
    for part in ["wrong.yaml:3", "credentials"] {
        assert!(complaint(&bad).contains(part), "{part} is not in {}", complaint(&bad));
    }
    let missing = run(folder.path(), &["check", "missing.yaml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(complaint(&missing).contains("missing.yaml"));
}

#[test]
fn the_schema_is_json_and_describes_every_section() {
    let folder = tempfile::tempdir().unwrap();
    let schema: Value = serde_json::from_slice(&run(folder.path(), &["schema", "config"]).stdout).unwrap();
    for section in ["server", "limits", "upstream", "providers", "routes", "defaults", "keys", "state", "log"]
    {
        assert!(schema["properties"].get(section).is_some(), "{section}");
    }
}

#[test]
fn a_new_key_fits_its_hash_and_is_never_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let new = || -> Value {
        serde_json::from_slice(&run(folder.path(), &["key", "new", "team-a", "--json"]).stdout).unwrap()
    };
    let (one, other) = (new(), new());
    assert_eq!(one["name"], "team-a");
    let key = one["key"].as_str().unwrap();
    assert!(KeyText::is_well_formed(key));
    assert_eq!(one["hash"], domain::KeyHash::of(key).to_string());
    assert_ne!(one["key"], other["key"]);
    let shown = run(folder.path(), &["key", "new"]);
    assert!(out(&shown).contains("key tg-") && out(&shown).contains("hash: blake3:"), "{}", out(&shown));
}

#[test]
fn a_new_control_key_comes_with_a_section_that_loads() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        run(folder.path(), &["key", "new", "ops", "--control", "--role", "admin", "--environment", "prod"]);
    let (key, section) = out(&made).split_once("\n\n").unwrap();
    let key = key.lines().next().unwrap().strip_prefix("key ").unwrap();
    assert!(KeyText::is_well_formed(key) && KeyText::is_for_control(key));
    std::fs::write(folder.path().join("tollgate.yaml"), section).unwrap();
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.success() && section.contains(&domain::KeyHash::of(key).to_string()));
    for wrong in [&["--control"][..], &["--role", "admin"], &["--control", "--role", "admin", "--aws"]] {
        assert!(!run(folder.path(), &[&["key", "new", "ops"], wrong].concat()).status.success());
    }
}

#[test]
fn the_providers_that_are_known_are_listed_with_those_that_are_live() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        tollgate(folder.path(), &["provider", "known"]).env("OPENAI_API_KEY", SECRET).output().unwrap();
    let lines: Vec<&str> = out(&output).lines().collect();
    assert!(lines.len() >= 28, "{lines:?}");
    let is_live = |name: &str| {
        let line = lines.iter().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        line.split_whitespace().nth(1) == Some("live")
    };
    assert!(is_live("openai") && !is_live("anthropic") && !is_live("groq"));
    assert!(!out(&output).contains(SECRET));
}

#[tokio::test]
async fn provider_check_calls_and_says_what_works() {
    let fake = FakeProvider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut configuration = one(&fake);
    configuration["keys"] = json!([key_entry(1, json!({}))]);
    write(folder.path(), &configuration);
    let path = folder.path().to_owned();
    let check = |model: &'static str| {
        let path = path.clone();
        let work =
            move || run(&path, &["provider", "check", "p", "--config", "tollgate.yaml", "--model", model]);
        async { within("the check", tokio::task::spawn_blocking(work)).await.unwrap() }
    };
    let good = check("echo").await;
    assert!(good.status.success(), "{} {}", out(&good), complaint(&good));
    for part in [
        "ok   chat_completions",
        "ok   chat_completions, streamed",
        "ok   messages",
        "ok   responses, streamed",
    ] {
        assert!(out(&good).contains(part), "{part} is not in {}", out(&good));
    }
    fake.keep_answering(scripts::error(401, &format!("incorrect key {SECRET}")));
    let bad = check("echo").await;
    assert_eq!(bad.status.code(), Some(1));
    assert!(out(&bad).contains("FAIL chat_completions") && out(&bad).contains("status 401"), "{}", out(&bad));
    assert!(!out(&bad).contains(SECRET) && !complaint(&bad).contains(SECRET));
    fake.keep_answering(scripts::json(&json!({"object": "something else"})));
    let other = check("echo").await;
    assert!(out(&other).contains("FAIL models"), "{}", out(&other));
}

#[tokio::test]
async fn provider_check_signs_in_and_tries_what_there_is_for_the_model() {
    let fake = FakeProvider::start().await;
    let issuer = FakeProvider::always(scripts::json(&json!({"access_token": "t-1", "expires_in": 60}))).await;
    let folder = tempfile::tempdir().unwrap();
    let configuration = json!({
        "keys": [key_entry(1, json!({}))],
        "providers": {"p": {
            "base_url": fake.base_url(),
            "endpoints": {"models": "/models"},
            "variants": [
                {
                    "models": ["echo"],
                    "endpoints": {"messages": "/messages"},
                    "body": {"set": {"metadata": {"user_id": "check"}}},
                },
                {"models": ["other"], "endpoints": {"chat_completions": "/chat/completions"}},
            ],
            "sign_in": {"oauth": {
                "token_url": format!("{}/token", issuer.base_url()), "client_id": "c", "client_secret": "s",
            }},
        }},
    });
    write(folder.path(), &configuration);
    let path = folder.path().to_owned();
    let work =
        move || run(&path, &["provider", "check", "p", "--config", "tollgate.yaml", "--model", "echo"]);
    let good = within("the check", tokio::task::spawn_blocking(work)).await.unwrap();
    assert!(good.status.success(), "{} {}", out(&good), complaint(&good));
    assert!(out(&good).contains("ok   messages, streamed"), "{}", out(&good));
    assert!(!out(&good).contains("chat_completions"), "{}", out(&good));
    let asked = fake.requests();
    assert!(asked.iter().all(|request| request.headers["authorization"] == "Bearer t-1"));
    let bodies = asked.iter().filter(|request| request.path.ends_with("/messages"));
    let bodies: Vec<Value> = bodies.map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert!(
        bodies.len() == 2 && bodies.iter().all(|body| body["metadata"]["user_id"] == "check"),
        "{bodies:?}"
    );
}

#[tokio::test]
async fn provider_check_draws_and_speaks_with_the_models_that_are_named() {
    let images = FakeProvider::always(scripts::json(&json!({"images": ["QQ=="]}))).await;
    let head = Step::head(StatusCode::OK, "audio/mpeg");
    let speech = FakeProvider::always(Script::new(vec![head, Step::Bytes("ID3".into())])).await;
    let mut entry = provider(images.base_url());
    entry["endpoints"] = json!({"stability_images": "/model/{model}/invoke"});
    let mut spoken = provider(speech.base_url());
    spoken["endpoints"] = json!({"elevenlabs_speech": "/{voice}", "deepgram_speech": "/speak?tag=t"});
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &json!({"providers": {"p": entry, "q": spoken}}));
    let path = folder.path().to_owned();
    let check = |arguments: &'static [&str]| {
        let path = path.clone();
        let work =
            move || run(&path, &[&["provider", "check", "--config", "tollgate.yaml"], arguments].concat());
        async { within("the check", tokio::task::spawn_blocking(work)).await.unwrap() }
    };
    let drawn = check(&["p", "--image-model", "m"]).await;
    assert!(out(&drawn).contains("ok   stability_images"), "{} {}", out(&drawn), complaint(&drawn));
    assert!(images.only_request().path.ends_with("/model/m/invoke"));
    let heard = check(&["q", "--speech-model", "m", "--voice", "v 1"]).await;
    for part in ["ok   elevenlabs_speech", "ok   deepgram_speech", "3 bytes of audio/mpeg"] {
        assert!(out(&heard).contains(part), "{part} is not in {} {}", out(&heard), complaint(&heard));
    }
    let asked: Vec<String> =
        speech.requests().iter().map(|request| format!("{}?{}", request.path, request.query)).collect();
    assert_eq!(asked, ["/v1/v%201?", "/v1/speak?tag=t&model=m"]);
    speech.keep_answering(scripts::json(&json!({"request_id": "r"})));
    let silent = check(&["q", "--speech-model", "m"]).await;
    assert_eq!(silent.status.code(), Some(1));
    assert!(
        out(&silent).contains("FAIL deepgram_speech") && !out(&silent).contains("elevenlabs"),
        "{}",
        out(&silent)
    );
}

#[test]
fn a_provider_check_that_can_try_nothing_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let mut p = provider("http://127.0.0.1:1/v1");
    p["endpoints"] = json!({"chat_completions": "/chat/completions"});
    write(folder.path(), &json!({"providers": {"p": p}}));
    let checked = run(folder.path(), &["provider", "check", "p", "--config", "tollgate.yaml"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(complaint(&checked).contains("name one with --model"), "{}", complaint(&checked));
}

#[test]
fn whoever_has_heard_enough_harms_no_command() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = tollgate(folder.path(), &["provider", "known"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
}

/// A child that does not outlive its test.
pub(crate) struct Serving {
    process: Child,
    /// Reads what it logs, so that it never waits for that.
    log: Option<JoinHandle<String>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Serving {
    /// Starts the server and reads what it says up to the key, or up to the providers where there is no first key.
    pub(crate) fn start(folder: &Path, last_line: &str) -> (Self, Vec<String>) {
        Self::start_with(folder, &[], last_line)
    }

    /// The same with further arguments.
    pub(crate) fn start_with(folder: &Path, arguments: &[&str], last_line: &str) -> (Self, Vec<String>) {
        let mut command = tollgate(folder, &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let serving = Self { process: child, log: Some(log) };
        let mut said = Vec::new();
        for line in BufReader::new(stdout).lines() {
            said.push(line.unwrap());
            if said.last().is_some_and(|line| line.starts_with(last_line)) {
                break;
            }
        }
        (serving, said)
    }

    /// Sends SIGTERM.
    fn terminate(&self) {
        let process = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    }

    /// Sends SIGTERM and waits; the exit code and the log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.terminate();
        let code = self.process.wait().unwrap().code();
        (code, self.log.take().unwrap().join().unwrap())
    }
}

pub(crate) fn after<'a>(said: &'a [String], start: &str) -> &'a str {
    said.iter()
        .find_map(|line| line.strip_prefix(start))
        .unwrap_or_else(|| panic!("no {start:?} in {said:?}"))
}

pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    within("the process", tokio::task::spawn_blocking(work)).await.unwrap()
}

#[tokio::test]
async fn a_first_start_makes_a_key_serves_and_ends_well_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let (serving, said) = blocking({
        let path = path.clone();
        move || Serving::start(&path, "key ")
    })
    .await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let key = after(&said, "key ").to_owned();
    assert!(after(&said, "live providers: ").contains("scripted"));
    let request = scripts::request(EventStream::Chat, "scripted/echo", false).to_string();
    let answer = Client::new(address).with_key(&key).post("/v1/chat/completions", request).answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let file = std::fs::read_to_string(path.join("tollgate.yaml")).unwrap();
    assert!(file.contains(&domain::KeyHash::of(&key).to_string()) && !file.contains(&key));
    let (code, log) = blocking(|| serving.stop()).await;
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(&key), "{log}");
    let (serving, said) = blocking(move || Serving::start(&path, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let models = Client::new(address).with_key(&key).get("/v1/models").answer().await;
    assert_eq!(models.status, 200, "the first key still works after a second start");
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
}

#[tokio::test]
async fn who_asks_twice_does_not_wait_for_open_requests() {
    let fake = FakeProvider::always(scripts::hang()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut configuration = one(&fake);
    configuration["keys"] = json!([key_entry(1, json!({}))]);
    write(folder.path(), &configuration);
    let path = folder.path().to_owned();
    let (serving, said) = blocking(move || Serving::start(&path, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let client = Client::new(address).with_key(key(1).reveal());
    let request = scripts::request(EventStream::Chat, "p/m", false).to_string();
    let waiting = tokio::spawn(client.post("/v1/chat/completions", request).try_open());
    fake.was_asked(1).await;
    serving.terminate();
    // The request that hangs would hold the drain for half a minute, and `within` waits ten seconds.
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
    waiting.abort();
}

#[tokio::test]
async fn the_log_names_who_failed_and_never_a_secret() {
    let fake = FakeProvider::always(scripts::error(500, &format!("the key {SECRET} broke me"))).await;
    let folder = tempfile::tempdir().unwrap();
    let mut configuration = one(&fake);
    configuration["keys"] = json!([key_entry(1, json!({}))]);
    configuration["log"] = json!({"format": "json", "requests": "all"});
    write(folder.path(), &configuration);
    let path = folder.path().to_owned();
    let (serving, said) = blocking(move || Serving::start(&path, "live providers")).await;
    let address: SocketAddr = after(&said, "listening on http://").parse().unwrap();
    let key = key(1);
    let client = Client::new(address).with_key(key.reveal());
    let request = scripts::request(EventStream::Chat, "p/m", false).to_string();
    let answer = client.post("/v1/chat/completions", request).answer().await;
    assert_eq!(answer.status, 502);
    let refused = client.post("/v1/chat/completions", "{").answer().await;
    assert_eq!(refused.status, 400);
    let (_, log) = blocking(|| serving.stop()).await;
    for answer in [answer, refused] {
        assert!(log.contains(answer.header("x-tollgate-request-id")), "{log}");
    }
    assert!(!log.contains(SECRET) && !log.contains(key.reveal()), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["provider"] == "p"), "{log}");
}

#[test]
fn a_wrong_configuration_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tollgate.yaml"), "limits: {body_bytes_max: many}\n").unwrap();
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("tollgate.yaml:1"), "{}", complaint(&output));
}
