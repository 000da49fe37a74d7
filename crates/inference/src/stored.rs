//! Stored responses (`/v1/responses/{id}` and below), relayed to the provider that made them.

use std::sync::Arc;

use domain::{Endpoint, ErrorCode, Provider};
use http::Request;
use http::Response;
use hyper::body::Incoming;

use crate::answer::AnswerBody;
use crate::attempt::untried;
use crate::ending::Origin;
use crate::ingress::StoredAction;
use crate::passthrough::{Relayed, relay_to};
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::route_of::named_provider;

/// Relays an action on a stored response.
///
/// # Errors
/// 404 when this key made no such response, as far as is known here; what a relay fails with.
pub(crate) async fn relay(
    origin: Origin,
    pinned: Arc<Pinned>,
    action: StoredAction,
    response_id: &str,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    let gateway = Arc::clone(&origin.gateway);
    let key = Arc::clone(&origin.key);
    if gateway.owners.is_foreign(response_id, &key.name) {
        return Err(not_found(response_id));
    }
    let owner = gateway.owners.find(response_id, &key.name);
    let provider = match &owner {
        Some(owner) => pinned.snapshot.provider(owner.provider.as_str()),
        None => only_candidate(&pinned, named_provider(request.headers())?, &origin),
    };
    let may_reach = |name: &str| key.allows_provider(name) && !key.cannot_see(name);
    let provider = provider.filter(|provider| may_reach(provider.name.as_str()));
    let provider = provider.ok_or_else(|| not_found(response_id))?;
    let barred = untried(provider.name.as_str(), &key);
    let credential = owner.as_ref().and_then(|owner| {
        provider.credentials.iter().position(|credential| credential.id == owner.credential)
    });
    let shared = || (0..provider.credentials.len()).find(|index| !barred.has(*index));
    let credential = credential.filter(|index| !barred.has(*index)).or_else(shared);
    let credential = credential.ok_or_else(|| not_found(response_id))?;
    let path = path_of(provider, action, response_id).ok_or_else(|| not_found(response_id))?;
    let relayed = Relayed { provider, path, credential, endpoint: Some(Endpoint::Responses), admitted: None };
    let deleted = (action == StoredAction::Delete).then(|| response_id.to_owned());
    let response = relay_to(origin, &pinned, relayed, request).await?;
    if let Some(id) = deleted.filter(|_| response.status().is_success()) {
        gateway.owners.forget(&id);
    }
    Ok(response)
}

/// For a response that is not remembered (this process did not make it): the provider that the client names, or the
/// only one that could have made it.
fn only_candidate<'a>(pinned: &'a Pinned, named: Option<&str>, origin: &Origin) -> Option<&'a Arc<Provider>> {
    if let Some(name) = named {
        return pinned.snapshot.provider(name);
    }
    let mut candidates = pinned.snapshot.providers.iter().filter(|provider| {
        let name = provider.name.as_str();
        provider.serves(Endpoint::Responses)
            && origin.key.allows_provider(name)
            && !origin.key.cannot_see(name)
    });
    candidates.next().filter(|_| candidates.next().is_none())
}

/// The provider's path for an action, below the one where responses are made.
fn path_of(provider: &Provider, action: StoredAction, response_id: &str) -> Option<String> {
    let made_at = provider.offer.path(Endpoint::Responses, false)?;
    let domain::provider::EndpointPath::Fixed(made_at) = made_at else {
        return None;
    };
    let id = providers::percent::encode(response_id);
    let below = match action {
        StoredAction::Get | StoredAction::Delete => "",
        StoredAction::Cancel => "/cancel",
        StoredAction::InputItems => "/input_items",
    };
    Some(format!("{}/{id}{below}", made_at.path()))
}

fn not_found(response_id: &str) -> Refusal {
    let shown: String = response_id.chars().take(100).collect();
    let message = format!(
        "no response `{shown}` was made with this key since the gateway started; name its provider in \
         x-tollgate-provider to look there"
    );
    Refusal::new(ErrorCode::ResponseNotFound, message)
}

#[cfg(test)]
mod tests {
    use super::not_found;

    #[test]
    fn a_long_id_is_cut_in_the_message() {
        assert!(not_found(&"x".repeat(10_000)).message.len() < 400);
    }
}
