//! What replicas share, in Redis or Valkey: fast, and kept as safely as the server is configured to.

mod link;
mod tls;

use std::future::ready;
use std::time::Duration;

use bytes::{Buf, Bytes};
use domain::ports::shared_state::{Change, Listed, Pending, Replaced, Seen, SharedState, Versioned};
use redis::{ErrorKind, RedisError, RedisResult, Script};

use crate::shared::{PlaceError, behind_prefix, check_changes, check_keys};
use link::Link;
pub use tls::{ClientCertificate, RedisTls};

/// The version that a change made, or the value that was there instead.
type Became = (Option<u64>, Option<Vec<u8>>);

/// Changes, or keys to look at, in one script, while which the server does nothing else.
const STEPS_MAX: usize = 256;
/// The longest time, in milliseconds, that every server can add to its clock.
const LIFETIME_MAX: u64 = 1 << 52;

/// A key with its value, as they are kept.
type KeyAndValue = (Vec<u8>, Vec<u8>);

/// Keeps values in Redis or Valkey. Its clock is that of the server.
///
/// A value is a string, its version before a colon and its bytes. All keys are listed in a set, since Redis has no order of its own.
#[derive(Debug)]
pub struct RedisState {
    link: Link,
    /// The key of the newest version.
    newest: String,
    /// The key of the set of keys.
    keys: String,
    /// What the keys of values begin with.
    values: String,
    read: Script,
    replace: Script,
    list: Script,
    sweep: Script,
}

impl RedisState {
    /// A store in a namespace, with which all its keys begin. Connects when it is first asked for something; no call takes longer than
    /// `time_limit`.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(url: &str, namespace: &str, time_limit: Duration) -> Result<Self, PlaceError> {
        Ok(Self::over(Link::new(url, time_limit, None)?, namespace))
    }

    /// The same at a URL that begins with `rediss://`, over TLS as it is said.
    ///
    /// # Errors
    /// When the URL is none of that, or what is said cannot be used.
    pub fn new_with_tls(
        url: &str,
        namespace: &str,
        time_limit: Duration,
        tls: RedisTls,
    ) -> Result<Self, PlaceError> {
        Ok(Self::over(Link::new(url, time_limit, Some(tls))?, namespace))
    }

    fn over(link: Link, namespace: &str) -> Self {
        // In braces, so that a server that is one of a cluster has all of them in one place.
        let key = |name: &str| format!("{{{namespace}}}:{name}");
        Self {
            link,
            newest: key("version"),
            keys: key("keys"),
            values: key("value:"),
            read: Script::new(include_str!("redis/read.lua")),
            replace: Script::new(include_str!("redis/replace.lua")),
            list: Script::new(include_str!("redis/list.lua")),
            sweep: Script::new(include_str!("redis/sweep.lua")),
        }
    }

    async fn read(&self, keys: &[Box<str>]) -> RedisResult<Seen<Vec<Option<Versioned>>>> {
        let mut connection = self.link.connection().await?;
        let (mut first, mut what) = (None, Vec::with_capacity(keys.len()));
        for keys in steps(keys) {
            let mut script = self.read.prepare_invoke();
            for key in keys {
                script.key(self.value_key(key));
            }
            let (at, found): (u64, Vec<Option<Vec<u8>>>) = script.invoke_async(&mut connection).await?;
            first.get_or_insert(at);
            for value in found {
                what.push(value.map(versioned).transpose()?);
            }
        }
        Ok(seen(first, what))
    }

    async fn replace(&self, changes: &[Change]) -> RedisResult<Seen<Vec<Replaced>>> {
        let mut connection = self.link.connection().await?;
        let (mut first, mut what) = (None, Vec::with_capacity(changes.len()));
        for changes in steps(changes) {
            let mut script = self.replace.prepare_invoke();
            script.key(&self.newest).key(&self.keys);
            for change in changes {
                script.key(self.value_key(&change.key)).arg(&*change.key);
                script.arg(change.replaces.map_or_else(String::new, |version| version.to_string()));
                script.arg(&*change.value);
                script.arg(change.expires_in.map_or_else(String::new, |time| milliseconds(time).to_string()));
            }
            let (at, became): (u64, Vec<Became>) = script.invoke_async(&mut connection).await?;
            first.get_or_insert(at);
            for (made, current) in became {
                what.push(match made {
                    Some(version) => Replaced::Done(version),
                    None => Replaced::Overtaken(current.map(versioned).transpose()?),
                });
            }
        }
        Ok(seen(first, what))
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        keys_max: usize,
    ) -> RedisResult<Seen<Vec<Listed>>> {
        let mut connection = self.link.connection().await?;
        let mut from = match after {
            Some(after) if after >= prefix => bound(b'(', after.as_bytes()),
            _ => bound(b'[', prefix.as_bytes()),
        };
        let to = bound(b'(', &behind_prefix(prefix));
        let (mut first, mut what) = (None, Vec::new());
        loop {
            // Some of those that are looked at may have expired, so there may be further steps.
            let looked_at_max = (keys_max - what.len()).min(STEPS_MAX);
            let mut script = self.list.prepare_invoke();
            script.key(&self.keys).arg(from).arg(&to).arg(looked_at_max).arg(&self.values);
            let (at, last, listed): (u64, Option<Vec<u8>>, Vec<KeyAndValue>) =
                script.invoke_async(&mut connection).await?;
            first.get_or_insert(at);
            for (key, value) in listed {
                let key = String::from_utf8(key).map_err(|_| unreadable("a key is no text"))?;
                what.push(Listed { key: key.into(), versioned: versioned(value)? });
            }
            match last {
                Some(last) if what.len() < keys_max => from = bound(b'(', &last),
                _ => return Ok(seen(first, what)),
            }
        }
    }

    async fn sweep(&self) -> RedisResult<usize> {
        let mut connection = self.link.connection().await?;
        let (mut from, mut all) = (b"-".to_vec(), 0);
        loop {
            let mut script = self.sweep.prepare_invoke();
            script.key(&self.keys).arg(from).arg(STEPS_MAX).arg(&self.values);
            let (last, swept): (Option<Vec<u8>>, usize) = script.invoke_async(&mut connection).await?;
            all += swept;
            let Some(last) = last else { return Ok(all) };
            from = bound(b'(', &last);
        }
    }

    fn value_key(&self, key: &str) -> String {
        format!("{}{key}", self.values)
    }
}

