//! LiteLLM's proxy as a server under test: pinned from PyPI into a virtual environment, one worker, no database.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use super::answers::MODEL;
use super::{Address, Contender, Errand, PROVIDER_SECRET, Site, scenarios};
use crate::process::Launch;
use crate::process::pinning::run;
use crate::scenario::{Format, Scenario};

/// The version that is installed.
const VERSION: &str = "1.106.2";

const MASTER_KEY: &str = "sk-bench-master";

/// An installed LiteLLM.
#[derive(Debug)]
pub(crate) struct LiteLlm {
    executable: PathBuf,
    description: String,
}

impl LiteLlm {
    /// Installs it below `folder`, unless this version is there already.
    pub(crate) fn install(folder: &Path) -> anyhow::Result<Self> {
        let home = folder.join("litellm");
        let bin = home.join("bin");
        let executable = bin.join("litellm");
        let package = format!("litellm[proxy]=={VERSION}");
        if !is_installed(&bin.join("python")) {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            run("python3", &["-m", "venv", &home.to_string_lossy()])?;
            run(&bin.join("pip").to_string_lossy(), &["install", "--quiet", &package])?;
        }
        let executable =
            fs::canonicalize(&executable).with_context(|| format!("there is no {}", executable.display()))?;
        let description = format!("LiteLLM {VERSION} from PyPI, one worker, master key, no database");
        Ok(Self { executable, description })
    }
}

impl Contender for LiteLlm {
    fn name(&self) -> &'static str {
        "litellm"
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn launch(&self, site: Site<'_>) -> anyhow::Result<Launch> {
        let file = site.folder.join("litellm.yaml");
        fs::write(&file, configuration(site.provider))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let port = site.listen.port().to_string();
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 9] = [
            &"--config",
            &file,
            &"--host",
            &"127.0.0.1",
            &"--port",
            &port,
            &"--num_workers",
            &"1",
            &"--telemetry=False",
        ];
        let mut launch = site.launch(self.name(), self.executable.clone(), &arguments);
        launch.environment = vec![
            ("LITELLM_MASTER_KEY", MASTER_KEY.to_owned()),
            ("LITELLM_LOG", "ERROR".to_owned()),
            ("LITELLM_LOCAL_MODEL_COST_MAP", "True".to_owned()),
        ];
        Ok(launch)
    }

    fn ready_path(&self) -> &'static str {
        "/health/liveliness"
    }

    fn ready_limit(&self) -> Duration {
        Duration::from_secs(120)
    }

    fn address(&self, errand: Errand, _provider: SocketAddr) -> Option<Address> {
        let model = match errand {
            Errand::Straight(scenario, Format::Chat) => scenario.name(),
            Errand::Rescued => Scenario::Failing.name(),
            Errand::Straight(..) | Errand::Translated { .. } => return None,
        };
        Some(Address {
            path: "/v1/chat/completions".to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {MASTER_KEY}"))],
            model,
        })
    }
}

fn is_installed(python: &Path) -> bool {
    let check = format!("import importlib.metadata as m, sys; sys.exit(m.version('litellm') != '{VERSION}')");
    Command::new(python).args(["-c", &check]).output().is_ok_and(|output| output.status.success())
}

/// One model for each behaviour; the failing one falls back to the whole one.
fn configuration(provider: SocketAddr) -> String {
    let mut text = String::from("model_list:\n");
    for scenario in scenarios() {
        text.push_str(&format!(
            "  - model_name: {}\n    litellm_params: {{ model: openai/{MODEL}, api_base: \"http://{provider}{}\", api_key: {PROVIDER_SECRET} }}\n",
            scenario.name(),
            scenario.base_path()
        ));
    }
    text.push_str(&format!(
        "litellm_settings:\n  num_retries: 0\n  fallbacks: [{{ {}: [{}] }}]\nrouter_settings:\n  num_retries: 0\n",
        Scenario::Failing.name(),
        Scenario::Whole.name()
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_that_is_asked_for_is_in_the_configuration() {
        let provider = SocketAddr::from(([127, 0, 0, 1], 9));
        let gateway = LiteLlm { executable: PathBuf::from("litellm"), description: String::new() };
        let text = configuration(provider);
        for scenario in scenarios() {
            let address = gateway.address(Errand::Straight(scenario, Format::Chat), provider).unwrap();
            assert!(text.contains(&format!("  - model_name: {}\n", address.model)));
            assert!(text.contains(&format!("api_base: \"http://{provider}{}\"", scenario.base_path())));
        }
        assert!(text.contains("fallbacks: [{ failing: [whole] }]"));
    }
}
