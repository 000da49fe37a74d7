//! The load generator: a process of its own that reads a plan as JSON, carries it out against one server, and prints what it saw.
//!
//! Threads with blocking sockets rather than a runtime: a request costs one write and one read, waking is the kernel's affair,
//! and a sleep ends to the microsecond, which no timer wheel offers.

mod client;
mod drive;
mod hold;
mod schedule;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::process::pinning::sleep_precisely;
use crate::process::usage::Memory;
use crate::request::RequestShape;

/// The most connections that one plan may use.
const CONNECTIONS_MAX: usize = 4096;

/// The most requests that an open plan may schedule, warm-up included.
const SCHEDULED_MAX: usize = 2_000_000;

/// The longest that a plan may measure.
const WINDOW_MAX: Duration = Duration::from_secs(120);

/// One run against one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The server under test.
    pub(crate) target: SocketAddr,
    /// What is sent, again and again.
    pub(crate) request: RequestShape,
    /// When it is sent.
    pub(crate) pattern: Pattern,
    /// How long the server is loaded before anything counts.
    pub(crate) warmup: Duration,
    /// How long the measurement lasts.
    pub(crate) window: Duration,
    /// How many events a streamed answer must have at least; fewer are a failure.
    pub(crate) events_min: u64,
    /// Whose use of the machine is read at the window's start and end.
    pub(crate) observed: Observed,
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Pattern {
    /// Each connection sends as soon as it has its answer: the maximum rate.
    Closed { connections: usize },
    /// Requests are due at random (Poisson) times that do not depend on answers, and latency counts from the due time.
    Open { rate_per_second: f64, connections: usize, seed: u64 },
    /// Streams are opened and kept open while memory is read.
    Held { streams: usize },
}

/// The processes and cores to watch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Observed {
    /// Process id of the server under test.
    pub(crate) server: u32,
    /// Its core.
    pub(crate) server_core: usize,
    /// The core of the load generator and the fake provider.
    pub(crate) load_core: usize,
}

/// What one run showed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Answers within the window (open plans: of requests due within it).
    pub(crate) answers: u64,
    /// Requests that were due within the window; equal to `answers` in a closed plan.
    pub(crate) due: u64,
    /// How long the window really was.
    pub(crate) window: Duration,
    /// Send (or due) time to the last byte.
    pub(crate) latency: Quantiles,
    /// Send (or due) time to the first event of a stream.
    pub(crate) first_event: Quantiles,
    /// Processor time of the server in the window.
    pub(crate) server_time: Duration,
    /// Share of the window in which the server's core was busy, with whatever.
    pub(crate) server_core_busy: f64,
    /// The same of the load's core.
    pub(crate) load_core_busy: f64,
    /// The server's memory at the window's end, under load or with all streams open.
    pub(crate) memory: Memory,
}

/// A distribution of times, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    /// Half of all are at most this.
    pub(crate) p50: u64,
    /// 99 in 100 are at most this.
    pub(crate) p99: u64,
    /// The largest.
    pub(crate) max: u64,
}

impl Quantiles {
    fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            max: histogram.max(),
        }
    }
}

impl Outcome {
    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answers as f64 / self.window.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The server's microseconds on a processor per answer.
    pub(crate) fn server_micros_per_answer(&self) -> f64 {
        self.server_time.as_secs_f64() * 1e6 / (self.answers.max(1)) as f64
    }
}

/// Carries out the plan on standard input and prints the outcome: the whole life of the load process.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the plan from standard input")?;
    let plan: Plan = serde_json::from_str(&text).context("standard input holds no plan")?;
    plan.check()?;
    sleep_precisely()?;
    let outcome = match plan.pattern {
        Pattern::Closed { connections } => drive::closed(&plan, connections)?,
        Pattern::Open { rate_per_second, connections, seed } => {
            let schedule = schedule::Schedule::poisson(rate_per_second, plan.warmup, plan.window, seed);
            drive::open(&plan, connections, &schedule)?
        }
        Pattern::Held { streams } => hold::hold(&plan, streams)?,
    };
    let line = serde_json::to_string(&outcome).context("the outcome has no JSON form")?;
    writeln!(std::io::stdout(), "{line}").context("cannot print the outcome")
}

impl Plan {
    fn check(&self) -> anyhow::Result<()> {
        let connections = match self.pattern {
            Pattern::Closed { connections } | Pattern::Open { connections, .. } => connections,
            Pattern::Held { streams } => streams,
        };
        if !(1..=CONNECTIONS_MAX).contains(&connections) {
            bail!("a plan uses 1 to {CONNECTIONS_MAX} connections, not {connections}");
        }
        if self.window > WINDOW_MAX || self.warmup > WINDOW_MAX {
            bail!("a plan lasts at most {} s", WINDOW_MAX.as_secs());
        }
        if let Pattern::Open { rate_per_second, .. } = self.pattern {
            let scheduled = rate_per_second * (self.warmup + self.window).as_secs_f64();
            if !(rate_per_second > 0.0 && scheduled <= SCHEDULED_MAX as f64) {
                bail!("an open plan schedules at most {SCHEDULED_MAX} requests, not {scheduled}");
            }
        }
        Ok(())
    }
}
