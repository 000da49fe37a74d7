//! What a request of the Responses API goes on from, by its own words.

use domain::ErrorCode;
use domain::kept::Continued;
use wire::convert::responses::{HistoryError, references};
use wire::json::{Document, Kind, Value};

use crate::ingress::present;
use crate::refusal::Refusal;

/// Where a request says which response it goes on from.
pub(crate) const PREVIOUS: &str = "previous_response_id";
const CONVERSATION: &str = "conversation";

/// The member that points to something that is not kept here, if there still is one: only a provider of the same format may
/// know it.
pub(crate) fn points_elsewhere(request: &Document) -> Option<Refusal> {
    match pointer(request).ok()? {
        Some(Continued::Response(id)) => {
            let message = format!("no response `{id}` is kept for this key");
            Some(Refusal::new(ErrorCode::ResponseNotFound, message).with_param(PREVIOUS))
        }
        Some(Continued::Conversation(id)) => {
            let message = format!("no conversation `{id}` is kept for this key");
            Some(Refusal::new(ErrorCode::ConversationNotFound, message).with_param(CONVERSATION))
        }
        None => references(request).ok()?.first().map(|id| unknown_item(id)),
    }
}

/// What a request goes on from.
///
/// # Errors
/// When it says two things, or says it wrongly.
pub(crate) fn pointer(request: &Document) -> Result<Option<Continued>, Refusal> {
    match (present(request, PREVIOUS)?, present(request, CONVERSATION)?) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            let message = format!("`{PREVIOUS}` and `{CONVERSATION}` exclude each other; send one of them");
            Err(Refusal::new(ErrorCode::InvalidMember, message).with_param(CONVERSATION))
        }
        (Some(previous), None) => match previous.as_str() {
            Some(id) => Ok(Some(Continued::Response((&*id).into()))),
            None => Err(Refusal::of_member(PREVIOUS, "must be an id")),
        },
        (None, Some(conversation)) => {
            let raw = conversation.raw();
            let value = Value::parse(&raw).ok();
            let id = value.as_ref().and_then(|value| match value.kind() {
                Kind::Object => value.get("id").and_then(Value::as_str),
                _ => value.as_str(),
            });
            match id {
                Some(id) => Ok(Some(Continued::Conversation((&*id).into()))),
                None => Err(Refusal::of_member(CONVERSATION, "must be an id, or an object with an `id`")),
            }
        }
    }
}

/// A request that no history can be put before.
pub(crate) fn unreadable(error: &HistoryError) -> Refusal {
    let code = match error {
        HistoryError::UnknownItem { .. } => ErrorCode::ResponseNotFound,
        HistoryError::NotItems { .. } => ErrorCode::InvalidMember,
        HistoryError::Edit(_) => ErrorCode::DuplicateMember,
    };
    Refusal::new(code, error.to_string()).with_param("input")
}

/// An item that is referred to and not kept.
pub(crate) fn unknown_item(id: &str) -> Refusal {
    unreadable(&HistoryError::UnknownItem { id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{Continued, Document, ErrorCode, pointer, points_elsewhere};
    use wire::json::ScanLimits;

    fn document(json: &str) -> Document {
        Document::parse(json.to_owned().into(), ScanLimits::default()).unwrap()
    }

    #[test]
    fn a_request_goes_on_from_one_thing_or_none() {
        let found = |json: &str| pointer(&document(json));
        assert_eq!(found(r#"{"input":"x"}"#), Ok(None));
        assert_eq!(found(r#"{"previous_response_id":null,"conversation":null}"#), Ok(None));
        let response = Continued::Response("resp_1".into());
        assert_eq!(found(r#"{"previous_response_id":"resp_1"}"#), Ok(Some(response)));
        for conversation in [r#""conv_1""#, r#"{"id":"conv_1"}"#] {
            let kept = Continued::Conversation("conv_1".into());
            assert_eq!(found(&format!(r#"{{"conversation":{conversation}}}"#)), Ok(Some(kept)));
        }
    }

    #[test]
    fn what_is_no_pointer_is_named() {
        for (json, param) in [
            (r#"{"previous_response_id":"r","conversation":"c"}"#, "conversation"),
            (r#"{"previous_response_id":7}"#, "previous_response_id"),
            (r#"{"conversation":[]}"#, "conversation"),
            (r#"{"conversation":{"name":"x"}}"#, "conversation"),
        ] {
            let refusal = pointer(&document(json)).unwrap_err();
            assert_eq!((refusal.code, refusal.param.as_deref()), (ErrorCode::InvalidMember, Some(param)));
        }
    }

    #[test]
    fn what_only_a_provider_could_know_is_named() {
        for (json, code, param) in [
            (r#"{"previous_response_id":"r"}"#, ErrorCode::ResponseNotFound, "previous_response_id"),
            (r#"{"conversation":"c"}"#, ErrorCode::ConversationNotFound, "conversation"),
            (r#"{"input":[{"type":"item_reference","id":"i"}]}"#, ErrorCode::ResponseNotFound, "input"),
        ] {
            let refusal = points_elsewhere(&document(json)).unwrap();
            assert_eq!((refusal.code, refusal.param.as_deref()), (code, Some(param)));
        }
        assert_eq!(points_elsewhere(&document(r#"{"input":"x"}"#)), None);
    }
}
