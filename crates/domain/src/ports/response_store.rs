//! Keeping responses and conversations.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::SystemTime;

use crate::kept::{
    Continued, ConversationId, ItemId, ItemPage, KeptConversation, KeptEvent, KeptItem, KeptResponse,
    ResponseHead, ResponseId, Tenant,
};

/// An answer of a store that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps responses and conversations. Each method is one step that happens as a whole or not at all. What is asked for under
/// another tenant than its own does not exist.
pub trait ResponseStore: Debug + Send + Sync {
    /// Keeps a new response. When it is answered and goes on from a conversation, its input and output are appended to
    /// that; when the conversation is gone, only the response is kept.
    fn begin(&self, response: KeptResponse) -> Pending<'_, ()>;

    /// Replaces an unfinished response by a finished one, with the same effect on its conversation. `false`, and nothing
    /// happens, when it is finished already (cancelled) or gone (deleted).
    fn finish(&self, response: KeptResponse) -> Pending<'_, bool>;

    /// A sign of life of whoever works on an unfinished response. `false` when it is finished or gone, so that there is
    /// nothing left to work on.
    fn touch<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId, now: SystemTime) -> Pending<'a, bool>;

    /// A response.
    fn response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, Option<ResponseHead>>;

    /// The items that a response's request brought; `None` when there is no such response.
    fn input_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>>;

    /// Forgets a response, its items and its events; `false` when there is none. What was appended to a conversation stays
    /// there.
    fn forget_response<'a>(&'a self, tenant: &'a Tenant, id: &'a ResponseId) -> Pending<'a, bool>;

    /// Keeps events of an unfinished response, in order. One whose number is not above that of the last is there already.
    fn append_events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        events: Vec<KeptEvent>,
    ) -> Pending<'a, ()>;

    /// The events of a response whose number is above `after`, in order, at most `events_max`.
    fn events<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ResponseId,
        after: Option<u64>,
        events_max: usize,
    ) -> Pending<'a, Vec<KeptEvent>>;

    /// All items of what a request goes on from, oldest first: those of the conversation, or the input and output of each
    /// response of the chain, and before them what the conversation held that the first of them went on from. `None` when it, or a response that it went on from, is gone or was never answered.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when they have more than `bytes_max` bytes together.
    fn history<'a>(
        &'a self,
        tenant: &'a Tenant,
        continued: &'a Continued,
        bytes_max: usize,
    ) -> Pending<'a, Option<Vec<KeptItem>>>;

    /// Those of the items that are kept, in responses or conversations. Of several with one id the latest.
    fn items<'a>(&'a self, tenant: &'a Tenant, ids: &'a [ItemId]) -> Pending<'a, Vec<KeptItem>>;

    /// Keeps a new conversation and its first items.
    fn begin_conversation(&self, conversation: KeptConversation, items: Vec<KeptItem>) -> Pending<'_, ()>;

    /// A conversation.
    fn conversation<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
    ) -> Pending<'a, Option<KeptConversation>>;

    /// Replaces a conversation's metadata; `false` when there is no such conversation.
    fn annotate<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        metadata: bytes::Bytes,
    ) -> Pending<'a, bool>;

    /// Forgets a conversation and its items; `false` when there is none.
    fn forget_conversation<'a>(&'a self, tenant: &'a Tenant, id: &'a ConversationId) -> Pending<'a, bool>;

    /// Appends items to a conversation; `false` when there is no such conversation.
    fn append<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        items: Vec<KeptItem>,
    ) -> Pending<'a, bool>;

    /// The items of a conversation; `None` when there is no such conversation.
    fn conversation_items<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        page: &'a ItemPage,
    ) -> Pending<'a, Option<Vec<KeptItem>>>;

    /// One item of a conversation.
    fn conversation_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, Option<KeptItem>>;

    /// Takes an item out of a conversation; `false` when it is not there.
    fn forget_item<'a>(
        &'a self,
        tenant: &'a Tenant,
        id: &'a ConversationId,
        item: &'a ItemId,
    ) -> Pending<'a, bool>;

    /// Forgets what has expired, a bounded number of responses at a time; says how many. Called again while it says more
    /// than 0.
    fn sweep(&self, now: SystemTime) -> Pending<'_, usize>;
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not work now. The text is for the operator.
    #[error("the store does not work: {0}")]
    Unavailable(String),
    /// What is to be kept, or read, is larger than it may be.
    #[error("{what} has more than {bytes_max} bytes")]
    TooLarge {
        /// What is too large, such as `the conversation`.
        what: &'static str,
        /// How large it may be.
        bytes_max: usize,
    },
}
