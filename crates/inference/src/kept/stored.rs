//! `/v1/responses/{id}` and below, for responses that are kept here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::ErrorCode;
use domain::kept::{ResponseHead, ResponseId, ResponseStatus, Tenant};
use domain::ports::response_store::StoreError;
use http::{Response, StatusCode};
use serde_json::json;
use wire::convert::responses::GivenUp;
use wire::json::Value;

use super::given_up::{Fault, give_up};
use super::list::{ListQuery, parameter};
use super::{failure, replay};
use crate::answer::{AnswerBody, json_response};
use crate::ending::Origin;
use crate::gateway::Gateway;
use crate::ingress::StoredAction;
use crate::keeping::tenant;
use crate::refusal::Refusal;

/// After so long without a sign of life the process that worked on a response is taken for gone: three beats and a little.
const LOST_AFTER: Duration = Duration::from_secs(70);

/// Serves an action on a response that is kept here; none when it is not, so that a provider may have it.
///
/// # Errors
/// 400 for a wrong query and for what cannot be cancelled, 503 when the store does not work.
pub(crate) async fn serve(
    origin: &Origin,
    action: StoredAction,
    id: &str,
    query: Option<&str>,
) -> Result<Option<Response<AnswerBody>>, Refusal> {
    let gateway = &origin.gateway;
    if gateway.owners.find(id, &origin.key.name).is_some() {
        return Ok(None);
    }
    let (tenant, id) = (tenant(origin), ResponseId::from(id));
    let served = match action {
        StoredAction::Get => get(gateway, tenant, id, query).await,
        StoredAction::Delete => delete(gateway, &tenant, &id).await,
        StoredAction::Cancel => cancel(gateway, tenant, id).await,
        StoredAction::InputItems => input_items(gateway, &tenant, &id, query).await,
    };
    served.map_err(|refused| match refused {
        Refused::Request(refusal) => *refusal,
        Refused::Store(error) => failure::refusal(gateway, error),
    })
}

enum Refused {
    Request(Box<Refusal>),
    Store(StoreError),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Request(Box::new(refusal))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

type Served = Result<Option<Response<AnswerBody>>, Refused>;

async fn get(gateway: &Arc<Gateway>, tenant: Tenant, id: ResponseId, query: Option<&str>) -> Served {
    let Some(head) = head(gateway, &tenant, &id).await? else { return Ok(None) };
    if parameter(query, "stream").as_deref() != Some("true") {
        return Ok(Some(whole(&head.body)));
    }
    let after = parameter(query, "starting_after").map(|number| number.parse::<u64>()).transpose();
    let after = after.map_err(|_| Refusal::of_member("starting_after", "must be a number"))?;
    if gateway.store.events(&tenant, &id, None, 1).await?.is_empty()
        && !is_streamed_now(gateway, &tenant, &id)
    {
        let message =
            "only a response that was made with `background: true` and `stream: true` can be streamed again";
        return Err(Refusal::new(ErrorCode::InvalidMember, message).with_param("stream").into());
    }
    Ok(Some(replay::response(replay::stream(gateway, tenant, id, after))))
}

/// Whether events may still come, though there is none yet.
fn is_streamed_now(gateway: &Gateway, tenant: &Tenant, id: &ResponseId) -> bool {
    gateway.running.follow(tenant, id).is_some()
}

async fn delete(gateway: &Gateway, tenant: &Tenant, id: &ResponseId) -> Served {
    if !gateway.store.forget_response(tenant, id).await? {
        return Ok(None);
    }
    gateway.running.give_up(tenant, id);
    let deleted = json!({"id": id.as_str(), "object": "response", "deleted": true});
    Ok(Some(json_response(StatusCode::OK, deleted.to_string().into_bytes())))
}

async fn cancel(gateway: &Gateway, tenant: Tenant, id: ResponseId) -> Served {
    let Some(head) = head(gateway, &tenant, &id).await? else { return Ok(None) };
    if head.status != ResponseStatus::Unfinished {
        return Ok(Some(already_finished(&head)?));
    }
    give_up(gateway, (&tenant, &id), &head.body, GivenUp::Cancelled).await?;
    gateway.running.give_up(&tenant, &id);
    // It may have been finished, or deleted, in the meantime.
    Ok(gateway.store.response(&tenant, &id).await?.map(|head| whole(&head.body)))
}

/// Cancelling what is over gives it back as it is, if it worked in the background (API reference, "Cancel a response").
fn already_finished(head: &ResponseHead) -> Result<Response<AnswerBody>, Refusal> {
    let background = Value::parse(&head.body).ok().and_then(|body| body.get("background")?.as_bool());
    if background == Some(true) {
        return Ok(whole(&head.body));
    }
    let message = "only a response that was made with `background: true` can be cancelled";
    Err(Refusal::new(ErrorCode::InvalidMember, message))
}

async fn input_items(gateway: &Gateway, tenant: &Tenant, id: &ResponseId, query: Option<&str>) -> Served {
    let query = ListQuery::parse(query)?;
    let items = gateway.store.input_items(tenant, id, query.page()).await?;
    Ok(items.map(|items| query.response(&items)))
}

/// A response as it is now: one whose worker has given no sign of life for long has failed.
pub(super) async fn head(
    gateway: &Gateway,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<Option<ResponseHead>, StoreError> {
    let Some(head) = gateway.store.response(tenant, id).await? else { return Ok(None) };
    let now = std::time::SystemTime::from(gateway.wall_clock());
    let silent = now.duration_since(head.touched).unwrap_or_default();
    let is_lost = head.status == ResponseStatus::Unfinished
        && silent > LOST_AFTER
        && gateway.running.follow(tenant, id).is_none();
    if !is_lost {
        return Ok(Some(head));
    }
    let message = "the process that worked on the response has ended; ask again";
    let fault = Fault { status: 500, message: message.to_owned() };
    give_up(gateway, (tenant, id), &head.body, GivenUp::Failed(&fault.error())).await?;
    gateway.store.response(tenant, id).await
}

fn whole(body: &Bytes) -> Response<AnswerBody> {
    json_response(StatusCode::OK, body.to_vec())
}
