//! The servers of a benchmark: those that it compares, and the provider behind them all.

mod answers;
pub(crate) mod fake_provider;
pub(crate) mod floor;
mod floor_contender;
mod litellm;
mod portkey;
mod tollgate;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::Launch;
use crate::scenario::{Format, Scenario};

pub(crate) use floor_contender::Floor;
pub(crate) use litellm::LiteLlm;
pub(crate) use portkey::Portkey;
pub(crate) use tollgate::Tollgate;

/// The secret that gateways send to the fake provider, which does not look at it.
const PROVIDER_SECRET: &str = "sk-bench";

/// What a request shall show, beyond its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The client's format is the provider's.
    Straight(Scenario, Format),
    /// The client's format has to become the provider's.
    Translated {
        /// What the provider does.
        scenario: Scenario,
        /// The client's format.
        client: Format,
        /// The provider's format.
        provider: Format,
    },
    /// The first target always fails, the second answers.
    Rescued,
}

impl Errand {
    /// The format that the client speaks.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Straight(_, format) | Self::Translated { client: format, .. } => format,
            Self::Rescued => Format::Chat,
        }
    }

    /// Whether the request asks for a stream.
    pub(crate) fn is_stream(self) -> bool {
        let (Self::Straight(scenario, _) | Self::Translated { scenario, .. }) = self else { return false };
        scenario.is_stream()
    }
}

/// How one server is told what to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Path of the endpoint.
    pub(crate) path: String,
    /// Headers, with the client's authentication where the server has one.
    pub(crate) headers: Vec<(String, String)>,
    /// The text of `model`.
    pub(crate) model: String,
}

/// Where a server that is to be started finds things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'a> {
    /// Where it shall listen.
    pub(crate) listen: SocketAddr,
    /// The fake provider.
    pub(crate) provider: SocketAddr,
    /// A folder for its files.
    pub(crate) folder: &'a Path,
    /// Its core.
    pub(crate) core: usize,
}

/// A server under test.
pub(crate) trait Contender {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// Its version and what is switched on in it, for the table's notes.
    fn description(&self) -> &str;

    /// Writes its configuration and says how to start it.
    fn launch(&self, site: Site<'_>) -> anyhow::Result<Launch>;

    /// The path that answers 200 once it serves.
    fn ready_path(&self) -> &'static str;

    /// How long it may take to start.
    fn ready_limit(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// How to send a request on `errand` through it; `None` when it cannot do that.
    fn address(&self, errand: Errand, provider: SocketAddr) -> Option<Address>;
}

impl Site<'_> {
    fn launch(self, name: &str, program: PathBuf, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Launch {
        Launch {
            name: name.to_owned(),
            program,
            arguments: arguments.iter().map(|argument| OsString::from(argument.as_ref())).collect(),
            environment: Vec::new(),
            core: self.core,
            log: self.folder.join(format!("{name}-{}.log", self.listen.port())),
        }
    }
}

/// The behaviours that have to be written into a configuration beforehand, in gateways that know their providers by name.
fn scenarios() -> impl Iterator<Item = Scenario> {
    let streams = crate::cases::STREAMS.into_iter();
    [Scenario::Whole, Scenario::Failing, Scenario::Held].into_iter().chain(streams)
}
