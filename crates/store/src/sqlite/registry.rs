//! The objects of the control API in the file of responses and conversations, for the processes of one machine.

use std::path::Path;

use bytes::Bytes;
use domain::ports::registry::{Change, Pending, Register, Registered, Registry, RegistryError};
use sqlx::{SqlitePool, query, query_as, query_scalar};

use super::file::Connections;
use super::{SqliteStore, WRITE};

/// Keeps objects in a file.
#[derive(Debug)]
pub struct SqliteRegistry {
    connections: Connections,
    path: Box<Path>,
}

impl SqliteStore {
    /// The objects in this file, over the same connections. Closed with the store.
    #[must_use]
    pub fn registry(&self) -> SqliteRegistry {
        SqliteRegistry { connections: self.connections.clone(), path: self.file.path.as_path().into() }
    }
}

impl SqliteRegistry {
    /// Does something with the file.
    fn on_file<'a, T: Send + 'a>(
        &'a self,
        act: impl Future<Output = Result<T, sqlx::Error>> + Send + 'a,
    ) -> Pending<'a, T> {
        Box::pin(async {
            let said = |error| RegistryError(format!("the database `{}`: {error}", self.path.display()));
            act.await.map_err(said)
        })
    }
}

impl Registry for SqliteRegistry {
    fn revision(&self) -> Pending<'_, u64> {
        self.on_file(revision(&self.connections.readers))
    }

    fn read(&self) -> Pending<'_, Register> {
        self.on_file(read(&self.connections.readers))
    }

    fn change<'a>(&'a self, seen: u64, changes: &'a [Change]) -> Pending<'a, bool> {
        self.on_file(change(&self.connections.writer, seen, changes))
    }
}

async fn revision(readers: &SqlitePool) -> Result<u64, sqlx::Error> {
    let revision: i64 = query_scalar(include_str!("registry/revision.sql")).fetch_one(readers).await?;
    Ok(revision.try_into().unwrap_or_default())
}

async fn read(readers: &SqlitePool) -> Result<Register, sqlx::Error> {
    let mut view = readers.begin().await?;
    let revision: i64 = query_scalar(include_str!("registry/revision.sql")).fetch_one(&mut *view).await?;
    let rows = query_as(include_str!("registry/read.sql"));
    let rows: Vec<(String, String, i64, Vec<u8>)> = rows.fetch_all(&mut *view).await?;
    let registered = |(kind, name, revision, value): (String, String, i64, Vec<u8>)| Registered {
        kind: kind.into(),
        name: name.into(),
        revision: revision.try_into().unwrap_or_default(),
        value: Bytes::from(value),
    };
    let objects = rows.into_iter().map(registered).collect();
    Ok(Register { revision: revision.try_into().unwrap_or_default(), objects })
}

async fn change(writer: &SqlitePool, seen: u64, changes: &[Change]) -> Result<bool, sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let seen = i64::try_from(seen).unwrap_or(i64::MAX);
    let next = query_scalar(include_str!("registry/next.sql")).bind(seen);
    let Some(revision): Option<i64> = next.fetch_optional(&mut *step).await? else { return Ok(false) };
    for Change { kind, name, value } in changes {
        match value {
            Some(value) => {
                let put = query(include_str!("registry/put.sql")).bind(&**kind).bind(&**name);
                put.bind(revision).bind(&**value).execute(&mut *step).await?;
            }
            None => {
                let remove = query(include_str!("registry/remove.sql")).bind(&**kind).bind(&**name);
                remove.execute(&mut *step).await?;
            }
        }
    }
    step.commit().await?;
    Ok(true)
}
