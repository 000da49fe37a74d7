//! Responses and conversations in a SQLite file: they outlive the process, on one machine.

mod audit;
mod conversations;
mod file;
mod history;
mod items;
mod registry;
mod responses;
mod rows;
mod shared;
mod sweep;

use std::time::SystemTime;

use bytes::Bytes;
use domain::kept::{
    Continued, ConversationId, ItemId, ItemPage, KeptConversation, KeptEvent, KeptItem, KeptResponse,
    ResponseHead, ResponseId, Tenant,
};
use domain::ports::response_store::{Pending, ResponseStore, StoreError};

pub use audit::SqliteAudit;
use file::Connections;
pub use file::{OpenError, OpenProblem, SqliteFile};
pub use registry::SqliteRegistry;
pub use shared::SqliteState;

/// Begins what may write. One that only began to read could find that somebody has written since, and would have to fail.
const WRITE: &str = "BEGIN IMMEDIATE";

/// Keeps responses and conversations in a file.
#[derive(Debug)]
pub struct SqliteStore {
    connections: Connections,
    file: SqliteFile,
}

impl SqliteStore {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    /// When it cannot be used, with the reason.
    pub async fn open(file: SqliteFile) -> Result<Self, OpenError> {
        Ok(Self { connections: file.open().await?, file })
    }

    /// Works in what was written, and closes the file. Everything that is asked for afterwards fails.
    pub async fn close(&self) {
        self.connections.readers.close().await;
        self.connections.writer.close().await;
    }

    /// Does something with the file.
    fn on_file<'a, T: Send + 'a>(
        &'a self,
        act: impl Future<Output = Result<T, sqlx::Error>> + Send + 'a,
    ) -> Pending<'a, T> {
        Box::pin(async {
            act.await.map_err(|error| {
                StoreError::Unavailable(format!("the database `{}`: {error}", self.file.path.display()))
            })
        })
    }
}

impl ResponseStore for SqliteStore {
    fn begin(&self, response: KeptResponse) -> Pending<'_, ()> {
        let writer = &self.connections.writer;
        self.on_file(async move { responses::begin(writer, &response).await })
    }

    fn finish(&self, response: KeptResponse) -> Pending<'_, bool> {
        let writer = &self.connections.writer;
        self.on_file(async move { responses::finish(writer, &response).await })
    }

    fn touch<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId, now: SystemTime) -> Pending<'a, bool> {
        self.on_file(responses::touch(&self.connections.writer, tenant, id, now))
    }

    fn response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, Option<ResponseHead>> {
        self.on_file(responses::head(&self.connections.readers, tenant, id))
    }

    fn input_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.on_file(responses::input_items(&self.connections.readers, tenant, id, page))
    }

    fn forget_response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, bool> {
        self.on_file(responses::forget(&self.connections.writer, tenant, id))
    }

    fn append_events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        events: Vec<KeptEvent>,
    ) -> Pending<'a, ()> {
        let writer = &self.connections.writer;
        self.on_file(async move { responses::append_events(writer, tenant, id, &events).await })
    }

    fn events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        after: Option<u64>,
        events_max: usize,
    ) -> Pending<'a, Vec<KeptEvent>> {
        self.on_file(responses::events(&self.connections.readers, tenant, id, after, events_max))
    }

    fn history<'a>(
        &'a self,
        tenant: &'a Tenant,
        continued: &'a Continued,
        bytes_max: usize,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        let reading = self.on_file(history::read(&self.connections.readers, tenant, continued, bytes_max));
        Box::pin(async move { reading.await?.found(bytes_max) })
    }

    fn items<'a>(&'a self, tenant: &'a Tenant, ids: &'a [ItemId]) -> Pending<'a, Vec<KeptItem>> {
        let readers = &self.connections.readers;
        self.on_file(async move { items::find(&mut *readers.acquire().await?, tenant, ids).await })
    }

    fn begin_conversation(&self, conversation: KeptConversation, items: Vec<KeptItem>) -> Pending<'_, ()> {
        let writer = &self.connections.writer;
        self.on_file(async move { conversations::begin(writer, &conversation, &items).await })
    }

    fn conversation<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
    ) -> Pending<'a, Option<KeptConversation>> {
        self.on_file(conversations::read(&self.connections.readers, tenant, id))
    }

    fn annotate<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        metadata: Bytes,
    ) -> Pending<'a, bool> {
        let writer = &self.connections.writer;
        self.on_file(async move { conversations::annotate(writer, tenant, id, &metadata).await })
    }

    fn forget_conversation<'a>(&'a self, tenant: &'a Tenant, id: &'a ConversationId) -> Pending<'a, bool> {
        self.on_file(conversations::forget(&self.connections.writer, tenant, id))
    }

    fn append<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        items: Vec<KeptItem>,
    ) -> Pending<'a, bool> {
        let writer = &self.connections.writer;
        self.on_file(async move { conversations::append(writer, tenant, id, &items).await })
    }

    fn conversation_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>> {
        self.on_file(conversations::page(&self.connections.readers, tenant, id, page))
    }

    fn conversation_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, Option<KeptItem>> {
        self.on_file(conversations::item(&self.connections.readers, tenant, id, item))
    }

    fn forget_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, bool> {
        self.on_file(conversations::forget_item(&self.connections.writer, tenant, id, item))
    }

    fn sweep(&self, now: SystemTime) -> Pending<'_, usize> {
        self.on_file(sweep::sweep(&self.connections.writer, now, self.file.pages_wanted()))
    }
}
