//! Tollgate as a server under test, with authentication, metrics and usage metering switched on.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::answers::MODEL;
use super::{Address, Contender, Errand, PROVIDER_SECRET, Site, scenarios};
use crate::process::Launch;
use crate::scenario::{Format, Scenario};

/// The route whose first target always fails.
const RESCUED_ROUTE: &str = "rescued";

/// A built executable and a key made with it.
#[derive(Debug)]
pub(crate) struct Tollgate {
    executable: PathBuf,
    key: Key,
    description: String,
}

/// A client key: its text, and the hash that the configuration holds.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    text: String,
    hash: String,
}

impl Tollgate {
    /// Asks the executable for its version and for a new key.
    pub(crate) fn new(executable: &Path) -> anyhow::Result<Self> {
        let executable = fs::canonicalize(executable).with_context(|| {
            format!("there is no {}; build it with `cargo build --release`", executable.display())
        })?;
        let version = output(&executable, &["--version"])?;
        let key = Key::parse(&output(&executable, &["key", "new"])?)?;
        let description = format!("{}; authentication, metrics and usage metering on", version.trim());
        Ok(Self { executable, key, description })
    }
}

impl Contender for Tollgate {
    fn name(&self) -> &'static str {
        "tollgate"
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn launch(&self, site: Site<'_>) -> anyhow::Result<Launch> {
        let file = site.folder.join("tollgate.yaml");
        fs::write(&file, configuration(site.provider, &self.key.hash))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let listen = site.listen.to_string();
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 5] =
            [&"serve", &"--config", &file, &"--listen", &listen];
        Ok(site.launch(self.name(), self.executable.clone(), &arguments))
    }

    fn ready_path(&self) -> &'static str {
        "/readyz"
    }

    fn address(&self, errand: Errand, _provider: SocketAddr) -> Option<Address> {
        let model = match errand {
            Errand::Straight(scenario, _) => format!("{}/{MODEL}", provider_name(scenario)),
            Errand::Translated { scenario, provider, .. } => {
                format!("{}/{MODEL}", translated_name(scenario, provider))
            }
            Errand::Rescued => RESCUED_ROUTE.to_owned(),
        };
        Some(Address {
            path: format!("/v1{}", errand.format().endpoint()),
            headers: vec![("authorization".to_owned(), format!("Bearer {}", self.key.text))],
            model,
        })
    }
}

impl Key {
    /// Finds the key's text (`tg-…`) and hash (`blake3:…`) in what `tollgate key new` prints, as text or JSON.
    fn parse(output: &str) -> anyhow::Result<Self> {
        let mut words =
            output.split(|character: char| !(character.is_ascii_alphanumeric() || "-:".contains(character)));
        let text = words.clone().find(|word| word.starts_with("tg-") && word.len() > 40);
        let hash = words.find(|word| word.starts_with("blake3:"));
        match (text, hash) {
            (Some(text), Some(hash)) => Ok(Self { text: text.to_owned(), hash: hash.to_owned() }),
            _ => bail!("`tollgate key new` printed no key (tg-…) with its hash (blake3:…): {output}"),
        }
    }
}

fn output(executable: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(executable)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run {}", executable.display()))?;
    if !output.status.success() {
        bail!(
            "{} {} failed: {}",
            executable.display(),
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The name in the configuration of the provider that behaves like `scenario`.
fn provider_name(scenario: Scenario) -> String {
    if scenario == Scenario::Whole { "bench".to_owned() } else { format!("bench-{}", scenario.name()) }
}

/// The same, of one that speaks only this format.
fn translated_name(scenario: Scenario, format: Format) -> String {
    format!("{}-{}", provider_name(scenario), format.name())
}

/// Where one format is spoken, as the configuration has it.
fn endpoints(format: Format) -> String {
    match format {
        Format::Chat => format!("{{ chat_completions: {} }}", format.endpoint()),
        Format::Messages => format!("{{ messages: {} }}", format.endpoint()),
        Format::Gemini => format!(
            "{{ generate_content: \"{}\", stream_generate_content: \"{}\" }}",
            format.endpoint(),
            format.stream_endpoint()
        ),
        Format::Converse => format!(
            "{{ converse: \"{}\", converse_stream: \"{}\" }}",
            format.endpoint(),
            format.stream_endpoint()
        ),
    }
}

/// One provider for each behaviour, all of them the same process; a route that has to fall back; the key.
fn configuration(provider: SocketAddr, key_hash: &str) -> String {
    let both = format!(
        "{{ chat_completions: {}, messages: {} }}",
        Format::Chat.endpoint(),
        Format::Messages.endpoint()
    );
    let entry = |name: &str, scenario: Scenario, endpoints: &str| {
        format!(
            "  {name}:
    base_url: http://{provider}{}
    auth: {{ scheme: bearer }}
    credentials: [\"{PROVIDER_SECRET}\"]
    endpoints: {endpoints}
    models: [\"{MODEL}\"]
",
            scenario.base_path()
        )
    };
    let mut text = String::from("providers:\n");
    for scenario in scenarios() {
        text.push_str(&entry(&provider_name(scenario), scenario, &both));
        for format in Format::ALL {
            text.push_str(&entry(&translated_name(scenario, format), scenario, &endpoints(format)));
        }
    }
    text.push_str(&format!(
        "routes:
  {RESCUED_ROUTE}:
    strategy: {{ mode: fallback }}
    targets:
      - {{ provider: {}, model: {MODEL} }}
      - {{ provider: {}, model: {MODEL} }}
keys:
  - name: bench
    hash: \"{key_hash}\"
    models: [\"*\"]
",
        provider_name(Scenario::Failing),
        provider_name(Scenario::Whole),
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "tg-0123456789abcdefghijABCDEFGHIJ0123456789abcdefghi";

    #[test]
    fn a_key_is_found_in_text_and_in_json() {
        let expected = Key { text: TEXT.to_owned(), hash: "blake3:00ff".to_owned() };
        for output in [
            format!("key:  {TEXT}\nhash: \"blake3:00ff\"\n"),
            format!("{{\"hash\":\"blake3:00ff\",\"key\":\"{TEXT}\"}}"),
        ] {
            assert_eq!(Key::parse(&output).unwrap(), expected);
        }
        assert!(Key::parse("no key here").is_err());
    }

    #[test]
    fn every_model_that_is_asked_for_is_in_the_configuration() {
        let provider = SocketAddr::from(([127, 0, 0, 1], 9));
        let text = configuration(provider, "blake3:00");
        for scenario in scenarios() {
            assert!(text.contains(&format!(
                "  {}:\n    base_url: http://{provider}{}\n",
                provider_name(scenario),
                scenario.base_path()
            )));
        }
        assert!(text.contains("  rescued:\n"));
    }
}
