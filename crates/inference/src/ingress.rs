//! What a client asks for: its path, its headers, its body.

mod body;
mod head;
mod path;
pub(crate) mod query;
mod served;

pub(crate) use body::{ReadBody, SentForm, member, present, read_body, read_json, shed};
pub(crate) use head::bound_head;
pub(crate) use path::{
    ConversationAction, Operation, Probe, StoredAction, client_shape, match_path, unknown,
};
pub(crate) use served::{Needs, SERVED, Served};
