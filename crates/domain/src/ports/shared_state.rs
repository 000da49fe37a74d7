//! What the replicas of a fleet agree on: small values, each replaced only by who has seen what it replaces.
//!
//! A store knows nothing of what the values mean. Whoever changes one reads it, decides, and has it replaced if nobody else did in the
//! meantime; so what is decided is written once, and is the same before every store.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// An answer of the store that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StateError>> + Send + 'a>>;

/// Most bytes of a key.
pub const KEY_BYTES_MAX: usize = 512;
/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 256 * 1024;

/// Most bytes of a namespace, which is PostgreSQL's limit for names.
const NAMESPACE_BYTES_MAX: usize = 63;

/// What a server is that keeps values for replicas on several machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedServer {
    /// PostgreSQL.
    Postgres,
    /// Redis or Valkey.
    Redis,
}

impl SharedServer {
    /// What is at a URL, by its scheme.
    #[must_use]
    pub fn at(url: &str) -> Option<Self> {
        match url.split_once("://")?.0 {
            "postgres" | "postgresql" => Some(Self::Postgres),
            "redis" | "rediss" | "redis+unix" | "valkey" | "valkeys" | "valkey+unix" => Some(Self::Redis),
            _ => None,
        }
    }
}

/// The password in a server's URL, as it is written there: before the host, or as PostgreSQL's parameter of that name. None where there is
/// none, or an empty one.
#[must_use]
pub fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (authority, parameters) = (rest.split(['/', '?', '#']).next()?, rest.split_once('?'));
    let parameters = parameters.map_or("", |(_, parameters)| parameters).split('#').next()?;
    let before_host = authority.rsplit_once('@').and_then(|(user, _)| Some(user.split_once(':')?.1));
    let parameter = parameters.split('&').find_map(|parameter| parameter.strip_prefix("password="));
    before_host.or(parameter).filter(|password| !password.is_empty())
}

/// Whether a server can have a part of this name for the replicas of one gateway: lower-case letters, digits and `_`, no
/// digit first, which is the same to PostgreSQL with and without quotes.
#[must_use]
pub fn is_namespace(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= NAMESPACE_BYTES_MAX
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Keeps values for all replicas.
pub trait SharedState: Debug + Send + Sync {
    /// The values of keys, in the order of the keys; none for a key that has no value, or whose value has expired.
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>>;

    /// Replaces values, each by itself and as a whole or not at all, in the order of the changes.
    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>>;

    /// The keys that begin with `prefix` and come after `after` in the order of their bytes, with their values; at most `keys_max`.
    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>>;

    /// Removes some of what has expired, where the store does not do that by itself; says how many that were.
    fn sweep(&self) -> Pending<'_, usize>;
}

/// What a store says, and when by its own clock, so that replicas whose clocks differ agree on what has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// Time since 1970-01-01 00:00 UTC by the clock of the store.
    pub at: Duration,
    /// What it says.
    pub what: T,
}

/// A value, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Different from that of every value that the key had before.
    pub version: u64,
    /// The value.
    pub value: Bytes,
}

/// A value with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: Box<str>,
    /// Its value.
    pub versioned: Versioned,
}

/// A value to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of which key.
    pub key: Box<str>,
    /// The version of the value that it replaces; none where the key has no value.
    pub replaces: Option<u64>,
    /// The new value.
    pub value: Bytes,
    /// How long it is kept from now on, by the clock of the store; for ever where none. Zero removes what there is.
    pub expires_in: Option<Duration>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// It is made, and this is the new version.
    Done(u64),
    /// Somebody else was there before, and this is the value now; none where it was removed or has expired.
    Overtaken(Option<Versioned>),
}

/// Why a store does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It cannot be reached, or says that it cannot work. A change may have been made or not.
    #[error("the shared state is not available: {0}")]
    Unavailable(String),
    /// A key or value is larger than it may be. Nothing was changed.
    #[error("{what} has {bytes} bytes, and at most {bytes_max} are kept")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The most.
        bytes_max: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::password;

    #[test]
    fn the_password_of_a_url_is_found_wherever_it_may_stand() {
        for (url, expected) in [
            ("postgres://u:p@host:5432/d", Some("p")),
            ("postgres://u:p%40x:y@host/d?sslmode=require", Some("p%40x:y")),
            ("postgres://u@host/d?password=p&host=/run", Some("p")),
            ("postgres:///d?host=/run&password=p#x", Some("p")),
            ("postgres://u:@host/d", None),
            ("postgres://u@host/d?x=:y@z", None),
            ("postgres://host:5432/d", None),
            ("u:p@host", None),
            ("", None),
        ] {
            assert_eq!(password(url), expected, "{url}");
        }
    }
}
