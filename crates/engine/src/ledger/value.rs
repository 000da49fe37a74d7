//! The value that processes share about an account, as it is in the store.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::pool::Pool;
use super::reservoir::Reservoir;

/// What processes agree on about an account.
pub(super) trait Value: Clone + Serialize + DeserializeOwned {
    /// That of a group that has none yet.
    fn of(group: &str) -> Self;

    /// Whether somebody has to be told of what has become of another state of it.
    fn is_news_of(&self, holder: &str, before: &Self) -> bool;
}

impl Value for Pool {
    fn of(group: &str) -> Self {
        Self::of(group)
    }

    fn is_news_of(&self, holder: &str, before: &Self) -> bool {
        self.is_news_of(holder, before)
    }
}

impl Value for Reservoir {
    fn of(group: &str) -> Self {
        Self::of(group)
    }

    fn is_news_of(&self, holder: &str, before: &Self) -> bool {
        self.is_news_of(holder, before)
    }
}

/// The new value, where it is news to anybody, and what a change says of itself.
pub(super) type Changed<A> = (Option<Vec<u8>>, A);

/// The value of a group's account, as it was found in the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) value: Option<&'a [u8]>,
    pub(super) group: &'a str,
    /// Who reads it.
    pub(super) holder: &'a str,
}

impl Found<'_> {
    /// Changes it; says what the change says, and the new value where that is news to anybody. None where there is nothing to change.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn change<V: Value, A>(
        self,
        change: impl FnOnce(&mut V) -> Option<A>,
    ) -> Result<Option<Changed<A>>, serde_json::Error> {
        let found: Option<V> = self.value.map(serde_json::from_slice).transpose()?;
        let mut value = found.clone().unwrap_or_else(|| V::of(self.group));
        let Some(said) = change(&mut value) else { return Ok(None) };
        let is_news = found.is_none_or(|found| value.is_news_of(self.holder, &found));
        Ok(Some((is_news.then(|| serde_json::to_vec(&value)).transpose()?, said)))
    }
}
