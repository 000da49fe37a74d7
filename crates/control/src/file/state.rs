//! `state:`.

use engine::route::time::TimeSpan;
use providers::definition::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use super::size::ByteSize;

/// What outlives a request: the responses and conversations of clients of the Responses API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StateSection {
    /// Where it is kept; `memory` when absent.
    pub kind: Option<StateKind>,
    /// The database's file, looked up from the configuration's folder, for `kind: sqlite`; made when it does not exist.
    /// `tollgate.db` when absent.
    pub path: Option<String>,
    /// Where the database is, for `kind: postgres`, best written as `${env:NAME}`: `postgres://user:password@host:5432/database`.
    pub url: Option<Secret>,
    /// The schema in the database, for `kind: postgres`, made when it does not exist: lower-case letters, digits and `_`. Replicas of one
    /// gateway have the same. `tollgate` when absent.
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// How long an answer of the database is waited for, for `kind: postgres`, at most `30s`; `5s` when absent.
    pub timeout: Option<TimeSpan>,
    /// The file in which this process remembers what the database last said of the objects of the control API, for `kind: postgres`, so that it can start while
    /// the database is down; looked up from the configuration's folder, and sealed with a key made of the password in `url`. `tollgate.snapshot` when absent.
    pub snapshot_path: Option<String>,
    /// Most bytes that are kept together, at least `1MiB`. When they are reached, the oldest responses are forgotten; in
    /// memory conversations, too. `256MiB` in memory and `16GiB` in a database when absent.
    pub bytes_max: Option<ByteSize>,
    /// Most records of the audit log; of more, the oldest are forgotten. `10000` in memory and `1000000` in a database when absent.
    #[schemars(range(min = 1))]
    pub audit_records_max: Option<u64>,
    /// How long and how much of responses is kept.
    pub responses: KeptResponsesSection,
    /// A server for what replicas on several machines agree on: what budgets have spent. When absent, the processes that use
    /// the same database, whether a file or a server, agree by it, and a process with state in memory has budgets of its own.
    pub shared: Option<SharedStateSection>,
}

/// Where state is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// In the process; gone with it.
    #[default]
    Memory,
    /// In a SQLite database on a local disk.
    Sqlite,
    /// In a PostgreSQL database, for replicas on several machines.
    Postgres,
}

/// The server that replicas share.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedStateSection {
    /// Where it is, best written as `${env:NAME}`: `postgres://user:password@host:5432/database` for PostgreSQL, or
    /// `redis://user:password@host:6379/0` for Redis and Valkey, `rediss://` with TLS.
    pub url: Secret,
    /// The schema in PostgreSQL, made when it does not exist, or what all keys in Redis begin with: lower-case letters,
    /// digits and `_`. Replicas of one gateway have the same. `tollgate` when absent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// How long an answer of the server is waited for, at most `2s`; `1s` when absent.
    #[serde(default)]
    pub timeout: Option<TimeSpan>,
    /// TLS to Redis and Valkey, for a URL that begins with `rediss://`. For PostgreSQL the URL says it: `?sslmode=verify-full&sslrootcert=FILE`.
    #[serde(default)]
    pub tls: Option<SharedTlsSection>,
}

/// How TLS is spoken with the server that replicas share. The files are read at start.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SharedTlsSection {
    /// PEM files of certificate authorities that are trusted in place of the system's, looked up from the configuration's
    /// folder; the system's are trusted when absent.
    pub ca_files: Vec<String>,
    /// The file of the certificate chain that the server is shown, looked up from the configuration's folder, where it asks for one.
    pub certificate: Option<String>,
    /// The file of the private key of `certificate`, looked up from the configuration's folder.
    pub private_key: Option<String>,
}

/// How long and how much of responses is kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeptResponsesSection {
    /// How long a response is kept after it was made; `30d` when absent. Conversations are kept until they are deleted.
    pub keep: Option<TimeSpan>,
    /// Largest response with its items; one that is larger is answered but not kept. `16MiB` when absent.
    pub entry_bytes_max: Option<ByteSize>,
    /// Largest history that is put before a request; with a larger one it is refused with status 413. `32MiB` when absent.
    pub history_bytes_max: Option<ByteSize>,
}
