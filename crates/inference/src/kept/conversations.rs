//! `/v1/conversations` and below (OpenAI API reference, "Conversations").

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use domain::ErrorCode;
use domain::kept::{ConversationId, ItemId, KeptConversation, KeptItem};
use domain::ports::response_store::StoreError;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::json;
use wire::convert::responses::items_of;
use wire::json::{Document, Kind, Value, object};

use super::failure;
use super::list::{ListQuery, list};
use crate::answer::{AnswerBody, json_response};
use crate::ending::Origin;
use crate::ingress::{ConversationAction, ReadBody, present, read_json};
use crate::keeping::{kept, tenant};
use crate::pinned::Pinned;
use crate::refusal::Refusal;

/// Most items that are brought at once (API reference, "Create items").
const ITEMS_MAX: usize = 20;
/// Most notes of a conversation, and their longest names and values (API reference, "metadata").
const NOTES_MAX: usize = 16;
const NOTE_NAME_CHARS_MAX: usize = 64;
const NOTE_CHARS_MAX: usize = 512;

/// Serves an action on conversations.
///
/// # Errors
/// 404 when there is no such conversation or item, 400 when the body is wrong, 503 when the store does not work.
pub(crate) async fn converse(
    origin: Origin,
    pinned: Arc<Pinned>,
    action: ConversationAction<'_>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Refusal> {
    let desk = Desk { origin, pinned };
    match action {
        ConversationAction::Create => desk.create(request).await,
        ConversationAction::Get(id) => desk.get(&ConversationId::from(&*id)).await,
        ConversationAction::Annotate(id) => desk.annotate(&ConversationId::from(&*id), request).await,
        ConversationAction::Delete(id) => desk.delete(&ConversationId::from(&*id)).await,
        ConversationAction::ListItems(id) => {
            desk.list_items(&ConversationId::from(&*id), request.uri().query()).await
        }
        ConversationAction::AddItems(id) => desk.add_items(&ConversationId::from(&*id), request).await,
        ConversationAction::GetItem(id, item) => {
            desk.get_item(&ConversationId::from(&*id), &ItemId::from(&*item)).await
        }
        ConversationAction::DeleteItem(id, item) => {
            desk.delete_item(&ConversationId::from(&*id), &ItemId::from(&*item)).await
        }
    }
}

/// Who asks, and under which configuration.
struct Desk {
    origin: Origin,
    pinned: Arc<Pinned>,
}

type Served = Result<Response<AnswerBody>, Refusal>;

impl Desk {
    async fn create(&self, request: Request<Incoming>) -> Served {
        let read = self.read(request).await?;
        let metadata = metadata(&read.document)?.unwrap_or(Bytes::from_static(b"{}"));
        let items = self.items(&read.document)?.unwrap_or_default();
        let conversation = KeptConversation {
            tenant: tenant(&self.origin),
            id: format!("conv_{}", self.origin.id.digits()).into(),
            metadata,
            created: self.origin.gateway.wall_clock().into(),
        };
        let shown = shown(&conversation);
        self.stored(self.origin.gateway.store.begin_conversation(conversation, items).await)?;
        Ok(shown)
    }

    async fn get(&self, id: &ConversationId) -> Served {
        let conversation = self.origin.gateway.store.conversation(&tenant(&self.origin), id).await;
        self.stored(conversation)?.as_ref().map(shown).ok_or_else(|| unknown(id))
    }

    async fn annotate(&self, id: &ConversationId, request: Request<Incoming>) -> Served {
        let read = self.read(request).await?;
        let missing = || Refusal::of_member("metadata", "is missing");
        let metadata = metadata(&read.document)?.ok_or_else(missing)?;
        let done = self.origin.gateway.store.annotate(&tenant(&self.origin), id, metadata).await;
        if self.stored(done)? { self.get(id).await } else { Err(unknown(id)) }
    }

    async fn delete(&self, id: &ConversationId) -> Served {
        let done = self.origin.gateway.store.forget_conversation(&tenant(&self.origin), id).await;
        if !self.stored(done)? {
            return Err(unknown(id));
        }
        let deleted = json!({"id": id.as_str(), "object": "conversation.deleted", "deleted": true});
        Ok(json_response(StatusCode::OK, deleted.to_string().into_bytes()))
    }

    async fn list_items(&self, id: &ConversationId, query: Option<&str>) -> Served {
        let query = ListQuery::parse(query)?;
        let store = &self.origin.gateway.store;
        let items = store.conversation_items(&tenant(&self.origin), id, query.page()).await;
        let items = self.stored(items)?.ok_or_else(|| unknown(id))?;
        Ok(query.response(&items))
    }

    async fn add_items(&self, id: &ConversationId, request: Request<Incoming>) -> Served {
        let read = self.read(request).await?;
        let missing = || Refusal::of_member("items", "is missing");
        let items = self.items(&read.document)?.ok_or_else(missing)?;
        let done = self.origin.gateway.store.append(&tenant(&self.origin), id, items.clone()).await;
        if self.stored(done)? { Ok(list(&items, false)) } else { Err(unknown(id)) }
    }

