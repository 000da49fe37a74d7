//! What a gateway keeps of conversations for clients of OpenAI's Responses API: responses, conversations and their items
//! (API reference, "Responses" and "Conversations"). Everything belongs to a [`Tenant`], and does not exist for another.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

pub use crate::name::{ConversationId, ItemId, ResponseId, Tenant};

/// One item of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptItem {
    /// Its id, unique within what contains it.
    pub id: ItemId,
    /// It as JSON, its id included.
    pub json: Bytes,
}

/// What a response or a request goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continued {
    /// An earlier response, and what that one went on from.
    Response(ResponseId),
    /// A conversation.
    Conversation(ConversationId),
}

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    /// It works in the background, or waits for its turn to.
    Unfinished,
    /// It has an answer, whole or cut off at a limit. Its items belong to the conversation.
    Answered,
    /// It failed or was cancelled. Nothing of it belongs to a conversation.
    GivenUp,
}

/// A response as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptResponse {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its id.
    pub id: ResponseId,
    /// How far it is.
    pub status: ResponseStatus,
    /// It as JSON, as the client gets it.
    pub body: Bytes,
    /// What it goes on from.
    pub continued: Option<Continued>,
    /// The items that its request brought.
    pub input: Vec<KeptItem>,
    /// The items that it gave.
    pub output: Vec<KeptItem>,
    /// When it was put here or, while it is unfinished, when its worker last gave a sign of life.
    pub touched: SystemTime,
    /// When it may be forgotten.
    pub expires: SystemTime,
}

/// A response without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// How far it is.
    pub status: ResponseStatus,
    /// It as JSON.
    pub body: Bytes,
    /// When it was put here or its worker last gave a sign of life.
    pub touched: SystemTime,
}

/// One event of a streamed response that works in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEvent {
    /// Its `sequence_number`.
    pub sequence: u64,
    /// The event as it goes to the client, to the empty line at its end.
    pub frame: Bytes,
}

/// A conversation without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptConversation {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its id.
    pub id: ConversationId,
    /// The client's notes, a JSON object.
    pub metadata: Bytes,
    /// When it was begun.
    pub created: SystemTime,
}

/// Which items of a list are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPage {
    /// Those that follow this one in the order that is wanted.
    pub after: Option<ItemId>,
    /// The newest first.
    pub newest_first: bool,
    /// At most so many.
    pub items_max: usize,
}

/// What is kept, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRules {
    /// How long a response is kept after it was made. Conversations are kept until they are deleted.
    pub response_lifetime: Duration,
    /// Largest response with its items.
    pub entry_bytes_max: usize,
    /// Largest history that is put before a request.
    pub history_bytes_max: usize,
}

impl Default for KeepRules {
    /// 30 days, as OpenAI keeps responses ("Conversation state").
    fn default() -> Self {
        Self {
            response_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            entry_bytes_max: 16 << 20,
            history_bytes_max: 32 << 20,
        }
    }
}
