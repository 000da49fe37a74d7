//! The objects of the control API in PostgreSQL, for replicas on several machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ports::registry::{Change, Changes, Pending, Register, Registered, Registry, RegistryError};
use sqlx::{query, query_as, query_scalar};

use super::connections::{Connections, Problem};
use super::{VIEW, WRITE};
use crate::shared::text;

/// Keeps objects in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresRegistry {
    connections: Arc<Connections>,
}

/// An object's kind, name, revision and value.
type ObjectRow = (Vec<u8>, Vec<u8>, i64, Vec<u8>);

impl PostgresRegistry {
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self { connections }
    }

    /// Waits for an answer of the database.
    fn ask<'a, T: Send + 'a>(
        &'a self,
        answer: impl Future<Output = Result<T, Problem>> + Send + 'a,
    ) -> Pending<'a, T> {
        self.connections.ask(answer, RegistryError)
    }

    async fn revision(&self) -> Result<u64, Problem> {
        let mut connection = self.connections.take().await?;
        let read = query_scalar(include_str!("registry/revision.sql"));
        let revision: i64 = read.fetch_one(&mut *connection).await?;
        connection.give_back();
        Ok(count(revision))
    }

    async fn read(&self) -> Result<Register, Problem> {
        let mut view = self.connections.begin(VIEW).await?;
        let revision: i64 = query_scalar(include_str!("registry/revision.sql")).fetch_one(&mut *view).await?;
        let read = query_as(include_str!("registry/read.sql"));
        let rows: Vec<ObjectRow> = read.fetch_all(&mut *view).await?;
        view.commit().await?;
        let objects = rows.into_iter().map(|(kind, name, revision, value)| {
            Ok(Registered {
                kind: text(kind)?,
                name: text(name)?,
                revision: count(revision),
                value: value.into(),
            })
        });
        Ok(Register { revision: count(revision), objects: objects.collect::<Result<_, sqlx::Error>>()? })
    }

    async fn change(&self, seen: u64, changes: &[Change]) -> Result<bool, Problem> {
        let mut step = self.connections.begin(WRITE).await?;
        let next = query_scalar(include_str!("registry/next.sql"));
        let next = next.bind(i64::try_from(seen).unwrap_or(i64::MAX));
        let Some(revision): Option<i64> = next.fetch_optional(&mut *step).await? else {
            step.roll_back().await?;
            return Ok(false);
        };
        let Outcome { removed, put, values } = Outcome::of(changes);
        let remove = query(include_str!("registry/remove.sql")).bind(removed.kinds).bind(removed.names);
        remove.execute(&mut *step).await?;
        let put = query(include_str!("registry/put.sql")).bind(revision).bind(put.kinds).bind(put.names);
        put.bind(values).execute(&mut *step).await?;
        // Whoever listens hears of it once it is made, and only then.
        query(include_str!("registry/notify.sql"))
            .bind(self.connections.schema())
            .execute(&mut *step)
            .await?;
        step.commit().await?;
        Ok(true)
    }
}

impl Registry for PostgresRegistry {
    fn revision(&self) -> Pending<'_, u64> {
        self.ask(self.revision())
    }

    fn read(&self) -> Pending<'_, Register> {
        self.ask(self.read())
    }

    fn change<'a>(&'a self, seen: u64, changes: &'a [Change]) -> Pending<'a, bool> {
        self.ask(self.change(seen, changes))
    }

    fn changes(&self) -> Box<dyn Changes> {
        Box::new(self.connections.listener())
    }
}

/// What comes of changes, as columns: of several of one object the last.
#[derive(Debug, Default)]
struct Outcome<'a> {
    removed: Ids<'a>,
    put: Ids<'a>,
    values: Vec<&'a [u8]>,
}

/// Which objects.
#[derive(Debug, Default)]
struct Ids<'a> {
    kinds: Vec<&'a [u8]>,
    names: Vec<&'a [u8]>,
}

impl<'a> Outcome<'a> {
    fn of(changes: &'a [Change]) -> Self {
        let last: BTreeMap<_, _> =
            changes.iter().map(|change| ((&change.kind, &change.name), &change.value)).collect();
        let mut outcome = Self::default();
        for ((kind, name), value) in last {
            let ids = if value.is_some() { &mut outcome.put } else { &mut outcome.removed };
            ids.kinds.push(kind.as_bytes());
            ids.names.push(name.as_bytes());
            outcome.values.extend(value.as_deref());
        }
        outcome
    }
}

/// A number that PostgreSQL counted up from 0.
fn count(number: i64) -> u64 {
    number.try_into().unwrap_or_default()
}
