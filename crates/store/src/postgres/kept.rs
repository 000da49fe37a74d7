//! Responses and conversations in PostgreSQL, for replicas on several machines.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use domain::kept::{
    Continued, ConversationId, ItemId, ItemPage, KeptConversation, KeptEvent, KeptItem, KeptResponse,
    ResponseHead, ResponseId, Tenant,
};
use domain::ports::response_store::{Pending, ResponseStore, StoreError};

use super::connections::{Connections, Lent, Problem};
use super::room::Room;
use super::sweep::sweep;
use super::{VIEW, WRITE, conversations, history, items, responses};
use crate::kept::item_bytes;

/// Keeps responses and conversations in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    connections: Arc<Connections>,
    room: Room,
}

impl PostgresStore {
    pub(super) fn new(connections: Arc<Connections>, bytes_max: u64) -> Self {
        Self { connections, room: Room::new(bytes_max) }
    }

    /// Waits for an answer of the database.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        answer: impl Future<Output = Result<T, Problem>> + Send + 'a,
    ) -> Pending<'a, T> {
        self.connections.ask(answer, StoreError::Unavailable)
    }

    /// Begins what adds so many bytes.
    async fn adding(&self, bytes: usize) -> Result<Lent<'_>, Problem> {
        let mut step = self.connections.begin(WRITE).await?;
        match self.room.take(&mut step, bytes).await {
            Ok(()) => Ok(step),
            Err(full @ Problem::Full { .. }) => {
                step.roll_back().await?;
                Err(full)
            }
            Err(problem) => Err(problem),
        }
    }
}

impl ResponseStore for PostgresStore {
    fn begin(&self, response: KeptResponse) -> Pending<'_, ()> {
        self.ask(async move {
            let mut step = self.adding(weight(&response)).await?;
            responses::begin(&mut step, &response).await?;
            step.commit().await
        })
    }

    fn finish(&self, response: KeptResponse) -> Pending<'_, bool> {
        self.ask(async move {
            let mut step = self.adding(weight(&response)).await?;
            let finished = responses::finish(&mut step, &response).await?;
            step.commit().await?;
            Ok(finished)
        })
    }

    fn touch<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId, now: SystemTime) -> Pending<'a, bool> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let touched = responses::touch(&mut connection, tenant, id, now).await?;
            connection.give_back();
            Ok(touched)
        })
    }

    fn response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, Option<ResponseHead>> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let head = responses::head(&mut connection, tenant, id).await?;
            connection.give_back();
            Ok(head)
        })
    }

    fn input_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.ask(async move {
            let mut view = self.connections.begin(VIEW).await?;
            let items = responses::input_items(&mut view, tenant, id, page).await?;
            view.commit().await?;
            Ok(items)
        })
    }

    fn forget_response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, bool> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let forgotten = responses::forget(&mut connection, tenant, id).await?;
            connection.give_back();
            Ok(forgotten)
        })
    }

    fn append_events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        events: Vec<KeptEvent>,
    ) -> Pending<'a, ()> {
        self.ask(async move {
            let bytes = events.iter().map(|event| event.frame.len()).sum();
            let mut step = self.adding(bytes).await?;
            responses::append_events(&mut step, tenant, id, &events).await?;
            step.commit().await
        })
    }

    fn events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        after: Option<u64>,
        events_max: usize,
    ) -> Pending<'a, Vec<KeptEvent>> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let events = responses::events(&mut connection, (tenant, id), after, events_max).await?;
            connection.give_back();
            Ok(events)
        })
    }

    fn history<'a>(
        &'a self,
        tenant: &'a Tenant,
        continued: &'a Continued,
        bytes_max: usize,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        let reading = self.ask(async move {
            let mut view = self.connections.begin(VIEW).await?;
            let history = history::read(&mut view, tenant, continued, bytes_max).await?;
            view.commit().await?;
            Ok(history)
        });
        Box::pin(async move { reading.await?.found(bytes_max) })
    }

    fn items<'a>(&'a self, tenant: &'a Tenant, ids: &'a [ItemId]) -> Pending<'a, Vec<KeptItem>> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let items = items::find(&mut connection, tenant, ids).await?;
            connection.give_back();
            Ok(items)
        })
    }

    fn begin_conversation(&self, conversation: KeptConversation, items: Vec<KeptItem>) -> Pending<'_, ()> {
        self.ask(async move {
            let mut step = self.adding(conversation.metadata.len() + bytes_of(&items)).await?;
            conversations::begin(&mut step, &conversation, &items).await?;
            step.commit().await
        })
    }

    fn conversation<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
    ) -> Pending<'a, Option<KeptConversation>> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let conversation = conversations::read(&mut connection, tenant, id).await?;
            connection.give_back();
            Ok(conversation)
        })
    }

    fn annotate<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        metadata: Bytes,
    ) -> Pending<'a, bool> {
        self.ask(async move {
            let mut step = self.adding(metadata.len()).await?;
            let annotated = conversations::annotate(&mut step, tenant, id, &metadata).await?;
            step.commit().await?;
            Ok(annotated)
        })
    }

    fn forget_conversation<'a>(&'a self, tenant: &'a Tenant, id: &'a ConversationId) -> Pending<'a, bool> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let forgotten = conversations::forget(&mut connection, tenant, id).await?;
            connection.give_back();
            Ok(forgotten)
        })
    }

    fn append<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        items: Vec<KeptItem>,
    ) -> Pending<'a, bool> {
        self.ask(async move {
            let mut step = self.adding(bytes_of(&items)).await?;
            let appended = conversations::append(&mut step, tenant, id, &items).await?;
            step.commit().await?;
            Ok(appended)
        })
    }

    fn conversation_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.ask(async move {
            let mut view = self.connections.begin(VIEW).await?;
            let items = conversations::page(&mut view, tenant, id, page).await?;
            view.commit().await?;
            Ok(items)
        })
    }

    fn conversation_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, Option<KeptItem>> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let item = conversations::item(&mut connection, tenant, id, item).await?;
            connection.give_back();
            Ok(item)
        })
    }

    fn forget_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, bool> {
        self.ask(async move {
            let mut connection = self.connections.take().await?;
            let forgotten = conversations::forget_item(&mut connection, tenant, id, item).await?;
            connection.give_back();
            Ok(forgotten)
        })
    }

    fn sweep(&self, now: SystemTime) -> Pending<'_, usize> {
        self.ask(async move {
            let mut step = self.connections.begin(WRITE).await?;
            let forgotten = sweep(&mut step, now, &self.room).await?;
            step.commit().await?;
            Ok(forgotten)
        })
    }
}

/// The bytes of a response, without what a row takes.
fn weight(response: &KeptResponse) -> usize {
    response.body.len().saturating_add(item_bytes(response).try_into().unwrap_or(usize::MAX))
}

fn bytes_of(items: &[KeptItem]) -> usize {
    items.iter().map(|item| item.json.len()).sum()
}
