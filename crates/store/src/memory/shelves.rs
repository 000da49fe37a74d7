//! What is kept, and the order in which it is forgotten.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use bytes::Bytes;
use domain::kept::{
    Continued, ConversationId, ItemId, ItemPage, KeptConversation, KeptEvent, KeptItem, KeptResponse,
    ResponseHead, ResponseId, ResponseStatus, Tenant,
};
use domain::ports::response_store::StoreError;

use super::item_index::ItemIndex;
use super::weight;

/// The longest chain of responses that is followed.
const LINKS_MAX: usize = 10_000;
/// Responses that one sweep forgets.
const SWEPT_MAX: usize = 1_000;

type ResponseName = (Tenant, ResponseId);
type ConversationName = (Tenant, ConversationId);

#[derive(Debug)]
struct Response {
    kept: KeptResponse,
    events: Vec<KeptEvent>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug)]
struct Conversation {
    kept: KeptConversation,
    items: Vec<KeptItem>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug, Clone)]
enum Name {
    Response(ResponseName),
    Conversation(ConversationName),
}

/// Everything that is kept.
#[derive(Debug)]
pub(super) struct Shelves {
    responses: HashMap<ResponseName, Response>,
    conversations: HashMap<ConversationName, Conversation>,
    index: ItemIndex,
    /// What was touched when, the longest untouched first.
    turns: BTreeMap<u64, Name>,
    next_turn: u64,
    bytes: usize,
    bytes_max: usize,
}

