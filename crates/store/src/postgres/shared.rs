//! Shared state in PostgreSQL.

use std::future::ready;
use std::time::Duration;

use domain::ports::shared_state::{
    Change, Listed, Pending, Replaced, Seen, SharedState, StateError, Versioned,
};
use sqlx::{query, query_as};

use super::connections::{Connections, Problem};
use crate::shared::{
    PlaceError, behind_prefix, check_changes, check_keys, count, lifetime_micros, since_1970, text, version,
    versioned,
};

/// Values that one step forgets.
const SWEPT_MAX: i64 = 1_000;
/// No value has it.
const NO_VERSION: i64 = 0;

/// The time, and of a value its place among those asked for, its version and its bytes. Without any there is one row with the time.
type FoundRow = (i64, Option<i64>, Option<i64>, Option<Vec<u8>>);
/// The time, and of a change its place, the version that it made, else the version and the bytes that are there instead.
type ReplacedRow = (i64, Option<i64>, Option<i64>, Option<i64>, Option<Vec<u8>>);
/// The time, and of a value its key, its version and its bytes.
type ListedRow = (i64, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>);

/// Keeps values in a PostgreSQL database. Its clock is that of the database.
#[derive(Debug)]
pub struct PostgresState {
    connections: Connections,
}

impl PostgresState {
    /// A store in a schema of a database, which is made when it does not exist. Connects when it is first asked for something; no
    /// call takes longer than `time_limit`.
    ///
    /// # Errors
    /// When the URL is none, or the schema cannot be called so.
    pub fn new(url: &str, schema: &str, time_limit: Duration) -> Result<Self, PlaceError> {
        Ok(Self { connections: Connections::new(url, schema, time_limit)? })
    }

    /// Waits for an answer of the database.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        answer: impl Future<Output = Result<T, Problem>> + Send + 'a,
    ) -> Pending<'a, T> {
        self.connections.ask(answer, StateError::Unavailable)
    }

    async fn read(&self, keys: &[Box<str>]) -> Result<Seen<Vec<Option<Versioned>>>, Problem> {
        let wanted: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
        let mut connection = self.connections.take().await?;
        let read = query_as(include_str!("shared/read.sql")).bind(wanted);
        let rows: Vec<FoundRow> = read.fetch_all(&mut *connection).await?;
        connection.give_back();
        let at = rows.first().map_or(0, |row| row.0);
        let mut what = vec![None; keys.len()];
        for (_, place, number, value) in rows {
            let (Some(place), Some(number), Some(value)) = (place, number, value) else { continue };
            put(&mut what, place, Some(versioned(number, value)))?;
        }
        Ok(Seen { at: since_1970(at), what })
    }

    async fn replace(&self, changes: &[Change]) -> Result<Seen<Vec<Replaced>>, Problem> {
        let keys: Vec<&[u8]> = changes.iter().map(|change| change.key.as_bytes()).collect();
        let replaced = changes
            .iter()
            .map(|change| change.replaces.map(|version| i64::try_from(version).unwrap_or(NO_VERSION)));
        let values: Vec<&[u8]> = changes.iter().map(|change| &*change.value).collect();
        let lifetimes = changes.iter().map(|change| change.expires_in.map(lifetime_micros));
        let replace = query_as(include_str!("shared/replace.sql"))
            .bind(keys)
            .bind(replaced.collect::<Vec<_>>())
            .bind(values)
            .bind(lifetimes.collect::<Vec<_>>());
        let mut connection = self.connections.take().await?;
        let rows: Vec<ReplacedRow> = replace.fetch_all(&mut *connection).await?;
        connection.give_back();
        let at = rows.first().map_or(0, |row| row.0);
        let mut what = vec![Replaced::Overtaken(None); changes.len()];
        for (_, place, made, number, value) in rows {
            let Some(place) = place else { continue };
            let became = match made {
                Some(made) => Replaced::Done(version(made)),
                None => {
                    Replaced::Overtaken(number.zip(value).map(|(number, value)| versioned(number, value)))
                }
            };
            put(&mut what, place, became)?;
        }
        Ok(Seen { at: since_1970(at), what })
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        keys_max: usize,
    ) -> Result<Seen<Vec<Listed>>, Problem> {
        let list = query_as(include_str!("shared/list.sql"))
            .bind(prefix.as_bytes())
            .bind(behind_prefix(prefix))
            .bind(after.map(str::as_bytes))
            .bind(count(keys_max));
        let mut connection = self.connections.take().await?;
        let rows: Vec<ListedRow> = list.fetch_all(&mut *connection).await?;
        connection.give_back();
        let at = rows.first().map_or(0, |row| row.0);
        let what = rows.into_iter().filter_map(|(_, key, number, value)| {
            let (key, number, value) = (key?, number?, value?);
            Some(text(key).map(|key| Listed { key, versioned: versioned(number, value) }))
        });
        Ok(Seen { at: since_1970(at), what: what.collect::<Result<_, _>>()? })
    }

    async fn sweep(&self) -> Result<usize, Problem> {
        let mut connection = self.connections.take().await?;
        let sweep = query(include_str!("shared/sweep.sql")).bind(SWEPT_MAX);
        let swept = sweep.execute(&mut *connection).await?.rows_affected();
        connection.give_back();
        Ok(swept.try_into().unwrap_or(usize::MAX))
    }
}

impl SharedState for PostgresState {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        match check_keys(keys) {
            Ok(()) => self.ask(self.read(keys)),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        match check_changes(changes) {
            Ok(()) => self.ask(self.replace(changes)),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>> {
        self.ask(self.list(prefix, after, keys_max))
    }

    fn sweep(&self) -> Pending<'_, usize> {
        self.ask(self.sweep())
    }
}

/// Puts what a row says of one of several in its place, which PostgreSQL counts from 1.
fn put<T>(all: &mut [T], place: i64, one: T) -> Result<(), Problem> {
    let place = usize::try_from(place - 1).ok().and_then(|place| all.get_mut(place));
    *place.ok_or_else(|| sqlx::Error::Decode("a row is for something that was not asked for".into()))? = one;
    Ok(())
}
