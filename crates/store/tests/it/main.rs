//! Every implementation of a port against the same suite, and what each does beyond it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod audit_log;
mod crashes;
mod equivalence;
mod pooler;
mod postgres;
mod redis;
mod registry;
mod responses;
mod shared_state;
mod sqlite;
mod tls;

use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::kept::{Continued, ItemPage, KeptConversation, KeptItem, KeptResponse, ResponseStatus, Tenant};
use store::SqliteFile;

/// More bytes than any test keeps.
const ENOUGH: usize = 1 << 20;

/// A database in a folder.
fn sqlite_file(folder: &Path) -> SqliteFile {
    SqliteFile { path: folder.join("tollgate.db"), bytes_max: 64 << 20, lock_wait: Duration::from_secs(60) }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn tenant() -> Tenant {
    "t".into()
}

fn item(id: &str) -> KeptItem {
    KeptItem { id: id.into(), json: Bytes::from(format!(r#"{{"id":"{id}"}}"#)) }
}

fn ids(items: &[KeptItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

/// The response of a name with an item in each direction.
fn answered(name: &str, continued: Option<Continued>) -> KeptResponse {
    KeptResponse {
        tenant: tenant(),
        id: name.into(),
        status: ResponseStatus::Answered,
        body: Bytes::from(format!("body of {name}")),
        continued,
        input: vec![item(&format!("{name}-in"))],
        output: vec![item(&format!("{name}-out"))],
        touched: at(10),
        expires: at(100),
    }
}

fn unfinished(name: &str) -> KeptResponse {
    KeptResponse {
        status: ResponseStatus::Unfinished,
        input: Vec::new(),
        output: Vec::new(),
        ..answered(name, None)
    }
}

fn after_response(name: &str) -> Option<Continued> {
    Some(Continued::Response(name.into()))
}

fn in_conversation() -> Option<Continued> {
    Some(Continued::Conversation("c".into()))
}

/// The conversation that tests speak of.
fn conversation() -> KeptConversation {
    KeptConversation { tenant: tenant(), id: "c".into(), metadata: Bytes::from_static(b"{}"), created: at(1) }
}

fn everything() -> ItemPage {
    ItemPage { after: None, newest_first: false, items_max: 1_000 }
}
