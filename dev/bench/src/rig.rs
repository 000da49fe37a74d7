//! The fake provider, the running servers and the load generator put together: what every case measures with.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::load::{Observed, Outcome, Pattern, Plan};
use crate::process::pinning::Cores;
use crate::process::usage::Memory;
use crate::process::{Launch, Running, free_address, get};
use crate::request::RequestShape;
use crate::servers::fake_provider::COUNTS_PATH;
use crate::servers::{Contender, Errand, Site};

/// How long our own servers may take to start.
const OWN_READY_MAX: Duration = Duration::from_secs(10);

/// Fewer answers of a closed load than this are measured again in a longer window.
const ANSWERS_WANTED: u64 = 100;

/// How much longer that window is.
const SLOW_FACTOR: u32 = 5;

/// How long and how much to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Load before each window.
    pub(crate) warmup: Duration,
    /// Each measurement.
    pub(crate) window: Duration,
    /// Open streams for the memory of one.
    pub(crate) streams_held: usize,
    /// Starts of a server for its time to ready.
    pub(crate) starts: usize,
}

impl Pace {
    /// For figures to keep.
    pub(crate) const FULL: Self = Self {
        warmup: Duration::from_millis(1000),
        window: Duration::from_millis(4000),
        streams_held: 2000,
        starts: 7,
    };
    /// For a look while working.
    pub(crate) const QUICK: Self = Self {
        warmup: Duration::from_millis(300),
        window: Duration::from_millis(1000),
        streams_held: 500,
        starts: 3,
    };
}

/// Everything that stays the same from case to case.
#[derive(Debug)]
pub(crate) struct Rig {
    /// The provider outlives every server that is connected to it.
    _provider: Running,
    provider: SocketAddr,
    executable: PathBuf,
    cores: Cores,
    folder: tempfile::TempDir,
    /// How long and how much to measure.
    pub(crate) pace: Pace,
}

/// One running server under test.
pub(crate) struct Subject<'a> {
    /// What it is.
    pub(crate) contender: &'a dyn Contender,
    /// From the start of its process to its first answer of 200.
    pub(crate) ready_after: Duration,
    running: Running,
    address: SocketAddr,
}

/// One load to put on a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    /// What each request shall show.
    pub(crate) errand: Errand,
    /// About the size of its body.
    pub(crate) body_bytes: usize,
    /// When requests are sent.
    pub(crate) pattern: Pattern,
    /// Events that each streamed answer must have.
    pub(crate) events_min: u64,
}

/// How many requests the fake provider has answered, and how many it was told to fail.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct ProviderCounts {
    /// With 200.
    pub(crate) answered: u64,
    /// With 503.
    pub(crate) failed: u64,
}

impl Rig {
    /// Starts the fake provider from this executable.
    pub(crate) fn assemble(executable: PathBuf, cores: Cores, pace: Pace) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let provider = free_address()?;
        let launch = Launch {
            name: "fake provider".to_owned(),
            program: executable.clone(),
            arguments: vec!["fake-provider".into(), "--listen".into(), provider.to_string().into()],
            environment: Vec::new(),
            core: cores.load,
            log: folder.path().join("fake-provider.log"),
        };
        let mut running = launch.start()?;
        running.wait_ready(provider, "/", OWN_READY_MAX)?;
        Ok(Self { _provider: running, provider, executable, cores, folder, pace })
    }

    /// Starts a server and waits until it serves.
    pub(crate) fn start<'a>(&self, contender: &'a dyn Contender) -> anyhow::Result<Subject<'a>> {
        self.start_with(contender, Launch::start)
    }

    /// Starts a server without the tools that otherwise stand before it, for its own time to ready.
    pub(crate) fn start_bare<'a>(&self, contender: &'a dyn Contender) -> anyhow::Result<Subject<'a>> {
        self.start_with(contender, Launch::start_bare)
    }

    fn start_with<'a>(
        &self,
        contender: &'a dyn Contender,
        start: fn(&Launch) -> anyhow::Result<Running>,
    ) -> anyhow::Result<Subject<'a>> {
        let address = free_address()?;
        let site = Site {
            listen: address,
            provider: self.provider,
            folder: self.folder.path(),
            core: self.cores.server,
        };
        let mut running = start(&contender.launch(site)?)?;
        let ready_after = running.wait_ready(address, contender.ready_path(), contender.ready_limit())?;
        Ok(Subject { contender, ready_after, running, address })
    }

    /// Puts a load on a server and waits for its outcome; `None` when the server cannot do such a task.
    pub(crate) fn load(&self, subject: &Subject<'_>, task: Task) -> anyhow::Result<Option<Outcome>> {
        let Some(address) = subject.contender.address(task.errand, self.provider) else {
            return Ok(None);
        };
        let plan = Plan {
            target: subject.address,
            request: RequestShape {
                path: address.path,
                headers: address.headers,
                format: task.errand.format(),
                model: address.model,
                stream: task.errand.is_stream(),
                body_bytes: task.body_bytes,
            },
            pattern: task.pattern,
            warmup: self.pace.warmup,
            window: self.pace.window,
            events_min: task.events_min,
            observed: Observed {
                server: subject.running.id(),
                server_core: self.cores.server,
                load_core: self.cores.load,
            },
        };
        let outcome = self.carry_out(&plan)?;
        if outcome.answers >= ANSWERS_WANTED || !matches!(task.pattern, Pattern::Closed { .. }) {
            return Ok(Some(outcome));
        }
        // Answers that cross the window's edges weigh much among few, so a slow server gets more time.
        let outcome = self.carry_out(&Plan { window: self.pace.window * SLOW_FACTOR, ..plan })?;
        if outcome.answers == 0 {
            bail!("no request was answered within {} ms", outcome.window.as_millis());
        }
        Ok(Some(outcome))
    }

    /// What the fake provider has answered since its start.
    pub(crate) fn provider_counts(&self) -> anyhow::Result<ProviderCounts> {
        let (_, body) = get(self.provider, COUNTS_PATH)?;
        serde_json::from_slice(&body).context("the fake provider's counts are no JSON")
    }

    fn carry_out(&self, plan: &Plan) -> anyhow::Result<Outcome> {
        let launch = Launch {
            name: "load generator".to_owned(),
            program: self.executable.clone(),
            arguments: vec!["load".into()],
            environment: Vec::new(),
            core: self.cores.load,
            log: self.folder.path().join("load.log"),
        };
        let mut command = launch.command();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the load generator")?;
        let text = serde_json::to_vec(plan).context("a plan has no JSON form")?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(&text).context("cannot hand the plan to the load generator")?;
        }
        let output = child.wait_with_output().context("cannot wait for the load generator")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("the load generator printed no outcome")
    }
}

impl Subject<'_> {
    /// What the server occupies now.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(self.running.id())
    }
}
