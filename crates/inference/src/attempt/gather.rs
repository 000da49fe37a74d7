//! Several requests for one answer: what a provider takes fewer of at a time than a client sends, and what it answers only when it is
//! asked again.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::byte_budget::ByteBudget;
use domain::{FailureClass, Limits};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::Request;
use http::response::Parts;
use providers::transport::{Origin, OutgoingBody};
use wire::convert::media::Unfinished;

use super::deadline::Deadlines;
use super::encode::Results;
use super::exchange::{AttemptSettings, exchange};
use super::failed::FailedAttempt;
use super::hold::{Committed, WholeBody, hold_part, interpreted};
use super::interpreter::Interpreter;

/// How many are on their way at once. More would be faster, and sooner be over the credential's rate.
const AT_ONCE: usize = 4;

/// How long a result is waited for before it is asked for the first time; each further wait is half as long again.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest wait between two questions.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// How often a result is asked for, which takes a quarter of an hour, where no limit of the target ends it before.
const QUESTIONS_MAX: u32 = 450;

/// How many questions in a row may fail. What is being made would be made, and paid, again by a new attempt.
const FAILURES_MAX: u32 = 2;

/// What the requests have in common.
pub(super) struct Gathering<'a> {
    pub(super) interpreter: &'a Interpreter,
    /// Where answers are asked for that are not there at once.
    pub(super) results: Option<&'a Results<'a>>,
    pub(super) origin: &'a Arc<Origin>,
    pub(super) settings: &'a AttemptSettings<'a>,
    pub(super) limits: &'a Limits,
    pub(super) budget: &'a Arc<ByteBudget>,
}

impl Gathering<'_> {
    /// Sends the requests and makes one answer of theirs, in their order. The first failure is the attempt's, and ends the others.
    ///
    /// # Errors
    /// When one of them fails, or their answers are not what the provider's format says.
    pub(super) async fn gather(
        &self,
        requests: impl IntoIterator<Item = Request<OutgoingBody>>,
    ) -> Result<Committed, FailedAttempt> {
        let answer = |request| async move { self.finished(self.ask(request).await?).await };
        let answers: Vec<_> = stream::iter(requests).map(answer).buffered(AT_ONCE).try_collect().await?;
        interpreted(answers, self.interpreter)
    }

    async fn ask(&self, request: Request<OutgoingBody>) -> Result<(Parts, WholeBody), FailedAttempt> {
        let answered = exchange(request, self.origin, self.settings).await?;
        hold_part(answered, self.limits, self.budget).await
    }

    /// Asks for the answer until it is one.
    async fn finished(&self, first: (Parts, WholeBody)) -> Result<(Parts, WholeBody), FailedAttempt> {
        let Some(mut unfinished) = self.unfinished(&first.1) else { return Ok(first) };
        let results = self.results.ok_or_else(|| {
            FailedAttempt::broken(
                "the answer is not there yet, and `result_endpoints` does not say where it will be",
            )
        })?;
        let deadlines = Deadlines::from(self.settings.began, self.settings.target.timeouts);
        let mut wait = FIRST_WAIT;
        let mut failures = 0;
        for _ in 0..QUESTIONS_MAX {
            deadlines.bound(false, pin!(tokio::time::sleep(wait))).await?;
            wait = (wait * 3 / 2).min(WAIT_MAX);
            match self.ask(results.request(unfinished.clone())?).await {
                Ok(answer) => match self.unfinished(&answer.1) {
                    Some(again) => (unfinished, failures) = (again, 0),
                    None => return Ok(answer),
                },
                Err(failed) if failures == FAILURES_MAX || !may_pass(failed.failure.class) => {
                    return Err(failed);
                }
                Err(_) => failures += 1,
            }
        }
        Err(FailedAttempt::broken("the answer was still not there after it was asked for many times"))
    }

    fn unfinished(&self, body: &WholeBody) -> Option<Unfinished> {
        let body = body.document.as_ref()?.body();
        self.interpreter.unfinished(&body.contiguous(0..body.len()))
    }
}

/// Whether a question that failed so may be answered the next time.
fn may_pass(class: FailureClass) -> bool {
    matches!(
        class,
        FailureClass::RateLimited
            | FailureClass::Overloaded
            | FailureClass::Provider
            | FailureClass::Connect
            | FailureClass::Broken
    )
}
