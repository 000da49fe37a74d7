//! Embeddings and reranking, case by case: one input, one snapshot with what it becomes in every format.
//!
//! A new case is a new file in `tests/golden/{embeddings,rerank}_convert/<format>/`: `requests/*.json` of clients, `answers/*.json`
//! of providers. Of a provider that takes one input at a time a case is the list of its answers.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use wire::convert::embeddings::{self, EmbeddingAnswer, EmbeddingClient, EmbeddingProvider};
use wire::convert::rerank::{self, RerankClient, RerankProvider};
use wire::convert::{ClientContext, Loss, Objection, Strictness};
use wire::json::Value;

const RERANKER: &str = "rerank-v3.5";

fn context() -> ClientContext {
    ClientContext {
        token: "0123456789abcdef".to_owned(),
        model: "asked-for".to_owned(),
        ..ClientContext::default()
    }
}

/// The cases of a format, by name; none where it has no folder.
fn cases(folder: &str, format: &str, kind: &str) -> Vec<(String, Vec<u8>)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder).join(format).join(kind);
    let files = fs::read_dir(folder).into_iter().flatten();
    let path = |entry: std::io::Result<fs::DirEntry>| entry.expect("the folder can be listed").path();
    let name = |path: &PathBuf| path.file_stem().expect("a case has a name").to_string_lossy().into_owned();
    let case = |path: PathBuf| (name(&path), fs::read(&path).expect("a case can be read"));
    let mut cases: Vec<_> = files.map(path).map(case).collect();
    cases.sort();
    cases
}

fn assert_snapshot(folder: &str, name: &str, text: &str) {
    let folder = format!("../golden/{folder}/snapshots");
    insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

fn compact(body: &[u8]) -> String {
    let value: Json = serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)));
    serde_json::to_string(&value).expect("a value can be written")
}

fn embedded(
    request: &[u8],
    pair: (EmbeddingClient, EmbeddingProvider),
) -> Result<embeddings::EmbeddingTranslation, Objection> {
    let value = Value::parse(request).expect("a case is JSON");
    embeddings::translate(&value, pair, "embed-v4", Strictness::Lenient, context())
}

/// What became of one request, or of one answer, by whom: those with the same are told together.
#[derive(Default)]
struct Outcomes(Vec<(String, String)>);

impl Outcomes {
    fn add(&mut self, name: &str, outcome: String) {
        match self.0.iter_mut().find(|(_, known)| *known == outcome) {
            Some((names, _)) => *names += &format!(", {name}"),
            None => self.0.push((name.to_owned(), outcome)),
        }
    }

    fn text(&self) -> String {
        let line = |line: &str| format!("    {line}\n");
        let outcome = |outcome: &str| outcome.lines().map(line).collect::<String>();
        self.0.iter().map(|(names, text)| format!("{names}\n{}", outcome(text))).collect()
    }
}

fn outcome(translated: Result<(&[Vec<u8>], &[Loss]), &Objection>) -> String {
    match translated {
        Ok((bodies, losses)) => {
            let bodies = bodies.iter().map(|body| compact(body) + "\n");
            let losses = losses.iter().map(|loss| format!("- {}: {}\n", loss.member, loss.what));
            bodies.chain(losses).collect()
        }
        Err(objection) => format!("refused at `{}`: {}", objection.path, objection.message),
    }
}

#[test]
fn requests_for_embeddings_become_requests_of_every_provider() {
    for client in EmbeddingClient::ALL {
        for (case, request) in cases("embeddings_convert", client.name(), "requests") {
            let mut outcomes = Outcomes::default();
            for provider in EmbeddingProvider::ALL {
                let translated = embedded(&request, (client, provider));
                let translated = translated.as_ref().map(|it| (it.bodies.as_slice(), it.losses.as_slice()));
                outcomes.add(provider.name(), outcome(translated));
            }
            let name = format!("request__{}__{case}", client.name());
            assert_snapshot("embeddings_convert", &name, &outcomes.text());
        }
    }
}

