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

/// Its HTTP server for Node, held back: 1.14 and later hand out headers that this version of the gateway cannot change, and every
/// stream becomes a 500.
const NODE_SERVER: (&str, &str) = ("@hono/node-server", "1.13.8");

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
        let manifest = manifest();
        let installed = fs::read_to_string(home.join("package.json")).unwrap_or_default();
        if installed != manifest || !package.exists() {
            fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
            fs::write(home.join("package.json"), &manifest).context("cannot write the manifest of a peer")?;
            run("npm", &["install", "--silent", "--ignore-scripts", "--prefix", &home.to_string_lossy()])?;
        }
        let script = package.join("build").join("start-server.js");
        let script =
            fs::canonicalize(&script).with_context(|| format!("there is no {}", script.display()))?;
        let description = format!(
            "Portkey gateway {VERSION} from npm with {} {}, one process, no authentication, configured by headers",
            NODE_SERVER.0, NODE_SERVER.1
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
            Errand::Straight(..) | Errand::Translated { .. } => return None,
        };
        Some(Address { path: "/v1/chat/completions".to_owned(), headers, model: MODEL.to_owned() })
    }
}

/// What npm shall install: the gateway, and the held-back server below it.
fn manifest() -> String {
    let (server, version) = NODE_SERVER;
    let manifest =
        json!({ "private": true, "dependencies": { PACKAGE: VERSION }, "overrides": { server: version } });
    format!("{manifest}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> Portkey {
        Portkey { script: PathBuf::from("start-server.js"), description: String::new() }
    }

    #[test]
    fn the_provider_is_named_in_headers() {
        let provider = SocketAddr::from(([127, 0, 0, 1], 9));
        let errand = Errand::Straight(Scenario::Held, Format::Chat);
        let address = gateway().address(errand, provider).unwrap();
        let host = ("x-portkey-custom-host".to_owned(), "http://127.0.0.1:9/held/v1".to_owned());
        assert!(address.headers.contains(&host));
    }

    #[test]
    fn a_rescue_is_a_configuration_in_one_header() {
        let provider = SocketAddr::from(([127, 0, 0, 1], 9));
        let address = gateway().address(Errand::Rescued, provider).unwrap();
        let route: serde_json::Value = serde_json::from_str(&address.headers[0].1).unwrap();
        assert_eq!(route["strategy"]["mode"], "fallback");
        assert_eq!(route["targets"][0]["custom_host"], "http://127.0.0.1:9/failing/v1");
    }

    #[test]
    fn the_manifest_pins_both_packages() {
        let manifest: serde_json::Value = serde_json::from_str(&manifest()).unwrap();
        assert_eq!(manifest["dependencies"][PACKAGE], VERSION);
        assert_eq!(manifest["overrides"][NODE_SERVER.0], NODE_SERVER.1);
    }
}
