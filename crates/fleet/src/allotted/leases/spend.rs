//! What the others have spent of a budget, for whoever accounts for money. Nothing is asked for, and nothing changes by it.

use engine::ledger::Statement;

use super::{ExchangeError, Leases, answered};

/// Most values that are read in one step.
const STEP_VALUES_MAX: usize = 1_000;
/// Most steps. Values of spans that are over are kept for a day, so that a budget by the hour has as many as 25 for each account.
const STEPS_MAX: usize = 100;

/// How much the others have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// All.
    All,
    /// There is more than is read.
    Part,
    /// They cannot be asked.
    Nothing,
}

impl Leases {
    /// Takes into a statement what the others have said. Where they cannot be asked, it keeps what this process knew.
    pub async fn complete(&self, statement: &mut Statement) -> Heard {
        // It is tried again and again in the background; nobody has to wait for that.
        if self.are_stuck() {
            return Heard::Nothing;
        }
        let mut heard = statement.clone();
        let result = self.hear(&mut heard).await;
        let (result, extent) = match result {
            Ok(extent) => (Ok(()), extent),
            Err(error) => (Err(error), Heard::Nothing),
        };
        self.judge(&result);
        if result.is_ok() {
            *statement = heard;
        }
        extent
    }

    async fn hear(&self, statement: &mut Statement) -> Result<Heard, ExchangeError> {
        if let Some(key) = statement.key() {
            let keys = [key];
            let seen = answered(self.state.read(&keys)).await?;
            for (key, versioned) in keys.iter().zip(seen.what) {
                let Some(versioned) = versioned else { continue };
                statement.hear((key, &versioned.value), &self.holder, seen.at)?;
            }
            return Ok(Heard::All);
        }
        let (prefix, mut after) = (statement.prefix(), None);
        for _ in 0..STEPS_MAX {
            let seen = answered(self.state.list(&prefix, after.as_deref(), STEP_VALUES_MAX)).await?;
            for listed in &seen.what {
                statement.hear((&listed.key, &listed.versioned.value), &self.holder, seen.at)?;
            }
            let is_last = seen.what.len() < STEP_VALUES_MAX;
            after = seen.what.into_iter().last().map(|listed| listed.key);
            if is_last {
                return Ok(Heard::All);
            }
        }
        Ok(Heard::Part)
    }
}
