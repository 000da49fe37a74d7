//! What a client asks for: its path, its headers, its body.

mod body;
mod head;
mod path;
pub(crate) mod query;

pub(crate) use body::{ReadBody, read_json};
pub(crate) use head::bound_head;
pub(crate) use path::{Operation, Probe, StoredAction, client_shape, match_path};