impl SharedState for RedisState {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        match check_keys(keys) {
            Ok(()) => Box::pin(self.link.within(self.read(keys))),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        match check_changes(changes) {
            Ok(()) => Box::pin(self.link.within(self.replace(changes))),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>> {
        Box::pin(self.link.within(self.list(prefix, after, keys_max)))
    }

    fn sweep(&self) -> Pending<'_, usize> {
        Box::pin(self.link.within(self.sweep()))
    }
}

/// Parts that one script does. There is one in any case, since it tells the time.
fn steps<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    let (first, rest) = all.split_at(all.len().min(STEPS_MAX));
    std::iter::once(first).chain(rest.chunks(STEPS_MAX))
}

fn seen<T>(at: Option<u64>, what: T) -> Seen<T> {
    Seen { at: Duration::from_micros(at.unwrap_or_default()), what }
}

/// Where a part of the set of keys begins or ends, in Redis's notation.
fn bound(kind: u8, key: &[u8]) -> Vec<u8> {
    [&[kind], key].concat()
}

/// A lifetime as Redis counts it; what is kept at all is not kept for shorter than asked.
fn milliseconds(lifetime: Duration) -> u64 {
    let milliseconds = lifetime.as_nanos().div_ceil(1_000_000);
    u64::try_from(milliseconds).unwrap_or(u64::MAX).min(LIFETIME_MAX)
}

fn versioned(kept: Vec<u8>) -> RedisResult<Versioned> {
    let mut kept = Bytes::from(kept);
    let end =
        kept.iter().position(|byte| *byte == b':').ok_or_else(|| unreadable("a value has no version"))?;
    let version = str::from_utf8(&kept[..end]).ok().and_then(|version| version.parse().ok());
    let version = version.ok_or_else(|| unreadable("the version of a value is no number"))?;
    kept.advance(end + 1);
    Ok(Versioned { version, value: kept })
}

fn unreadable(why: &'static str) -> RedisError {
    (ErrorKind::Parse, why).into()
}