impl Shelves {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            responses: HashMap::new(),
            conversations: HashMap::new(),
            index: ItemIndex::default(),
            turns: BTreeMap::new(),
            next_turn: 0,
            bytes: 0,
            bytes_max,
        }
    }

    pub(super) fn begin(&mut self, response: KeptResponse) -> Result<(), StoreError> {
        let bytes = weight::of_response(&response);
        self.fits("the response", bytes)?;
        let name = (response.tenant.clone(), response.id.clone());
        self.forget_response(&name.0, &name.1);
        if let (ResponseStatus::Answered, Some(Continued::Conversation(conversation))) =
            (response.status, &response.continued)
        {
            let items = response.input.iter().chain(&response.output).cloned().collect();
            self.append(&name.0, conversation, items)?;
        }
        self.index.add(&name.0, &response.input);
        self.index.add(&name.0, &response.output);
        let turn = self.take_turn(Name::Response(name.clone()));
        self.responses.insert(name, Response { kept: response, events: Vec::new(), bytes, turn });
        self.grow(bytes);
        Ok(())
    }

    pub(super) fn finish(&mut self, response: KeptResponse) -> Result<bool, StoreError> {
        let name = (response.tenant.clone(), response.id.clone());
        let Some(unfinished) = self.responses.get_mut(&name) else { return Ok(false) };
        if unfinished.kept.status != ResponseStatus::Unfinished {
            return Ok(false);
        }
        let events = std::mem::take(&mut unfinished.events);
        self.begin(response)?;
        self.append_events(&name.0, &name.1, events)?;
        Ok(true)
    }

    pub(super) fn touch(&mut self, tenant: &Tenant, id: &ResponseId, now: SystemTime) -> bool {
        let Some(response) = self.responses.get_mut(&(tenant.clone(), id.clone())) else { return false };
        let works = response.kept.status == ResponseStatus::Unfinished;
        if works {
            response.kept.touched = now;
        }
        works
    }

    pub(super) fn response(&self, tenant: &Tenant, id: &ResponseId) -> Option<ResponseHead> {
        let KeptResponse { status, body, touched, .. } = &self.find(tenant, id)?.kept;
        Some(ResponseHead { status: *status, body: body.clone(), touched: *touched })
    }

    pub(super) fn input_items(
        &self,
        tenant: &Tenant,
        id: &ResponseId,
        page: &ItemPage,
    ) -> Option<Vec<KeptItem>> {
        Some(paged(&self.find(tenant, id)?.kept.input, page))
    }

    pub(super) fn forget_response(&mut self, tenant: &Tenant, id: &ResponseId) -> bool {
        let Some(response) = self.responses.remove(&(tenant.clone(), id.clone())) else { return false };
        self.index.remove(tenant, &response.kept.input);
        self.index.remove(tenant, &response.kept.output);
        self.turns.remove(&response.turn);
        self.bytes -= response.bytes;
        true
    }

    pub(super) fn append_events(
        &mut self,
        tenant: &Tenant,
        id: &ResponseId,
        events: Vec<KeptEvent>,
    ) -> Result<(), StoreError> {
        let bytes = weight::of_events(&events);
        let bytes_max = self.bytes_max;
        let Some(response) = self.responses.get_mut(&(tenant.clone(), id.clone())) else { return Ok(()) };
        if response.bytes + bytes > bytes_max {
            return Err(StoreError::TooLarge { what: "the response with its events", bytes_max });
        }
        response.events.extend(events);
        response.bytes += bytes;
        self.grow(bytes);
        Ok(())
    }

    pub(super) fn events(
        &self,
        tenant: &Tenant,
        id: &ResponseId,
        after: Option<u64>,
        events_max: usize,
    ) -> Vec<KeptEvent> {
        let Some(response) = self.find(tenant, id) else { return Vec::new() };
        let follows = |event: &&KeptEvent| after.is_none_or(|after| event.sequence > after);
        response.events.iter().filter(follows).take(events_max).cloned().collect()
    }

    pub(super) fn history(
        &self,
        tenant: &Tenant,
        continued: &Continued,
        bytes_max: usize,
    ) -> Result<Option<Vec<KeptItem>>, StoreError> {
        let Some(exchanges) = self.exchanges(tenant, continued) else { return Ok(None) };
        let oldest_first = || exchanges.iter().rev().flat_map(|items| items.iter());
        if oldest_first().map(|item| item.json.len()).sum::<usize>() > bytes_max {
            return Err(StoreError::TooLarge { what: "the conversation", bytes_max });
        }
        Ok(Some(oldest_first().cloned().collect()))
    }

    /// The items of what is gone on from, in lists from the newest to the oldest.
    fn exchanges<'s>(&'s self, tenant: &Tenant, continued: &Continued) -> Option<Vec<&'s [KeptItem]>> {
        let mut exchanges: Vec<&[KeptItem]> = Vec::new();
        let mut next = Some(continued);
        let mut newer: Option<&KeptResponse> = None;
        while let Some(continued) = next {
            match continued {
                Continued::Conversation(id) => {
                    let conversation = self.conversations.get(&(tenant.clone(), id.clone()))?;
                    exchanges.push(before(&conversation.items, newer)?);
                    return Some(exchanges);
                }
                Continued::Response(id) => {
                    let response = &self.find(tenant, id)?.kept;
                    if response.status != ResponseStatus::Answered || exchanges.len() > 2 * LINKS_MAX {
                        return None;
                    }
                    exchanges.extend([response.output.as_slice(), response.input.as_slice()]);
                    next = response.continued.as_ref();
                    newer = Some(response);
                }
            }
        }
        Some(exchanges)
    }

    pub(super) fn items(&self, tenant: &Tenant, ids: &[ItemId]) -> Vec<KeptItem> {
        ids.iter().filter_map(|id| self.index.latest(tenant, id).cloned()).collect()
    }

    pub(super) fn begin_conversation(
        &mut self,
        conversation: KeptConversation,
        items: Vec<KeptItem>,
    ) -> Result<(), StoreError> {
        let bytes = weight::of_conversation(&conversation) + weight::of_items(&items);
        self.fits("the conversation", bytes)?;
        let name = (conversation.tenant.clone(), conversation.id.clone());
        self.forget_conversation(&name.0, &name.1);
        self.index.add(&name.0, &items);
        let turn = self.take_turn(Name::Conversation(name.clone()));
        self.conversations.insert(name, Conversation { kept: conversation, items, bytes, turn });
        self.grow(bytes);
        Ok(())
    }

    pub(super) fn conversation(&self, tenant: &Tenant, id: &ConversationId) -> Option<KeptConversation> {
        self.conversations.get(&(tenant.clone(), id.clone())).map(|conversation| conversation.kept.clone())
    }

    pub(super) fn annotate(&mut self, tenant: &Tenant, id: &ConversationId, metadata: Bytes) -> bool {
        let Some(conversation) = self.conversations.get_mut(&(tenant.clone(), id.clone())) else {
            return false;
        };
        let (before, after) = (conversation.kept.metadata.len(), metadata.len());
        conversation.kept.metadata = metadata;
        conversation.bytes = conversation.bytes - before + after;
        self.bytes -= before;
        self.grow(after);
        true
    }

    pub(super) fn forget_conversation(&mut self, tenant: &Tenant, id: &ConversationId) -> bool {
        let Some(conversation) = self.conversations.remove(&(tenant.clone(), id.clone())) else {
            return false;
        };
        self.index.remove(tenant, &conversation.items);
        self.turns.remove(&conversation.turn);
        self.bytes -= conversation.bytes;
        true
    }

    pub(super) fn append(
        &mut self,
        tenant: &Tenant,
        id: &ConversationId,
        items: Vec<KeptItem>,
    ) -> Result<bool, StoreError> {
        let name = (tenant.clone(), id.clone());
        let Some(bytes_before) = self.conversations.get(&name).map(|conversation| conversation.bytes) else {
            return Ok(false);
        };
        let bytes = weight::of_items(&items);
        self.fits("the conversation", bytes_before + bytes)?;
        self.index.add(tenant, &items);
        let turn = self.take_turn(Name::Conversation(name.clone()));
        if let Some(conversation) = self.conversations.get_mut(&name) {
            conversation.items.extend(items);
            conversation.bytes += bytes;
            self.turns.remove(&std::mem::replace(&mut conversation.turn, turn));
        }
        self.grow(bytes);
        Ok(true)
    }

    pub(super) fn conversation_items(
        &self,
        tenant: &Tenant,
        id: &ConversationId,
        page: &ItemPage,
    ) -> Option<Vec<KeptItem>> {
        Some(paged(&self.conversations.get(&(tenant.clone(), id.clone()))?.items, page))
    }

    pub(super) fn conversation_item(
        &self,
        tenant: &Tenant,
        id: &ConversationId,
        item: &ItemId,
    ) -> Option<KeptItem> {
        let items = &self.conversations.get(&(tenant.clone(), id.clone()))?.items;
        items.iter().rev().find(|known| known.id == *item).cloned()
    }

    pub(super) fn forget_item(&mut self, tenant: &Tenant, id: &ConversationId, item: &ItemId) -> bool {
        let Some(conversation) = self.conversations.get_mut(&(tenant.clone(), id.clone())) else {
            return false;
        };
        let Some(place) = conversation.items.iter().rposition(|known| known.id == *item) else {
            return false;
        };
        let gone = [conversation.items.remove(place)];
        let bytes = weight::of_items(&gone);
        conversation.bytes -= bytes;
        self.bytes -= bytes;
        self.index.remove(tenant, &gone);
        true
    }

    pub(super) fn sweep(&mut self, now: SystemTime) -> usize {
        let is_expired = |response: &&Response| response.kept.expires <= now;
        let expired: Vec<ResponseName> = self
            .responses
            .values()
            .filter(is_expired)
            .take(SWEPT_MAX)
            .map(|response| (response.kept.tenant.clone(), response.kept.id.clone()))
            .collect();
        expired.iter().filter(|(tenant, id)| self.forget_response(tenant, id)).count()
    }

    fn find(&self, tenant: &Tenant, id: &ResponseId) -> Option<&Response> {
        self.responses.get(&(tenant.clone(), id.clone()))
    }

    fn fits(&self, what: &'static str, bytes: usize) -> Result<(), StoreError> {
        let bytes_max = self.bytes_max;
        if bytes > bytes_max { Err(StoreError::TooLarge { what, bytes_max }) } else { Ok(()) }
    }

    /// The last place in the order of forgetting.
    fn take_turn(&mut self, name: Name) -> u64 {
        let turn = self.next_turn;
        self.next_turn += 1;
        self.turns.insert(turn, name);
        turn
    }

    /// Notes that more is kept, and forgets what has been untouched for longest until all of it fits.
    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        while self.bytes > self.bytes_max {
            let Some((_, name)) = self.turns.pop_first() else { return };
            match name {
                Name::Response((tenant, id)) => self.forget_response(&tenant, &id),
                Name::Conversation((tenant, id)) => self.forget_conversation(&tenant, &id),
            };
        }
    }
}

