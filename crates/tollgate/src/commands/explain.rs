//! `tollgate explain`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use inference::Question;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::BadInput;
use super::dry_run::DryRun;
use super::surroundings::{environment, loaded, say, warn};

/// The longest request.
const REQUEST_BYTES_MAX: u64 = 64 << 20;

/// Says where a request would go, and why, without calling anybody.
#[derive(Debug, Args)]
pub struct Explain {
    /// A file with the request's body, as JSON.
    request: PathBuf,
    /// The configuration file.
    #[arg(long, default_value = "tollgate.yaml")]
    config: PathBuf,
    /// The path that it would be posted to, which says its format.
    #[arg(long, default_value = "/v1/chat/completions")]
    path: String,
    /// A header of it: `x-tollgate-metadata: {"plan": "pro"}`. May be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The name of the key that it is made with; one that may do everything when left out.
    #[arg(long)]
    key: Option<String>,
    /// What is taken to be down: a provider, or `provider/model`. May be given several times.
    #[arg(long)]
    down: Vec<String>,
    /// When it is made, such as `2026-11-27T22:00:00Z`; now when left out.
    #[arg(long)]
    at: Option<Timestamp>,
    /// Prints the decision as JSON.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let body = body(&self.request).map_err(|error| BadInput::of(&error))?;
        let loaded = loaded(&self.config)?;
        loaded.warnings.iter().for_each(|warning| warn(warning));
        let dry_run = DryRun::of(&loaded)?;
        dry_run.begin(self.at);
        let key = dry_run.key(self.key.as_deref()).map_err(|error| BadInput::of(&error))?;
        let headers = self.headers.into_iter().collect::<BTreeMap<_, _>>();
        let question = Question { path: Some(self.path), headers, body, down: self.down };
        match dry_run.gateway().explain(&question, &key) {
            Ok(decision) if self.json => say(&json!({ "decision": decision }).to_string()),
            Ok(decision) => say(decision.to_string().trim_end()),
            Err(refused) if self.json => {
                let (status, code) = (refused.code.status(), refused.code.code());
                say(&json!({"refused": {"status": status, "code": code, "message": refused.message}})
                    .to_string());
            }
            Err(refused) => {
                say(&format!(
                    "refused with {} ({}): {}",
                    refused.code.status(),
                    refused.code.code(),
                    refused.message
                ));
            }
        }
        Ok(())
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("expected `name: value`")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn body(file: &Path) -> anyhow::Result<Value> {
    let name = file.display();
    let text = environment().file(file, REQUEST_BYTES_MAX);
    let text = text.map_err(|error| anyhow!("{name}: the file cannot be read: {error}"))?;
    serde_json::from_str(&text).with_context(|| format!("{name} is no JSON"))
}