    async fn get_item(&self, id: &ConversationId, item: &ItemId) -> Served {
        let found = self.origin.gateway.store.conversation_item(&tenant(&self.origin), id, item).await;
        let found = self.stored(found)?.ok_or_else(|| unknown_item(id, item))?;
        Ok(json_response(StatusCode::OK, found.json.to_vec()))
    }

    async fn delete_item(&self, id: &ConversationId, item: &ItemId) -> Served {
        let done = self.origin.gateway.store.forget_item(&tenant(&self.origin), id, item).await;
        if self.stored(done)? { self.get(id).await } else { Err(unknown_item(id, item)) }
    }

    /// The body; one that is left out says nothing.
    async fn read(&self, request: Request<Incoming>) -> Result<ReadBody, Refusal> {
        let (head, body) = request.into_parts();
        let limits = &self.pinned.snapshot.limits;
        read_json(&head.headers, body, limits, &self.origin.gateway.budget).await
    }

    /// The items that a body brings, each with an id.
    fn items(&self, document: &Document) -> Result<Option<Vec<KeptItem>>, Refusal> {
        let Some(raw) = present(document, "items")?.map(|items| items.raw_bytes()) else { return Ok(None) };
        let list = Value::parse(&raw).map_err(|_| Refusal::of_member("items", "must be a list of items"))?;
        let is_item = |item: &Value<'_>| item.present("type").or_else(|| item.present("role")).is_some();
        if list.kind() != Kind::Array || !list.elements().iter().all(is_item) {
            return Err(Refusal::of_member(
                "items",
                "must be a list of items, each with a `type` or a `role`",
            ));
        }
        if list.elements().len() > ITEMS_MAX {
            let problem = format!("must not have more than {ITEMS_MAX} items; add the rest later");
            return Err(Refusal::of_member("items", &problem));
        }
        Ok(Some(kept(items_of(&list, self.origin.id.digits()))))
    }

    fn stored<T>(&self, result: Result<T, StoreError>) -> Result<T, Refusal> {
        result.map_err(|error| failure::refusal(&self.origin.gateway, error))
    }
}

/// The notes of a body, if they are what the API allows.
fn metadata(document: &Document) -> Result<Option<Bytes>, Refusal> {
    let Some(raw) = present(document, "metadata")?.map(|notes| notes.raw_bytes()) else { return Ok(None) };
    let must = || {
        let rule = format!(
            "must be an object of at most {NOTES_MAX} strings, with names up to {NOTE_NAME_CHARS_MAX} and values up to \
             {NOTE_CHARS_MAX} characters"
        );
        Refusal::of_member("metadata", &rule)
    };
    let notes = Value::parse(&raw).map_err(|_| must())?;
    let fits = |(name, value): &(std::borrow::Cow<'_, str>, Value<'_>)| {
        let value = value.as_str();
        name.chars().count() <= NOTE_NAME_CHARS_MAX
            && value.is_some_and(|value| value.chars().count() <= NOTE_CHARS_MAX)
    };
    let is_legal = notes.kind() == Kind::Object && notes.members().len() <= NOTES_MAX;
    if is_legal && notes.members().iter().all(fits) { Ok(Some(raw.clone())) } else { Err(must()) }
}

fn shown(conversation: &KeptConversation) -> Response<AnswerBody> {
    let created = conversation.created.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut body = Vec::new();
    object(&mut body, |object| {
        object.str("id", conversation.id.as_str());
        object.str("object", "conversation");
        object.number("created_at", created.as_secs());
        object.raw("metadata", std::str::from_utf8(&conversation.metadata).unwrap_or("{}"));
    });
    json_response(StatusCode::OK, body)
}

fn unknown(id: &ConversationId) -> Refusal {
    let shown: String = id.as_str().chars().take(100).collect();
    Refusal::new(ErrorCode::ConversationNotFound, format!("no conversation `{shown}` is kept for this key"))
}

fn unknown_item(id: &ConversationId, item: &ItemId) -> Refusal {
    let shown = |text: &str| text.chars().take(100).collect::<String>();
    let message = format!("the conversation `{}` has no item `{}`", shown(id.as_str()), shown(item.as_str()));
    Refusal::new(ErrorCode::ConversationNotFound, message)
}

#[cfg(test)]
mod tests {
    use super::metadata;
    use wire::json::{Document, ScanLimits};

    #[test]
    fn notes_are_a_few_short_strings() {
        let noted = |json: String| metadata(&Document::parse(json.into(), ScanLimits::default()).unwrap());
        assert_eq!(noted(r#"{"metadata":null}"#.to_owned()), Ok(None));
        let kept = noted(r#"{"metadata":{"topic": "ä"}}"#.to_owned()).unwrap().unwrap();
        assert_eq!(&*kept, r#"{"topic": "ä"}"#.as_bytes());
        let long = format!(r#"{{"metadata":{{"a":"{}"}}}}"#, "x".repeat(513));
        let many: Vec<String> = (0..17).map(|number| format!(r#""k{number}":"v""#)).collect();
        let many = format!(r#"{{"metadata":{{{}}}}}"#, many.join(","));
        for wrong in [long, many, r#"{"metadata":[]}"#.to_owned(), r#"{"metadata":{"a":1}}"#.to_owned()] {
            assert_eq!(noted(wrong).unwrap_err().param.as_deref(), Some("metadata"));
        }
    }
}
