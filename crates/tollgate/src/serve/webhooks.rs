//! Telling of budgets: the way to webhooks over the network of the process, and what is logged and counted of it.

use std::sync::Arc;
use std::time::Duration;

use domain::notice::{BudgetNews, BudgetNotice};
use domain::provider::{BaseUrl, HttpVersion, RateLimitHeaders};
use engine::retry_after::retry_after;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use providers::transport::{AddressPolicy, IncomingBody, OriginKey, OutgoingBody, SendError, Transport};
use telemetry::Telemetry;
use telemetry::events::{BudgetExhausted, BudgetPassed, StoreFailed, WebhookAttempted, WebhookOutcome};
use webhooks::{Answer, Attempt, Courier, CourierParts, Observer, Outgoing, Post, Posted, Verdict};

use super::state::State;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What of an answer is read, so that its connection can be used again. It says nothing of interest.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Who tells of budgets, for the data plane.
pub(super) fn courier(
    state: &State,
    transport: Transport,
    telemetry: Telemetry,
    random: fn() -> u64,
    wall_clock: fn() -> Timestamp,
) -> Arc<Courier> {
    Courier::new(CourierParts {
        shared: state.shared(),
        own: state.notices(),
        post: Box::new(Poster { transport, wall_clock }),
        observer: Box::new(Teller(telemetry)),
        random,
        unix_seconds: Box::new(move || wall_clock().as_second()),
    })
}

/// Sends a message to where its webhook is; says what is answered.
///
/// # Errors
/// When there is no answer.
pub(crate) async fn send(
    transport: &Transport,
    outgoing: Outgoing,
) -> Result<Response<IncomingBody>, SendError> {
    let Outgoing { base: BaseUrl { scheme, authority, .. }, request } = outgoing;
    let origin = transport.origin(&OriginKey {
        scheme,
        authority,
        http_version: HttpVersion::Http1,
        // The operator named the host, as they name those of providers.
        address_policy: AddressPolicy::Any,
    });
    let (head, body) = request.into_parts();
    origin.send(Request::from_parts(head, OutgoingBody::from(body)), CONNECT_TIMEOUT).await
}

/// The way to webhooks.
struct Poster {
    transport: Transport,
    wall_clock: fn() -> Timestamp,
}

impl Post for Poster {
    fn post(&self, outgoing: Outgoing) -> Posted<'_> {
        Box::pin(async {
            let response = send(&self.transport, outgoing).await.map_err(|error| error.to_string())?;
            let (head, body) = response.into_parts();
            // What is longer is not read to its end, which closes the connection.
            let _ = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let usual = RateLimitHeaders::default();
            let retry_after = retry_after(&head.headers, &usual, (self.wall_clock)());
            Ok(Answer { status: head.status.as_u16(), retry_after })
        })
    }
}

/// Logs and counts.
struct Teller(Telemetry);

impl Observer for Teller {
    fn told(&self, notice: &BudgetNotice) {
        let (budget, group) = (notice.allotment.name.as_str(), &*notice.group);
        let request_id = notice.request_id.as_deref();
        match notice.news {
            BudgetNews::Passed { percent } => {
                BudgetPassed { request_id, budget, group, percent }.emit(&self.0);
            }
            BudgetNews::Exhausted => {
                let percent = u64::try_from(notice.spent_percent()).unwrap_or_default();
                BudgetExhausted { request_id, budget, group, percent }.emit(&self.0);
            }
        }
    }

    fn attempted(&self, attempt: Attempt<'_>) {
        let Attempt { webhook, message_id, attempts, verdict } = attempt;
        let outcome = match verdict {
            Verdict::Delivered => WebhookOutcome::Delivered,
            Verdict::Again { wait, why } => WebhookOutcome::Failed { why, again_in: *wait },
            Verdict::GivenUp { why } => WebhookOutcome::GivenUp { why },
        };
        WebhookAttempted { webhook, message_id, attempts, outcome }.emit(&self.0);
    }

    fn undelivered(&self, count: usize) {
        self.0.meters().spending.webhooks.undelivered(count);
    }

    fn failed(&self, why: &str) {
        StoreFailed { detail: why }.emit(&self.0);
    }
}
