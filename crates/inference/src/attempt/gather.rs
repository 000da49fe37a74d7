//! Several requests for one answer: what a provider takes fewer of at a time than a client sends.

use std::sync::Arc;

use domain::Limits;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::Request;
use providers::transport::{Origin, OutgoingBody};

use super::exchange::{AttemptSettings, exchange};
use super::failed::FailedAttempt;
use super::hold::{Committed, hold_part, interpreted};
use super::interpreter::Interpreter;
use crate::byte_budget::ByteBudget;

/// How many are on their way at once. More would be faster, and sooner be over the credential's rate.
const AT_ONCE: usize = 4;

/// Sends the requests and makes one answer of theirs, in their order. The first failure is the attempt's, and ends the others.
///
/// # Errors
/// When one of them fails, or their answers are not what the provider's format says.
pub(super) async fn gather(
    requests: impl IntoIterator<Item = Request<OutgoingBody>>,
    interpreter: &Interpreter,
    origin: &Arc<Origin>,
    settings: &AttemptSettings<'_>,
    (limits, budget): (&Limits, &Arc<ByteBudget>),
) -> Result<Committed, FailedAttempt> {
    let answer = |request| async move {
        let answered = exchange(request, origin, settings).await?;
        hold_part(answered, limits, budget).await
    };
    let answers: Vec<_> = stream::iter(requests).map(answer).buffered(AT_ONCE).try_collect().await?;
    interpreted(answers, interpreter)
}
