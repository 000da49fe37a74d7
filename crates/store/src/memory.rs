//! Responses and conversations in memory: bounded, and gone with the process.

mod audit;
mod item_index;
mod registry;
mod shared;
mod shelves;
mod weight;

use std::time::SystemTime;

use bytes::Bytes;
use domain::kept::{
    Continued, ConversationId, ItemId, ItemPage, KeptConversation, KeptEvent, KeptItem, KeptResponse,
    ResponseHead, ResponseId, Tenant,
};
use domain::ports::response_store::{Pending, ResponseStore, StoreError};
use parking_lot::Mutex;

pub use audit::MemoryAudit;
pub use registry::MemoryRegistry;
pub use shared::MemoryState;
use shelves::Shelves;

/// Keeps responses and conversations in memory.
#[derive(Debug)]
pub struct MemoryStore(Mutex<Shelves>);

impl MemoryStore {
    /// A store that holds at most so many bytes. What was not touched for longest is forgotten first.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self(Mutex::new(Shelves::new(bytes_max)))
    }

    /// Does something at once.
    fn now<'a, T: Send + 'a>(
        &self,
        act: impl FnOnce(&mut Shelves) -> Result<T, StoreError>,
    ) -> Pending<'a, T> {
        let done = act(&mut self.0.lock());
        Box::pin(std::future::ready(done))
    }
}

impl ResponseStore for MemoryStore {
    fn begin(&self, response: KeptResponse) -> Pending<'_, ()> {
        self.now(|shelves| shelves.begin(response))
    }

    fn finish(&self, response: KeptResponse) -> Pending<'_, bool> {
        self.now(|shelves| shelves.finish(response))
    }

    fn touch<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId, now: SystemTime) -> Pending<'a, bool> {
        self.now(|shelves| Ok(shelves.touch(tenant, id, now)))
    }

    fn response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, Option<ResponseHead>> {
        self.now(|shelves| Ok(shelves.response(tenant, id)))
    }

    fn input_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.now(|shelves| Ok(shelves.input_items(tenant, id, page)))
    }

    fn forget_response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, bool> {
        self.now(|shelves| Ok(shelves.forget_response(tenant, id)))
    }

    fn append_events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        events: Vec<KeptEvent>,
    ) -> Pending<'a, ()> {
        self.now(|shelves| shelves.append_events(tenant, id, events))
    }

    fn events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        after: Option<u64>,
        events_max: usize,
    ) -> Pending<'a, Vec<KeptEvent>> {
        self.now(|shelves| Ok(shelves.events(tenant, id, after, events_max)))
    }

    fn history<'a>(
        &'a self,
        tenant: &'a Tenant,
        continued: &'a Continued,
        bytes_max: usize,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.now(|shelves| shelves.history(tenant, continued, bytes_max))
    }

    fn items<'a>(&'a self, tenant: &'a Tenant, ids: &'a [ItemId]) -> Pending<'a, Vec<KeptItem>> {
        self.now(|shelves| Ok(shelves.items(tenant, ids)))
    }

    fn begin_conversation(&self, conversation: KeptConversation, items: Vec<KeptItem>) -> Pending<'_, ()> {
        self.now(|shelves| shelves.begin_conversation(conversation, items))
    }

    fn conversation<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
    ) -> Pending<'a, Option<KeptConversation>> {
        self.now(|shelves| Ok(shelves.conversation(tenant, id)))
    }

    fn annotate<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        metadata: Bytes,
    ) -> Pending<'a, bool> {
        self.now(|shelves| Ok(shelves.annotate(tenant, id, metadata)))
    }

    fn forget_conversation<'a>(&'a self, tenant: &'a Tenant, id: &'a ConversationId) -> Pending<'a, bool> {
        self.now(|shelves| Ok(shelves.forget_conversation(tenant, id)))
    }

    fn append<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        items: Vec<KeptItem>,
    ) -> Pending<'a, bool> {
        self.now(|shelves| shelves.append(tenant, id, items))
    }

    fn conversation_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.now(|shelves| Ok(shelves.conversation_items(tenant, id, page)))
    }

    fn conversation_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, Option<KeptItem>> {
        self.now(|shelves| Ok(shelves.conversation_item(tenant, id, item)))
    }

    fn forget_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, bool> {
        self.now(|shelves| Ok(shelves.forget_item(tenant, id, item)))
    }

    fn sweep(&self, now: SystemTime) -> Pending<'_, usize> {
        self.now(|shelves| Ok(shelves.sweep(now)))
    }
}
