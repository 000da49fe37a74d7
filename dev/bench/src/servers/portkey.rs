//! Portkey's open gateway as a server under test: pinned from npm, on Node, configured by headers alone.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use super::answers::MODEL;
use super::{Address, Contender, Errand, PROVIDER_SECRET, Site};
use crate::process::Launch;
use crate::process::pinning::run;
use crate::scenario::{Format, Scenario};

const PACKAGE: &str = "@portkey-ai/gateway";

/// The version that is installed.
const VERSION: &str = "1.15.2";

/// An installed Portkey gateway.
#[derive(Debug)]
pub(crate) struct Portkey {
    script: PathBuf,
    description: String,
}

impl Portkey {
    /// Installs it below `folder`, unless this version is there already.
    pub(crate) fn install(folder: &Path) -> anyhow::Result<Self> {
        let home = folder.join("portkey");
        let package = home.join("node_modules").join(PACKAGE);
        if installed_version(&package).as_deref() != Some(VERSION) {
            fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
            let pinned = format!("{PACKAGE}@{VERSION}");
            run(
                "npm",
                &[
                    "install",
                    "--silent",
                    "--prefix",
                    &home.to_string_lossy(),
                    &pinned,
                ],
            )?;
        }
        let script = package.join("build").join("start-server.js");
        let script =
            fs::canonicalize(&script).with_context(|| format!("there is no {}", script.display()))?;
        let description = format!(
            "Portkey gateway {VERSION} from npm, one process, no authentication, configured by headers"
        );
        Ok(Self { script, description })
    }
}

impl Contender for Portkey {
    fn name(&self) -> &'static str {
        "portkey"
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn launch(&self, site: Site<'_>) -> anyhow::Result<Launch> {
        let port = format!("--port={}", site.listen.port());
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 3] = [&self.script, &port, &"--headless"];
        let mut launch = site.launch(self.name(), PathBuf::from("node"), &arguments);
        launch.environment = vec![("NODE_ENV", "production".to_owned())];
        Ok(launch)
    }

    fn ready_path(&self) -> &'static str {
        "/"
    }

    fn ready_limit(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn address(&self, errand: Errand, provider: SocketAddr) -> Option<Address> {
        let base = |scenario: Scenario| format!("http://{provider}{}", scenario.base_path());
        let target = |scenario| json!({ "provider": "openai", "custom_host": base(scenario), "api_key": PROVIDER_SECRET });
        let header = |name: &str, text: String| (name.to_owned(), text);
        let headers = match errand {
            Errand::Straight(scenario, Format::Chat) => vec![
                header("x-portkey-provider", "openai".to_owned()),
                header("x-portkey-custom-host", base(scenario)),
                header("authorization", format!("Bearer {PROVIDER_SECRET}")),
            ],
            Errand::Rescued => {
                let targets = [target(Scenario::Failing), target(Scenario::Whole)];
                let route = json!({ "strategy": { "mode": "fallback" }, "targets": targets });
                vec![header("x-portkey-config", route.to_string())]
            }
            Errand::Straight(_, Format::Messages) | Errand::Translated => return None,
        };
        Some(Address {
            path: "/v1/chat/completions".to_owned(),
            headers,
            model: MODEL.to_owned(),
        })
    }
}

fn installed_version(package: &Path) -> Option<String> {
    let manifest = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).ok()?;
    manifest["version"].as_str().map(str::to_owned)
}
