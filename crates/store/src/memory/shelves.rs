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
use crate::kept::LINKS_MAX;

/// Responses that one sweep forgets.
const SWEPT_MAX: usize = 1_000;

type ResponseName = (Tenant, ResponseId);
type ConversationName = (Tenant, ConversationId);

#[derive(Debug)]
struct Response {
    kept: KeptResponse,
    /// The number of its first item; the others follow, its input before its output.
    first_item: u64,
    /// The items that its conversation had before its own have lower numbers; absent when it was not appended to one.
    conversation_until: Option<u64>,
    events: Vec<KeptEvent>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug)]
struct Conversation {
    kept: KeptConversation,
    items: Vec<Numbered>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug)]
struct Numbered {
    number: u64,
    item: KeptItem,
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
        self.keep(response, Vec::new())
    }

    pub(super) fn finish(&mut self, response: KeptResponse) -> Result<bool, StoreError> {
        let Some(unfinished) = self.find(&response.tenant, &response.id) else { return Ok(false) };
        if unfinished.kept.status != ResponseStatus::Unfinished {
            return Ok(false);
        }
        let events = unfinished.events.clone();
        self.keep(response, events)?;
        Ok(true)
    }

    fn keep(&mut self, response: KeptResponse, events: Vec<KeptEvent>) -> Result<(), StoreError> {
        let bytes = weight::of_response(&response) + weight::of_events(&events);
        self.fits("the response", bytes)?;
        let conversation_until = self.add_to_conversation(&response)?;
        let name = (response.tenant.clone(), response.id.clone());
        self.forget_response(&name.0, &name.1);
        let first_item = self.index.next();
        self.index.add(&name.0, response.input.iter().chain(&response.output));
        let turn = self.take_turn(Name::Response(name.clone()));
        let kept = Response { kept: response, first_item, conversation_until, events, bytes, turn };
        self.responses.insert(name, kept);
        self.grow(bytes);
        Ok(())
    }

    /// Appends the items of an answered response to the conversation that it goes on from, if there still is one; the number of
    /// the first of them.
    fn add_to_conversation(&mut self, response: &KeptResponse) -> Result<Option<u64>, StoreError> {
        let (ResponseStatus::Answered, Some(Continued::Conversation(id))) =
            (response.status, &response.continued)
        else {
            return Ok(None);
        };
        let until = self.index.next();
        let items = response.input.iter().chain(&response.output).cloned().collect();
        Ok(self.append(&response.tenant, id, items)?.then_some(until))
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
        Some(paged(self.find(tenant, id)?.kept.input.iter(), page))
    }

    pub(super) fn forget_response(&mut self, tenant: &Tenant, id: &ResponseId) -> bool {
        let Some(response) = self.responses.remove(&(tenant.clone(), id.clone())) else { return false };
        let items = response.kept.input.iter().chain(&response.kept.output);
        (response.first_item..)
            .zip(items)
            .for_each(|(number, item)| self.index.remove(tenant, &item.id, number));
        self.turns.remove(&response.turn);
        self.bytes -= response.bytes;
        true
    }

    pub(super) fn append_events(
        &mut self,
        tenant: &Tenant,
        id: &ResponseId,
        mut events: Vec<KeptEvent>,
    ) -> Result<(), StoreError> {
        let bytes_max = self.bytes_max;
        let Some(response) = self.responses.get_mut(&(tenant.clone(), id.clone())) else { return Ok(()) };
        let mut last = response.events.last().map(|event| event.sequence);
        events.retain(|event| {
            let is_next = last.is_none_or(|last| event.sequence > last);
            if is_next {
                last = Some(event.sequence);
            }
            is_next
        });
        let bytes = weight::of_events(&events);
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
        let mut newest_first: Vec<&KeptItem> = Vec::new();
        let (mut bytes, mut links, mut until) = (0, 0, u64::MAX);
        let mut next = Some(continued);
        while let Some(continued) = next {
            let newer = newest_first.len();
            match continued {
                Continued::Response(id) => {
                    let Some(response) = self.answered(tenant, id) else { return Ok(None) };
                    links += 1;
                    if links > LINKS_MAX {
                        return Ok(None);
                    }
                    newest_first.extend(response.kept.input.iter().chain(&response.kept.output).rev());
                    next = response.kept.continued.as_ref();
                    until = response.conversation_until.unwrap_or(u64::MAX);
                }
                Continued::Conversation(id) => {
                    let Some(conversation) = self.find_conversation(tenant, id) else { return Ok(None) };
                    let before = conversation.items.iter().rev().filter(|item| item.number < until);
                    newest_first.extend(before.map(|numbered| &numbered.item));
                    next = None;
                }
            }
            bytes += newest_first[newer..].iter().map(|item| item.json.len()).sum::<usize>();
            if bytes > bytes_max {
                return Err(StoreError::TooLarge { what: "the conversation", bytes_max });
            }
        }
        Ok(Some(newest_first.into_iter().rev().cloned().collect()))
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
        let items = self.number(&name.0, items);
        let turn = self.take_turn(Name::Conversation(name.clone()));
        self.conversations.insert(name, Conversation { kept: conversation, items, bytes, turn });
        self.grow(bytes);
        Ok(())
    }

    pub(super) fn conversation(&self, tenant: &Tenant, id: &ConversationId) -> Option<KeptConversation> {
        self.find_conversation(tenant, id).map(|conversation| conversation.kept.clone())
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
        conversation
            .items
            .iter()
            .for_each(|Numbered { number, item }| self.index.remove(tenant, &item.id, *number));
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
        let items = self.number(tenant, items);
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
        let items = &self.find_conversation(tenant, id)?.items;
        Some(paged(items.iter().map(|numbered| &numbered.item), page))
    }

    pub(super) fn conversation_item(
        &self,
        tenant: &Tenant,
        id: &ConversationId,
        item: &ItemId,
    ) -> Option<KeptItem> {
        let mut newest_first = self.find_conversation(tenant, id)?.items.iter().rev();
        newest_first.find(|known| known.item.id == *item).map(|known| known.item.clone())
    }

    pub(super) fn forget_item(&mut self, tenant: &Tenant, id: &ConversationId, item: &ItemId) -> bool {
        let Some(conversation) = self.conversations.get_mut(&(tenant.clone(), id.clone())) else {
            return false;
        };
        let Some(place) = conversation.items.iter().rposition(|known| known.item.id == *item) else {
            return false;
        };
        let gone = conversation.items.remove(place);
        let bytes = weight::of_item(&gone.item);
        conversation.bytes -= bytes;
        self.bytes -= bytes;
        self.index.remove(tenant, item, gone.number);
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

    fn answered(&self, tenant: &Tenant, id: &ResponseId) -> Option<&Response> {
        self.find(tenant, id).filter(|response| response.kept.status == ResponseStatus::Answered)
    }

    fn find_conversation(&self, tenant: &Tenant, id: &ConversationId) -> Option<&Conversation> {
        self.conversations.get(&(tenant.clone(), id.clone()))
    }

    /// Puts items into the index.
    fn number(&mut self, tenant: &Tenant, items: Vec<KeptItem>) -> Vec<Numbered> {
        let first = self.index.next();
        self.index.add(tenant, &items);
        (first..).zip(items).map(|(number, item)| Numbered { number, item }).collect()
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

/// A page of items, which come oldest first.
fn paged<'i>(items: impl DoubleEndedIterator<Item = &'i KeptItem> + 'i, page: &ItemPage) -> Vec<KeptItem> {
    let in_order: Box<dyn Iterator<Item = &KeptItem> + 'i> =
        if page.newest_first { Box::new(items.rev()) } else { Box::new(items) };
    let Some(after) = &page.after else { return in_order.take(page.items_max).cloned().collect() };
    in_order.skip_while(|item| item.id != *after).skip(1).take(page.items_max).cloned().collect()
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
        assert!(shelves.index.is_empty());
    }
}
