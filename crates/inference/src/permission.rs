//! What a key that is known may ask for at all, by the head of its request: from where, which endpoint, with what metadata.

use std::net::IpAddr;

use domain::{ApiKey, Endpoint, ErrorCode};
use http::HeaderMap;

use crate::ingress::Operation;
use crate::metadata;
use crate::refusal::Refusal;

/// Refuses a key from an address that it must not come from.
///
/// # Errors
/// 403.
pub(crate) fn permit_address(key: &ApiKey, address: Option<IpAddr>) -> Result<(), Refusal> {
    if key.allows_address(address) {
        return Ok(());
    }
    let place =
        address.map_or_else(|| "an address that is not known".to_owned(), |address| address.to_string());
    let message =
        format!("the key `{}` may not be used from {place}; its owner can add it to `networks`", key.name);
    Err(Refusal::new(ErrorCode::NetworkNotAllowed, message))
}

/// Refuses an operation whose endpoint the key may not call, or whose metadata its workspace does not want.
///
/// # Errors
/// 403 and 400.
pub(crate) fn permit_operation(
    key: &ApiKey,
    operation: &Operation<'_>,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    match operation {
        Operation::Call(endpoint) | Operation::CallModel(endpoint, _) => permit_call(key, *endpoint, headers),
        Operation::Realtime => permit_call(key, Endpoint::Realtime, headers),
        Operation::Stored(..) | Operation::Conversation(_) => permit_endpoint(key, Endpoint::Responses),
        Operation::Passthrough { .. } => metadata::permit(headers, key),
        Operation::ListModels
        | Operation::GetModel(_)
        | Operation::Explain
        | Operation::Feedback
        | Operation::Probe(_) => Ok(()),
    }
}

/// The same for a call of an endpoint.
///
/// # Errors
/// 403 and 400.
pub(crate) fn permit_call(key: &ApiKey, endpoint: Endpoint, headers: &HeaderMap) -> Result<(), Refusal> {
    permit_endpoint(key, endpoint)?;
    metadata::permit(headers, key)
}

fn permit_endpoint(key: &ApiKey, endpoint: Endpoint) -> Result<(), Refusal> {
    if key.allows_endpoint(endpoint) {
        return Ok(());
    }
    let workspace = &key.subject.workspace;
    let whose = if workspace.scope.allows_endpoint(endpoint) {
        format!("the key `{}`", key.name)
    } else {
        format!("the workspace `{}`", workspace.name)
    };
    let message = format!("{whose} may not call `{}`; its owner can add it to `endpoints`", endpoint.name());
    Err(Refusal::new(ErrorCode::EndpointNotAllowed, message))
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, Endpoint, ErrorCode, HeaderMap, Operation, permit_address, permit_operation};
    use crate::ingress::StoredAction;
    use domain::{Pattern, Scope, Subject, Workspace};
    use std::sync::Arc;

    fn scope(endpoints: &[&str]) -> Scope {
        Scope { endpoints: endpoints.iter().copied().map(Pattern::from).collect(), ..Scope::default() }
    }

    #[test]
    fn an_endpoint_is_called_only_where_key_and_workspace_allow_it() {
        let workspace = Workspace { scope: scope(&["chat_*", "responses"]), ..Workspace::default() };
        let subject = Subject { workspace: Arc::new(workspace), ..Subject::default() };
        let key = ApiKey {
            scope: scope(&["chat_completions", "embeddings"]),
            ..ApiKey::new("k", Arc::new(subject))
        };
        let refused = |operation: &Operation<'_>| {
            let permitted = permit_operation(&key, operation, &HeaderMap::new());
            permitted
                .err()
                .map(|refusal| (refusal.code, refusal.message.split(" may").next().unwrap().to_owned()))
        };
        let told = |whose: &str| Some((ErrorCode::EndpointNotAllowed, whose.to_owned()));
        assert_eq!(refused(&Operation::Call(Endpoint::ChatCompletions)), None);
        assert_eq!(
            refused(&Operation::CallModel(Endpoint::Embeddings, "m".into())),
            told("the workspace `default`")
        );
        assert_eq!(refused(&Operation::Call(Endpoint::Responses)), told("the key `k`"));
        assert_eq!(refused(&Operation::Stored(StoredAction::Get, "resp_1".into())), told("the key `k`"));
        assert_eq!(refused(&Operation::Realtime), told("the workspace `default`"));
        assert_eq!(refused(&Operation::ListModels), None);
    }

    #[test]
    fn a_refused_address_is_named() {
        let key = ApiKey {
            networks: Some(vec!["10.0.0.0/8".parse().unwrap()]),
            ..ApiKey::new("k", Arc::default())
        };
        assert_eq!(permit_address(&key, Some([10, 0, 0, 1].into())), Ok(()));
        let refusal = permit_address(&key, Some([192, 0, 2, 1].into())).unwrap_err();
        assert_eq!((refusal.code.code(), refusal.message.contains("from 192.0.2.1;")), ("TG2012", true));
    }
}
