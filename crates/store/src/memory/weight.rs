//! How many bytes something takes, roughly: its content and what stands around it.

use domain::kept::{KeptConversation, KeptEvent, KeptItem, KeptResponse};

/// What an entry takes beside its content: ids, lengths, places in the indexes.
const AROUND: usize = 256;

pub(super) fn of_items(items: &[KeptItem]) -> usize {
    items.iter().map(of_item).sum()
}

pub(super) fn of_item(item: &KeptItem) -> usize {
    item.json.len() + AROUND
}

pub(super) fn of_events(events: &[KeptEvent]) -> usize {
    events.iter().map(|event| event.frame.len() + AROUND).sum()
}

pub(super) fn of_response(response: &KeptResponse) -> usize {
    AROUND + response.body.len() + of_items(&response.input) + of_items(&response.output)
}

pub(super) fn of_conversation(conversation: &KeptConversation) -> usize {
    AROUND + conversation.metadata.len()
}
