//! Where responses and conversations are kept, how long, and how much of them.

use std::time::Duration;

use domain::kept::KeepRules;
use domain::ports::shared_state::{SharedServer, is_namespace, password};
use providers::definition::Secret;

use super::{Problems, Surroundings, shared_tls};
use crate::file::{ByteSize, SharedStateSection, StateKind, StateSection};
use crate::path::Path;
use crate::settings::{StatePlace, StateServer, StateSettings};

const MEMORY_BYTES_MAX_DEFAULT: u64 = 256 << 20;
const DATABASE_BYTES_MAX_DEFAULT: u64 = 16 << 30;
const MEMORY_AUDIT_RECORDS_MAX_DEFAULT: u64 = 10_000;
const DATABASE_AUDIT_RECORDS_MAX_DEFAULT: u64 = 1_000_000;
/// A database has some pages before anything is in it.
const BYTES_MAX_MIN: u64 = 1 << 20;
const FILE_DEFAULT: &str = "tollgate.db";
const SNAPSHOT_DEFAULT: &str = "tollgate.snapshot";
const NAMESPACE_DEFAULT: &str = "tollgate";
const DATABASE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
const DATABASE_TIMEOUT_MAX: Duration = Duration::from_secs(30);
const SHARED_TIMEOUT_DEFAULT: Duration = Duration::from_secs(1);
/// No request waits for longer either.
const SHARED_TIMEOUT_MAX: Duration = Duration::from_secs(2);

pub(super) fn settings(
    section: &StateSection,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> StateSettings {
    let folder = surroundings.folder;
    let kind = section.kind.unwrap_or_default();
    if section.bytes_max.is_some_and(|size| size.0 < BYTES_MAX_MIN) {
        problems.push((state("bytes_max"), "expected at least 1MiB".to_owned()));
    }
    check_kind(section, kind, problems);
    let shared = section.shared.as_ref().map(|shared| shared_server(shared, surroundings, problems));
    let (place, shared) = match kind {
        StateKind::Memory => (StatePlace::Memory, shared),
        StateKind::Sqlite => {
            let file = folder.join(section.path.as_deref().unwrap_or(FILE_DEFAULT));
            (StatePlace::Sqlite(file), shared)
        }
        StateKind::Postgres => {
            let server = database(section, problems);
            let shared = shared.or_else(|| {
                let timeout = server.timeout.min(SHARED_TIMEOUT_DEFAULT);
                Some(StateServer { timeout, ..server.clone() })
            });
            let snapshot_path = folder.join(section.snapshot_path.as_deref().unwrap_or(SNAPSHOT_DEFAULT));
            (StatePlace::Postgres { server, snapshot_path }, shared)
        }
    };
    let (bytes_max, audit_records_max) = match kind {
        StateKind::Memory => (MEMORY_BYTES_MAX_DEFAULT, MEMORY_AUDIT_RECORDS_MAX_DEFAULT),
        StateKind::Sqlite | StateKind::Postgres => {
            (DATABASE_BYTES_MAX_DEFAULT, DATABASE_AUDIT_RECORDS_MAX_DEFAULT)
        }
    };
    StateSettings {
        place,
        shared,
        bytes_max: section.bytes_max.map_or(bytes_max, |size| size.0),
        audit_records_max: section.audit_records_max.unwrap_or(audit_records_max),
    }
}

fn state(key: &str) -> Path {
    Path::root().key("state").key(key)
}

/// Reports what is for state of another kind.
fn check_kind(section: &StateSection, kind: StateKind, problems: &mut Problems) {
    let mut report = |key: &str, message: &str| problems.push((state(key), message.to_owned()));
    match (&section.path, kind) {
        (Some(path), StateKind::Sqlite) if path.is_empty() => report("path", "expected the name of a file"),
        (Some(_), StateKind::Memory) => {
            report("path", "state in memory has no file; add `kind: sqlite`, or leave the path out");
        }
        (Some(_), StateKind::Postgres) => {
            report("path", "a database on a server has no file; it is found by `url`");
        }
        _ => {}
    }
    if kind != StateKind::Postgres {
        let server = [
            ("url", section.url.is_some()),
            ("namespace", section.namespace.is_some()),
            ("timeout", section.timeout.is_some()),
            ("snapshot_path", section.snapshot_path.is_some()),
        ];
        for (key, _) in server.into_iter().filter(|(_, is_given)| *is_given) {
            report(key, "it is for a database on a server; add `kind: postgres`, or leave it out");
        }
    }
}

fn database(section: &StateSection, problems: &mut Problems) -> StateServer {
    let is_postgres = |url: &Secret| SharedServer::at(url.expose()) == Some(SharedServer::Postgres);
    if !section.url.as_ref().is_some_and(is_postgres) {
        let message = "expected a URL that begins with `postgres://`, best written as `${env:NAME}`";
        problems.push((state("url"), message.to_owned()));
    }
    if section.snapshot_path.as_ref().is_some_and(String::is_empty) {
        problems.push((state("snapshot_path"), "expected the name of a file".to_owned()));
    }
    if section.snapshot_path.is_some()
        && section.url.as_ref().is_some_and(|url| password(url.expose()).is_none())
    {
        let message = "the file is sealed with a key made of the password in `state.url`, which has none; add one, or leave the path out";
        problems.push((state("snapshot_path"), message.to_owned()));
    }
    let timeout = section.timeout.map_or(DATABASE_TIMEOUT_DEFAULT, |span| span.0);
    if timeout.is_zero() || timeout > DATABASE_TIMEOUT_MAX {
        problems.push((state("timeout"), "expected a time above zero, at most 30s".to_owned()));
    }
    let namespace = namespace(section.namespace.as_deref(), state("namespace"), problems);
    let url = section.url.clone().unwrap_or_else(|| String::new().into());
    StateServer { url, namespace, timeout, tls: None }
}

fn shared_server(
    section: &SharedStateSection,
    surroundings: &Surroundings<'_>,
    problems: &mut Problems,
) -> StateServer {
    let shared = |key: &str| state("shared").key(key);
    if SharedServer::at(section.url.expose()).is_none() {
        let message = "expected a URL that begins with `postgres://`, `redis://` or `rediss://`";
        problems.push((shared("url"), message.to_owned()));
    }
    let timeout = section.timeout.map_or(SHARED_TIMEOUT_DEFAULT, |span| span.0);
    if timeout.is_zero() || timeout > SHARED_TIMEOUT_MAX {
        problems.push((shared("timeout"), "expected a time above zero, at most 2s".to_owned()));
    }
    let namespace = namespace(section.namespace.as_deref(), shared("namespace"), problems);
    let tls = section.tls.as_ref();
    let tls = tls.map(|tls| shared_tls::settings(tls, section.url.expose(), surroundings, problems));
    StateServer { url: section.url.clone(), namespace, timeout, tls }
}

fn namespace(written: Option<&str>, path: Path, problems: &mut Problems) -> String {
    let namespace = written.unwrap_or(NAMESPACE_DEFAULT);
    if !is_namespace(namespace) {
        let message = "expected lower-case letters, digits and `_`, and no digit first";
        problems.push((path, message.to_owned()));
    }
    namespace.to_owned()
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
