//! What came of requests over time, in slices that grow as the time does, so that however long a run lasts it takes no more room.

use std::time::Duration;

use crate::fault::Fault;

/// The most slices; when there would be more, each two become one.
const SLICES_MAX: usize = 240;
/// How long a slice is at first.
const WIDTH: Duration = Duration::from_secs(1);
/// How many steps of times there are.
const STEPS: usize = 224;
/// The longest time of the first step, in microseconds.
const FIRST_STEP: f64 = 1_000.0;
/// By how much each step is longer than the one before. The last ends above an hour.
const STEP_RATIO: f64 = 1.07;

/// Slices, the first of them at the beginning of the traffic.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    width: Duration,
    slices: Vec<Slice>,
}

/// The requests that came within a slice of time.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) requests: u64,
    pub(crate) succeeded: u64,
    /// Of the succeeded, by target.
    pub(crate) answered: Vec<u64>,
    /// Of the succeeded, by the time to the first content.
    times: Box<[u32; STEPS]>,
    /// Whether something goes wrong at its beginning.
    pub(crate) is_faulty: bool,
}

impl Default for Series {
    fn default() -> Self {
        Self { width: WIDTH, slices: Vec::new() }
    }
}

impl Default for Slice {
    fn default() -> Self {
        Self {
            requests: 0,
            succeeded: 0,
            answered: Vec::new(),
            times: Box::new([0; STEPS]),
            is_faulty: false,
        }
    }
}

impl Series {
    /// Counts a request that came then and failed.
    pub(crate) fn failed(&mut self, came: Duration) {
        self.slice_at(came).requests += 1;
    }

    /// Counts a request that came then and was answered by a target, its first content after some time.
    pub(crate) fn succeeded(&mut self, came: Duration, target: usize, took: Duration) {
        let slice = self.slice_at(came);
        slice.requests += 1;
        slice.succeeded += 1;
        if slice.answered.len() <= target {
            slice.answered.resize(target + 1, 0);
        }
        slice.answered[target] += 1;
        slice.times[step_of(took)] += 1;
    }

    /// Marks the slices in which something goes wrong.
    pub(crate) fn mark(&mut self, faults: &[Fault]) {
        let mut begins = Duration::ZERO;
        for slice in &mut self.slices {
            slice.is_faulty = faults.iter().any(|fault| fault.is_on(begins));
            begins += self.width;
        }
    }

    /// How long each slice is.
    pub(crate) fn width(&self) -> Duration {
        self.width
    }

    /// Every slice in turn.
    pub(crate) fn slices(&self) -> &[Slice] {
        &self.slices
    }

    fn slice_at(&mut self, came: Duration) -> &mut Slice {
        while self.place(came) >= SLICES_MAX {
            self.halve();
        }
        let place = self.place(came);
        if self.slices.len() <= place {
            self.slices.resize_with(place + 1, Slice::default);
        }
        &mut self.slices[place]
    }

    fn place(&self, came: Duration) -> usize {
        usize::try_from(came.as_nanos() / self.width.as_nanos()).unwrap_or(usize::MAX)
    }

    fn halve(&mut self) {
        self.width *= 2;
        let merged = self.slices.chunks(2).map(|pair| pair.iter().fold(Slice::default(), Slice::with));
        self.slices = merged.collect();
    }
}

impl Slice {
    /// What one request in a hundred waits for longer, to within a step.
    pub(crate) fn p99(&self) -> Option<Duration> {
        let rank = (self.succeeded as f64 * 0.99).ceil() as u64;
        let mut counted = 0;
        let step = self.times.iter().position(|count| {
            counted += u64::from(*count);
            counted >= rank.max(1)
        })?;
        Some(Duration::from_micros((FIRST_STEP * STEP_RATIO.powi(i32::try_from(step).ok()?)) as u64))
    }

    fn with(mut self, other: &Self) -> Self {
        self.requests += other.requests;
        self.succeeded += other.succeeded;
        self.answered.resize(self.answered.len().max(other.answered.len()), 0);
        self.answered.iter_mut().zip(&other.answered).for_each(|(sum, more)| *sum += more);
        self.times.iter_mut().zip(other.times.iter()).for_each(|(sum, more)| *sum += more);
        self
    }
}

/// The step that a time falls in.
fn step_of(time: Duration) -> usize {
    let steps = (time.as_micros() as f64 / FIRST_STEP).max(1.0).ln() / STEP_RATIO.ln();
    (steps.ceil() as usize).min(STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::{Duration, SLICES_MAX, Series};

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_length_of_time_takes_more_slices_and_no_request_is_lost() {
        let mut series = Series::default();
        for second in 0..10_000 {
            series.succeeded(at(second), usize::from(second % 4 == 0), at(1));
            series.failed(at(second));
        }
        assert!(series.slices().len() <= SLICES_MAX);
        assert_eq!(series.width(), at(64));
        let sum = |of: fn(&super::Slice) -> u64| series.slices().iter().map(of).sum::<u64>();
        assert_eq!((sum(|slice| slice.requests), sum(|slice| slice.succeeded)), (20_000, 10_000));
        assert_eq!((sum(|slice| slice.answered[0]), sum(|slice| slice.answered[1])), (7_500, 2_500));
    }

    #[test]
    fn the_p99_is_right_to_within_a_step() {
        let mut series = Series::default();
        assert!(series.slices().is_empty());
        for milliseconds in 1..=1_000 {
            series.succeeded(at(0), 0, Duration::from_millis(milliseconds));
        }
        let p99 = series.slices()[0].p99().unwrap().as_secs_f64();
        assert!((0.99..0.99 * 1.08).contains(&p99), "{p99}");
        series.failed(at(1));
        assert_eq!(series.slices()[1].p99(), None);
        series.succeeded(at(2), 0, Duration::from_secs(86_400));
        assert!(series.slices()[2].p99().unwrap() > at(3_000));
    }
}
