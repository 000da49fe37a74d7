//! Shared state in the file of responses and conversations, for the processes of one machine.

use std::future::ready;
use std::path::Path;

use domain::ports::shared_state::{
    Change, Listed, Pending, Replaced, Seen, SharedState, StateError, Versioned,
};
use sqlx::{SqliteConnection, SqlitePool, query, query_as, query_scalar};

use super::file::Connections;
use super::{SqliteStore, WRITE};
use crate::shared::{
    behind_prefix, check_changes, check_keys, count, lifetime_micros, since_1970, text, version, versioned,
};

/// Values that one step forgets: few, since nobody else can write meanwhile.
const SWEPT_MAX: i64 = 1_000;

/// Keeps values in a file. Its clock is that of the machine.
#[derive(Debug)]
pub struct SqliteState {
    connections: Connections,
    path: Box<Path>,
}

impl SqliteStore {
    /// What processes share by this file, over the same connections. Closed with the store.
    #[must_use]
    pub fn shared_state(&self) -> SqliteState {
        SqliteState { connections: self.connections.clone(), path: self.file.path.as_path().into() }
    }
}

impl SqliteState {
    /// Does something with the file.
    fn on_file<'a, T: Send + 'a>(
        &'a self,
        act: impl Future<Output = Result<T, sqlx::Error>> + Send + 'a,
    ) -> Pending<'a, T> {
        Box::pin(async {
            act.await.map_err(|error| {
                StateError::Unavailable(format!("the database `{}`: {error}", self.path.display()))
            })
        })
    }
}

impl SharedState for SqliteState {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        if let Err(error) = check_keys(keys) {
            return Box::pin(ready(Err(error)));
        }
        self.on_file(read(&self.connections.readers, keys))
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        if let Err(error) = check_changes(changes) {
            return Box::pin(ready(Err(error)));
        }
        self.on_file(replace(&self.connections.writer, changes))
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>> {
        self.on_file(list(&self.connections.readers, prefix, after, keys_max))
    }

    fn sweep(&self) -> Pending<'_, usize> {
        self.on_file(sweep(&self.connections.writer))
    }
}

async fn read(readers: &SqlitePool, keys: &[Box<str>]) -> Result<Seen<Vec<Option<Versioned>>>, sqlx::Error> {
    let mut view = readers.begin().await?;
    let at = clock(&mut view).await?;
    let mut what = Vec::with_capacity(keys.len());
    for key in keys {
        what.push(find(&mut view, key, at).await?);
    }
    Ok(Seen { at: since_1970(at), what })
}

async fn replace(writer: &SqlitePool, changes: &[Change]) -> Result<Seen<Vec<Replaced>>, sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let at = clock(&mut step).await?;
    let mut what = Vec::with_capacity(changes.len());
    for change in changes {
        let current = find(&mut step, &change.key, at).await?;
        what.push(if current.as_ref().map(|current| current.version) == change.replaces {
            let expires = change.expires_in.map(|lifetime| at + lifetime_micros(lifetime));
            let write = query_scalar(include_str!("shared/write.sql")).bind(change.key.as_bytes());
            let write = write.bind(&*change.value).bind(expires);
            Replaced::Done(version(write.fetch_one(&mut *step).await?))
        } else {
            Replaced::Overtaken(current)
        });
    }
    step.commit().await?;
    Ok(Seen { at: since_1970(at), what })
}

async fn list(
    readers: &SqlitePool,
    prefix: &str,
    after: Option<&str>,
    keys_max: usize,
) -> Result<Seen<Vec<Listed>>, sqlx::Error> {
    let mut view = readers.begin().await?;
    let at = clock(&mut view).await?;
    let list = query_as(include_str!("shared/list.sql"))
        .bind(prefix.as_bytes())
        .bind(behind_prefix(prefix))
        .bind(after.map(str::as_bytes))
        .bind(at)
        .bind(count(keys_max));
    let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = list.fetch_all(&mut *view).await?;
    let what = rows
        .into_iter()
        .map(|(key, number, value)| Ok(Listed { key: text(key)?, versioned: versioned(number, value) }));
    Ok(Seen { at: since_1970(at), what: what.collect::<Result<_, sqlx::Error>>()? })
}

async fn sweep(writer: &SqlitePool) -> Result<usize, sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let at = clock(&mut step).await?;
    let sweep = query(include_str!("shared/sweep.sql")).bind(at).bind(SWEPT_MAX);
    let swept = sweep.execute(&mut *step).await?.rows_affected();
    step.commit().await?;
    Ok(swept.try_into().unwrap_or(usize::MAX))
}

/// Microseconds since 1970.
async fn clock(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    query_scalar(include_str!("shared/clock.sql")).fetch_one(connection).await
}

async fn find(
    connection: &mut SqliteConnection,
    key: &str,
    at: i64,
) -> Result<Option<Versioned>, sqlx::Error> {
    let find = query_as(include_str!("shared/find.sql")).bind(key.as_bytes()).bind(at);
    let row: Option<(i64, Vec<u8>)> = find.fetch_optional(connection).await?;
    Ok(row.map(|(number, value)| versioned(number, value)))
}
