//! What a process and a core have used, from `/proc`.
//!
//! Processor time comes from each thread's `schedstat`, which counts nanoseconds; `stat` counts hundredths of a second. Time of
//! threads that ended between two readings is not seen; servers keep their threads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// The most processes that one server may consist of.
const PROCESSES_MAX: usize = 64;

/// Resident memory of a process and its descendants, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Resident set size: pages shared with other processes count fully.
    pub(crate) resident: u64,
    /// The part of it that no file stands behind: heap and stacks, without the executable's own pages.
    ///
    /// Not the proportional set size, because several processes of one executable run side by side here and would share its pages.
    pub(crate) anonymous: u64,
}

/// Nanoseconds on a processor of every thread of a process and its descendants.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessorTime(BTreeMap<u32, u64>);

/// Ticks of one core: busy and in all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CoreTicks {
    busy: u64,
    total: u64,
}

impl Memory {
    /// Reads the memory of `process` and its descendants.
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let mut sum = Self::default();
        for id in family(process) {
            let status = fs::read_to_string(format!("/proc/{id}/status"))
                .with_context(|| format!("process {id} ended while it was measured"))?;
            sum.resident += kibibytes(&status, "VmRSS:").unwrap_or_default() * 1024;
            sum.anonymous += kibibytes(&status, "RssAnon:").unwrap_or_default() * 1024;
        }
        Ok(sum)
    }
}

impl ProcessorTime {
    /// Reads the time of `process` and its descendants.
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let mut times = BTreeMap::new();
        for id in family(process) {
            let tasks = fs::read_dir(format!("/proc/{id}/task"))
                .with_context(|| format!("process {id} ended while it was measured"))?;
            for task in tasks.flatten() {
                let thread = task.file_name().to_string_lossy().parse().unwrap_or_default();
                // A thread may end between the listing and the reading.
                if let Some(nanoseconds) = run_time(&task.path().join("schedstat")) {
                    times.insert(thread, nanoseconds);
                }
            }
        }
        Ok(Self(times))
    }

    /// Nanoseconds used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> u64 {
        let used = |(thread, now): (&u32, &u64)| {
            now.saturating_sub(earlier.0.get(thread).copied().unwrap_or_default())
        };
        self.0.iter().map(used).sum()
    }
}

impl CoreTicks {
    /// Reads the ticks of one core; all zero when the kernel does not show it.
    pub(crate) fn of(core: usize) -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default(), core).unwrap_or_default()
    }

    /// The share of the time since `earlier` in which the core was not idle, 0 to 1.
    pub(crate) fn busy_since(self, earlier: Self) -> f64 {
        let total = self.total.saturating_sub(earlier.total);
        if total == 0 { 0.0 } else { self.busy.saturating_sub(earlier.busy) as f64 / total as f64 }
    }

    /// `cpuN user nice system idle iowait irq softirq steal …`; guest time is already within user time (`proc(5)`).
    fn parse(stat: &str, core: usize) -> Option<Self> {
        let name = format!("cpu{core}");
        let line = stat.lines().find(|line| line.split_whitespace().next() == Some(&name))?;
        let ticks: Vec<u64> =
            line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
        let total = ticks.iter().sum();
        let idle: u64 = ticks.iter().skip(3).take(2).sum();
        Some(Self { busy: total - idle, total })
    }
}

/// The process and its descendants, as far as the kernel lists children.
fn family(process: u32) -> Vec<u32> {
    let mut family = vec![process];
    let mut next = 0;
    while let Some(id) = family.get(next).copied().filter(|_| family.len() < PROCESSES_MAX) {
        for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        next += 1;
    }
    family
}

fn run_time(schedstat: &Path) -> Option<u64> {
    fs::read_to_string(schedstat).ok()?.split_whitespace().next()?.parse().ok()
}

fn kibibytes(text: &str, field: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(field))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn work_shows_as_processor_time() {
        let id = std::process::id();
        let before = ProcessorTime::of(id).unwrap();
        let started = Instant::now();
        let mut sum = 0_u64;
        while started.elapsed() < Duration::from_millis(50) {
            sum = black_box(sum.wrapping_add(1));
        }
        let used = ProcessorTime::of(id).unwrap().since(&before);
        assert!(used > 1_000_000, "{used} ns");
    }

    #[test]
    fn memory_counts_what_is_resident() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 500_000 && memory.anonymous > 0);
        assert!(memory.anonymous < memory.resident);
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(Memory::of(u32::MAX).is_err());
        assert!(ProcessorTime::of(u32::MAX).is_err());
    }

    #[test]
    fn idle_and_waiting_ticks_are_not_busy() {
        let earlier = CoreTicks::parse("cpu 1 1 1\ncpu1 10 0 10 100 10 0 0 0 5 5\n", 1).unwrap();
        let later = CoreTicks::parse("cpu1 30 0 20 160 20 0 10 0 9 9\ncpu10 0 0 0 0\n", 1).unwrap();
        assert!((later.busy_since(earlier) - 40.0 / 110.0).abs() < 1e-9);
        assert!(CoreTicks::parse("cpu10 1 2 3", 1).is_none());
    }
}