/// The smallest request for two vectors, in an encoding.
fn two(client: EmbeddingClient) -> Vec<&'static [u8]> {
    match client {
        EmbeddingClient::OpenAi => vec![
            br#"{"model":"m","input":["a","b"]}"#,
            br#"{"model":"m","input":["a","b"],"encoding_format":"base64"}"#,
        ],
        EmbeddingClient::Cohere => vec![
            br#"{"model":"m","texts":["a","b"],"embedding_types":["float","base64"]}"#,
            br#"{"model":"m","texts":["a","b"],"embedding_types":["int8"]}"#,
        ],
        EmbeddingClient::Gemini => {
            vec![br#"{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}"#]
        }
    }
}

/// The answers in a case: one, or those of several requests.
fn answers(case: &[u8]) -> Vec<Vec<u8>> {
    let value: Json = serde_json::from_slice(case).expect("a case is JSON");
    match value {
        Json::Array(answers) => answers.iter().map(|answer| answer.to_string().into_bytes()).collect(),
        answer => vec![answer.to_string().into_bytes()],
    }
}

#[test]
fn embeddings_become_answers_of_every_client() {
    for provider in EmbeddingProvider::ALL {
        for (case, answer) in cases("embeddings_convert", provider.name(), "answers") {
            let mut text = String::new();
            for client in EmbeddingClient::ALL {
                for request in two(client) {
                    let _ = writeln!(text, "{} {}", client.name(), String::from_utf8_lossy(request));
                    let line = match embedded(request, (client, provider)) {
                        Err(objection) => format!("refused at `{}`", objection.path),
                        Ok(translation) => {
                            let bodies = answers(&answer);
                            let answer = |body| EmbeddingAnswer { body, input_tokens: Some(7) };
                            let answers: Vec<_> = bodies.iter().map(|body| answer(body.as_slice())).collect();
                            match translation.answer(&answers) {
                                Ok((body, usage)) => format!("{}\n    {usage:?}", compact(&body)),
                                Err(malformed) => format!("malformed: {malformed}"),
                            }
                        }
                    };
                    let _ = writeln!(text, "    {line}");
                }
            }
            assert_snapshot("embeddings_convert", &format!("answer__{}__{case}", provider.name()), &text);
        }
    }
}

fn ranked(
    request: &[u8],
    pair: (RerankClient, RerankProvider),
) -> Result<rerank::RerankTranslation, Objection> {
    let value = Value::parse(request).expect("a case is JSON");
    rerank::translate(&value, pair, RERANKER, Strictness::Lenient, context())
}

#[test]
fn requests_for_an_order_become_requests_of_every_provider() {
    for client in RerankClient::ALL {
        for (case, request) in cases("rerank_convert", client.name(), "requests") {
            let mut outcomes = Outcomes::default();
            for provider in RerankProvider::ALL {
                let translated = ranked(&request, (client, provider));
                let translated =
                    translated.as_ref().map(|it| (std::slice::from_ref(&it.body), it.losses.as_slice()));
                outcomes.add(provider.name(), outcome(translated));
            }
            assert_snapshot(
                "rerank_convert",
                &format!("request__{}__{case}", client.name()),
                &outcomes.text(),
            );
        }
    }
}

#[test]
fn an_order_becomes_an_answer_of_every_client() {
    let request =
        br#"{"model":"m","query":"q","documents":["a",{"text":"b","n":1}],"return_documents":true}"#;
    for provider in RerankProvider::ALL {
        for (case, answer) in cases("rerank_convert", provider.name(), "answers") {
            let mut text = String::new();
            for client in RerankClient::ALL {
                let translation = ranked(request, (client, provider)).expect("it can be carried");
                let line = match translation.answer(&answer) {
                    Ok((body, usage)) => format!("{}\n    {usage:?}", compact(&body)),
                    Err(malformed) => format!("malformed: {malformed}"),
                };
                let _ = writeln!(text, "{}\n    {line}", client.name());
            }
            assert_snapshot("rerank_convert", &format!("answer__{}__{case}", provider.name()), &text);
        }
    }
}

/// The page for people is made from the tables; `TOLLGATE_BLESS=1` writes it.
#[test]
fn the_page_of_losses_is_what_the_code_does() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/retrieval.md");
    #[expect(clippy::disallowed_methods, reason = "a test reads how it was started")]
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(&page, wire::convert::retrieval_reference()).expect("the page can be written");
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == wire::convert::retrieval_reference(),
        "run `TOLLGATE_BLESS=1 cargo nextest run -p wire` and review the page"
    );
}
