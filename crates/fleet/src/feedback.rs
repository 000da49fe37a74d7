//! Which answers were given in which arms of trials that heed what clients say of them later, and what is said to one replica of another's answers, on one value of the
//! state that they share.

use std::sync::Arc;
use std::time::Duration;

use domain::RequestId;
use domain::canary::Arm;
use domain::name::WorkspaceName;
use engine::canary::{Rating, RatingBoard};
use engine::ledger::EXCHANGE_INTERVAL;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use smallvec::SmallVec;
use telemetry::Telemetry;
use tokio::time::MissedTickBehavior;

use crate::allotted::{Leases, Revision};
use crate::canaries::Running;
use crate::legible::Legible;

/// Most answers that are remembered for what is said of them later; the least used go first.
const ANSWERS_MAX: usize = 100_000;
/// Most ratings that wait to be told to the other replicas.
const UNTOLD_MAX: usize = 1_000;
/// Under which key the value is.
const KEY: &str = "feedback";
/// For how long it is kept after it was last changed. What is on it is of use for less, but its count goes on.
const KEPT_FOR: Duration = Duration::from_secs(86_400);

/// What is remembered of answers.
#[derive(Debug)]
pub struct Feedback {
    telemetry: Telemetry,
    /// Whether there are other replicas, who are told of ratings.
    is_shared: bool,
    answers: Cache<Box<str>, Arc<Answered>>,
    /// Of answers that no request here is known for, so that they may be another replica's.
    untold: Mutex<Vec<Rating>>,
    /// Whether what replicas say of answers can be read.
    legible: Legible,
}

/// An answer.
#[derive(Debug)]
struct Answered {
    workspace: WorkspaceName,
    arms: Arms,
}

/// The arms in which an answer was given.
pub type Arms = SmallVec<[Judged; 1]>;

/// An arm of a trial, at the step at which the answer was given.
#[derive(Debug)]
pub struct Judged {
    pub(crate) running: Arc<Running>,
    pub(crate) arm: Arm,
    pub(crate) step: usize,
}

impl Feedback {
    /// No answer yet; `is_shared` where other replicas are [told](Self::share) of ratings.
    #[must_use]
    pub fn new(telemetry: Telemetry, is_shared: bool) -> Self {
        let answers = Cache::new(ANSWERS_MAX);
        Self { telemetry, is_shared, answers, untold: Mutex::default(), legible: Legible::default() }
    }

    /// Remembers in which arms a request of a workspace was answered.
    pub fn remember(&self, id: &RequestId, workspace: &WorkspaceName, arms: Arms) {
        if !arms.is_empty() {
            let workspace = workspace.clone();
            self.answers.insert(id.as_str().into(), Arc::new(Answered { workspace, arms }));
        }
    }

    /// Has a rating heard by the trials that its answer was part of, here or at another replica.
    pub fn rate(&self, rating: Rating) {
        if !self.rate_here(&rating) && self.is_shared {
            let mut untold = self.untold.lock();
            if untold.len() < UNTOLD_MAX {
                untold.push(rating);
            }
        }
    }

    /// The same, if the answer was given here and in the workspace.
    fn rate_here(&self, rating: &Rating) -> bool {
        let answered = self.answers.get(&rating.request_id);
        let answered = answered.filter(|answered| answered.workspace.as_str() == &*rating.workspace);
        let Some(answered) = answered else { return false };
        for Judged { running, arm, step } in &answered.arms {
            running.rated(*arm, *step, rating.is_bad, &self.telemetry);
        }
        true
    }

    /// Tells the other replicas what was said here of their answers, and hears what was said to them of those given here, for ever. Nothing is asked while no
    /// canary heeds it.
    pub async fn share(&self, leases: &Leases, is_heeded: impl Fn() -> bool) {
        let mut interval = tokio::time::interval(EXCHANGE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = 0;
        loop {
            interval.tick().await;
            if !is_heeded() {
                self.untold.lock().clear();
            } else if !leases.are_stuck() {
                heard = self.exchange(leases, heard).await;
            }
        }
    }

    /// One exchange; how much was heard after it.
    async fn exchange(&self, leases: &Leases, mut heard: u64) -> u64 {
        let untold = self.untold.lock().clone();
        let revised = leases.revise(KEY, |found, store_time| {
            let mut board = self.board(found);
            let (others, count) = board.after(heard);
            for (_, rating) in others {
                self.rate_here(rating);
            }
            heard = count;
            if untold.is_empty() {
                return None;
            }
            board.post(untold.iter().cloned(), store_time);
            Some(Revision { value: serde_json::to_vec(&board).ok()?.into(), kept_for: KEPT_FOR })
        });
        if !revised.await {
            return heard;
        }
        self.untold.lock().drain(..untold.len());
        // What was told here is no news here.
        heard.saturating_add(untold.len() as u64)
    }

    fn board(&self, found: Option<&[u8]>) -> RatingBoard {
        let board = found.map(serde_json::from_slice::<RatingBoard>).transpose();
        self.legible.read(board, "answers", &self.telemetry).flatten().unwrap_or_default()
    }
}