/// The items of a conversation before those of a response that went on from it; all of them without one.
fn before<'i>(items: &'i [KeptItem], response: Option<&KeptResponse>) -> Option<&'i [KeptItem]> {
    let Some(response) = response else { return Some(items) };
    let first = response.input.first().or(response.output.first());
    let place = first.and_then(|first| items.iter().position(|item| item.id == first.id));
    items.get(..place.unwrap_or(items.len()))
}

/// A page of items, which are kept oldest first.
fn paged(items: &[KeptItem], page: &ItemPage) -> Vec<KeptItem> {
    let in_order: Box<dyn Iterator<Item = &KeptItem>> =
        if page.newest_first { Box::new(items.iter().rev()) } else { Box::new(items.iter()) };
    let after: Box<dyn Iterator<Item = &KeptItem>> = match &page.after {
        Some(id) => Box::new(in_order.skip_while(move |item| item.id != *id).skip(1)),
        None => in_order,
    };
    after.take(page.items_max).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{
        Bytes, KeptConversation, KeptItem, KeptResponse, ResponseStatus, Shelves, StoreError, SystemTime,
    };

    fn response(id: &str, bytes: usize) -> KeptResponse {
        KeptResponse {
            tenant: "t".into(),
            id: id.into(),
            status: ResponseStatus::Answered,
            body: vec![b' '; bytes].into(),
            continued: None,
            input: Vec::new(),
            output: vec![KeptItem {
                id: format!("item of {id}").as_str().into(),
                json: Bytes::from_static(b"{}"),
            }],
            touched: SystemTime::UNIX_EPOCH,
            expires: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_is_longest_untouched_makes_room() {
        let mut shelves = Shelves::new(10_000);
        let conversation = KeptConversation {
            tenant: "t".into(),
            id: "c".into(),
            metadata: Bytes::from_static(b"{}"),
            created: SystemTime::UNIX_EPOCH,
        };
        shelves.begin_conversation(conversation, Vec::new()).unwrap();
        shelves.begin(response("a", 4_000)).unwrap();
        shelves.append(&"t".into(), &"c".into(), Vec::new()).unwrap();
        shelves.begin(response("b", 6_000)).unwrap();
        let is_kept = |shelves: &Shelves, id: &str| shelves.response(&"t".into(), &id.into()).is_some();
        assert!(!is_kept(&shelves, "a") && is_kept(&shelves, "b"));
        assert!(shelves.conversation(&"t".into(), &"c".into()).is_some());
        assert!(shelves.items(&"t".into(), &["item of a".into()]).is_empty());
        let too_large = shelves.begin(response("c", 20_000));
        assert!(matches!(too_large, Err(StoreError::TooLarge { bytes_max: 10_000, .. })));
        assert!(is_kept(&shelves, "b"));
    }

    #[test]
    fn what_is_forgotten_leaves_nothing() {
        let mut shelves = Shelves::new(10_000);
        for round in 0..50 {
            shelves.begin(response(&format!("r{round}"), 1_000)).unwrap();
        }
        assert!(shelves.bytes <= 10_000 && shelves.responses.len() == shelves.turns.len());
        while shelves.sweep(SystemTime::UNIX_EPOCH) > 0 {}
        assert_eq!((shelves.bytes, shelves.responses.len(), shelves.turns.len()), (0, 0, 0));
    }
}
