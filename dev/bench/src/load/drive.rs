//! Runs the threads of a load and reads the server's use of the machine exactly at the window's edges.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;

use super::client::Client;
use super::schedule::Schedule;
use super::{Observed, Outcome, Plan, Quantiles};
use crate::process::usage::{CoreTicks, Memory, ProcessorTime};

/// Digits of precision of the histograms: errors stay below 0.1 %.
const HISTOGRAM_DIGITS: u8 = 3;

/// How long after its window an open load goes on sending what was due.
const BACKLOG_MAX: Duration = Duration::from_secs(2);

/// What one thread has recorded.
struct Record {
    latency: Histogram<u64>,
    first_event: Histogram<u64>,
}

/// What the threads of one load share.
struct Shared {
    started: Instant,
    is_measuring: AtomicBool,
    is_over: AtomicBool,
    is_broken: AtomicBool,
    /// The next request of the schedule that nobody has taken.
    next: AtomicUsize,
}

/// The machine's counters at one moment.
struct Snapshot {
    taken: Instant,
    server: ProcessorTime,
    server_core: CoreTicks,
    load_core: CoreTicks,
}

/// The maximum rate: every connection sends as soon as it has its answer.
pub(super) fn closed(plan: &Plan, connections: usize) -> anyhow::Result<Outcome> {
    let mut outcome = drive(plan, connections, |client, shared, record| {
        while !shared.is_over.load(Ordering::Relaxed) {
            let sent = Instant::now();
            let exchange = client.exchange()?;
            if shared.is_measuring.load(Ordering::Relaxed) {
                record.add(sent, exchange.first_event, exchange.done);
            }
        }
        Ok(())
    })?;
    outcome.due = outcome.answers;
    Ok(outcome)
}

/// Sends by the schedule: whichever connection is free takes the next request, waits until it is due, and counts from then.
pub(super) fn open(plan: &Plan, connections: usize, schedule: &Schedule) -> anyhow::Result<Outcome> {
    let give_up = plan.warmup + plan.window + BACKLOG_MAX;
    let mut outcome = drive(plan, connections, |client, shared, record| {
        while !shared.is_broken.load(Ordering::Relaxed) && shared.started.elapsed() < give_up {
            let index = shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = schedule.due(index) else { break };
            let due = shared.started + due;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let exchange = client.exchange()?;
            if schedule.is_measured(index) {
                record.add(due, exchange.first_event, exchange.done);
            }
        }
        Ok(())
    })?;
    outcome.due = schedule.measured_count() as u64;
    Ok(outcome)
}

/// Runs `work` on every connection while the window is measured; the first failure of any connection ends the run.
fn drive(
    plan: &Plan,
    connections: usize,
    work: impl Fn(&mut Client, &Shared, &mut Record) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<Outcome> {
    let request: Arc<[u8]> = plan.request.bytes(plan.target).into();
    let shared = Shared::new();
    let (failed, failures) = channel();
    let run = |request: Arc<[u8]>| {
        let mut record = Record::new()?;
        work(&mut Client::new(plan.target, request, plan.events_min), &shared, &mut record)?;
        anyhow::Ok(record)
    };
    thread::scope(|scope| {
        let mut threads = Vec::with_capacity(connections);
        for _ in 0..connections {
            let (request, failed, run) = (Arc::clone(&request), failed.clone(), &run);
            // The receiver lives as long as this scope, so the message arrives.
            threads.push(scope.spawn(move || {
                run(request).map_err(|failure| failed.send(failure).unwrap_or_default()).ok()
            }));
        }
        let measured = measure(plan, &shared, &failures);
        shared.is_broken.store(measured.is_err(), Ordering::Relaxed);
        shared.is_over.store(true, Ordering::Relaxed);
        let mut all = Record::new()?;
        for thread in threads {
            if let Some(record) = thread.join().ok().flatten() {
                all.merge(&record)?;
            }
        }
        let outcome = measured?;
        // An answer to a request of the window may have failed after it.
        failures.try_recv().map_or(Ok(()), Err)?;
        Ok(Outcome {
            answers: all.latency.len(),
            latency: Quantiles::of(&all.latency),
            first_event: Quantiles::of(&all.first_event),
            ..outcome
        })
    })
}

/// Waits for the warm-up, then reads the counters at both ends of the window.
fn measure(plan: &Plan, shared: &Shared, failures: &Receiver<anyhow::Error>) -> anyhow::Result<Outcome> {
    wait(failures, plan.warmup)?;
    let before = Snapshot::take(plan.observed)?;
    shared.is_measuring.store(true, Ordering::Relaxed);
    wait(failures, plan.window)?;
    let after = Snapshot::take(plan.observed)?;
    shared.is_measuring.store(false, Ordering::Relaxed);
    Ok(Outcome {
        window: after.taken - before.taken,
        server_time: Duration::from_nanos(after.server.since(&before.server)),
        server_core_busy: after.server_core.busy_since(before.server_core),
        load_core_busy: after.load_core.busy_since(before.load_core),
        memory: Memory::of(plan.observed.server)?,
        ..Outcome::default()
    })
}

fn wait(failures: &Receiver<anyhow::Error>, time: Duration) -> anyhow::Result<()> {
    match failures.recv_timeout(time) {
        Ok(failure) => Err(failure),
        Err(RecvTimeoutError::Timeout) => Ok(()),
        Err(RecvTimeoutError::Disconnected) => bail!("every connection of the load has ended"),
    }
}

impl Shared {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            is_measuring: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            is_broken: AtomicBool::new(false),
            next: AtomicUsize::new(0),
        }
    }
}

impl Record {
    fn new() -> anyhow::Result<Self> {
        let histogram = Histogram::new(HISTOGRAM_DIGITS).context("cannot make a histogram")?;
        Ok(Self { latency: histogram.clone(), first_event: histogram })
    }

    fn add(&mut self, from: Instant, first_event: Instant, done: Instant) {
        let nanoseconds = |to: Instant| u64::try_from((to - from).as_nanos()).unwrap_or(u64::MAX);
        self.latency += nanoseconds(done);
        self.first_event += nanoseconds(first_event);
    }

    fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        self.latency.add(&other.latency).context("cannot add histograms")?;
        self.first_event.add(&other.first_event).context("cannot add histograms")
    }
}

impl Snapshot {
    fn take(observed: Observed) -> anyhow::Result<Self> {
        Ok(Self {
            taken: Instant::now(),
            server: ProcessorTime::of(observed.server)?,
            server_core: CoreTicks::of(observed.server_core),
            load_core: CoreTicks::of(observed.load_core),
        })
    }
}

#[cfg(test)]
mod tests;
