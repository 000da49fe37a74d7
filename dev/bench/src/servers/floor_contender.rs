//! The floor as a server under test: this executable started again as [`super::floor`].

use std::net::SocketAddr;
use std::path::PathBuf;

use super::answers::MODEL;
use super::{Address, Contender, Errand, Site};
use crate::process::Launch;

/// Starts the floor from this executable.
#[derive(Debug)]
pub(crate) struct Floor {
    executable: PathBuf,
}

impl Floor {
    /// Takes the path of this executable.
    pub(crate) fn new(executable: PathBuf) -> Self {
        Self { executable }
    }
}

impl Contender for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn description(&self) -> &str {
        "a bare reverse proxy on hyper and the pooled client of hyper-util, in the versions of this workspace; it looks at nothing"
    }

    fn launch(&self, site: Site<'_>) -> anyhow::Result<Launch> {
        let (listen, provider) = (site.listen.to_string(), site.provider.to_string());
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 5] =
            [&"floor", &"--listen", &listen, &"--upstream", &provider];
        Ok(site.launch(self.name(), self.executable.clone(), &arguments))
    }

    fn ready_path(&self) -> &'static str {
        "/readyz"
    }

    fn address(&self, errand: Errand, _provider: SocketAddr) -> Option<Address> {
        let (scenario, format) = match errand {
            Errand::Straight(scenario, format) => (scenario, format),
            // It looks at nothing, so it passes the same bytes on.
            Errand::Translated { scenario, client, .. } => (scenario, client),
            Errand::Rescued => return None,
        };
        Some(Address {
            path: format!("{}{}", scenario.base_path(), format.endpoint()),
            headers: Vec::new(),
            model: format!("bench/{MODEL}"),
        })
    }
}
