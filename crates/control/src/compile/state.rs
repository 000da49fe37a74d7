//! Where responses and conversations are kept, how long, and how much of them.

use std::path::Path as FilePath;
use std::time::Duration;

use domain::kept::KeepRules;
use domain::ports::shared_state::{SharedServer, is_namespace};

use super::Problems;
use crate::file::{ByteSize, SharedStateSection, StateKind, StateSection};
use crate::path::Path;
use crate::settings::{SharedStateSettings, StatePlace, StateSettings};

const MEMORY_BYTES_MAX_DEFAULT: u64 = 256 << 20;
const DATABASE_BYTES_MAX_DEFAULT: u64 = 16 << 30;
const MEMORY_AUDIT_RECORDS_MAX_DEFAULT: u64 = 10_000;
const DATABASE_AUDIT_RECORDS_MAX_DEFAULT: u64 = 1_000_000;
/// A database has some pages before anything is in it.
const BYTES_MAX_MIN: u64 = 1 << 20;
const FILE_DEFAULT: &str = "tollgate.db";
const NAMESPACE_DEFAULT: &str = "tollgate";
const SHARED_TIMEOUT_DEFAULT: Duration = Duration::from_secs(1);
/// No request waits for longer either.
const SHARED_TIMEOUT_MAX: Duration = Duration::from_secs(2);

pub(super) fn settings(section: &StateSection, folder: &FilePath, problems: &mut Problems) -> StateSettings {
    let mut report = |key: &str, message: &str| {
        problems.push((Path::root().key("state").key(key), message.to_owned()));
    };
    if section.bytes_max.is_some_and(|size| size.0 < BYTES_MAX_MIN) {
        report("bytes_max", "expected at least 1MiB");
    }
    let kind = section.kind.unwrap_or_default();
    if kind == StateKind::Memory && section.path.is_some() {
        report("path", "state in memory has no file; add `kind: sqlite`, or leave the path out");
    }
    if section.path.as_ref().is_some_and(String::is_empty) {
        report("path", "expected the name of a file");
    }
    let shared = section.shared.as_ref().map(|shared| shared_settings(shared, problems));
    match kind {
        StateKind::Memory => StateSettings {
            place: StatePlace::Memory,
            shared,
            bytes_max: section.bytes_max.map_or(MEMORY_BYTES_MAX_DEFAULT, |size| size.0),
            audit_records_max: section.audit_records_max.unwrap_or(MEMORY_AUDIT_RECORDS_MAX_DEFAULT),
        },
        StateKind::Sqlite => StateSettings {
            place: StatePlace::Sqlite(folder.join(section.path.as_deref().unwrap_or(FILE_DEFAULT))),
            shared,
            bytes_max: section.bytes_max.map_or(DATABASE_BYTES_MAX_DEFAULT, |size| size.0),
            audit_records_max: section.audit_records_max.unwrap_or(DATABASE_AUDIT_RECORDS_MAX_DEFAULT),
        },
    }
}

fn shared_settings(section: &SharedStateSection, problems: &mut Problems) -> SharedStateSettings {
    let mut report = |key: &str, message: &str| {
        problems.push((Path::root().key("state").key("shared").key(key), message.to_owned()));
    };
    if SharedServer::at(section.url.expose()).is_none() {
        report("url", "expected a URL that begins with `postgres://`, `redis://` or `rediss://`");
    }
    let namespace = section.namespace.as_deref().unwrap_or(NAMESPACE_DEFAULT);
    if !is_namespace(namespace) {
        report("namespace", "expected lower-case letters, digits and `_`, and no digit first");
    }
    let timeout = section.timeout.map_or(SHARED_TIMEOUT_DEFAULT, |span| span.0);
    if timeout.is_zero() || timeout > SHARED_TIMEOUT_MAX {
        report("timeout", "expected a time above zero, at most 2s");
    }
    SharedStateSettings { url: section.url.clone(), namespace: namespace.to_owned(), timeout }
}

/// The rules for requests; `bytes_max` is what may be kept together.
pub(super) fn rules(section: &StateSection, bytes_max: u64, problems: &mut Problems) -> KeepRules {
    let base = KeepRules::default();
    let responses = &section.responses;
    let together = ByteSize(bytes_max).bytes();
    let rules = KeepRules {
        response_lifetime: responses.keep.map_or(base.response_lifetime, |span| span.0),
        entry_bytes_max: responses
            .entry_bytes_max
            .map_or(base.entry_bytes_max.min(together), ByteSize::bytes),
        history_bytes_max: responses.history_bytes_max.map_or(base.history_bytes_max, ByteSize::bytes),
    };
    let mut report = |key: &str, message: &str| {
        problems.push((Path::root().key("state").key("responses").key(key), message.to_owned()));
    };
    if rules.response_lifetime == Duration::ZERO {
        report("keep", "expected a time above zero");
    }
    if rules.entry_bytes_max == 0 {
        report("entry_bytes_max", "expected a size above zero");
    }
    if rules.entry_bytes_max > together {
        report("entry_bytes_max", "one response may be larger than all that is kept (`state.bytes_max`)");
    }
    if rules.history_bytes_max == 0 {
        report("history_bytes_max", "expected a size above zero");
    }
    rules
}
