//! The process-wide bound on bytes held in memory for requests: above it requests are shed, never the process killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bound. It may change with a reload; holds keep what they have.
#[derive(Debug, Default)]
pub(crate) struct ByteBudget {
    used_bytes: AtomicUsize,
}

/// Bytes taken from the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    budget: Arc<ByteBudget>,
    bytes: usize,
}

/// The budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BudgetSpent;

impl ByteBudget {
    /// Bytes taken now.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// A hold of nothing yet.
    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        Hold { budget: Arc::clone(self), bytes: 0 }
    }
}

impl Hold {
    /// Takes `bytes` more, if the whole stays within `bytes_max`.
    pub(crate) fn grow(&mut self, bytes: usize, bytes_max: usize) -> Result<(), BudgetSpent> {
        let before = self.budget.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > bytes_max {
            self.budget.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(BudgetSpent);
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.budget.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, BudgetSpent, ByteBudget};

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_dropped_comes_back() {
        let budget = Arc::new(ByteBudget::default());
        let mut first = budget.hold();
        assert_eq!(first.grow(60, 100), Ok(()));
        let mut second = budget.hold();
        assert_eq!(second.grow(50, 100), Err(BudgetSpent));
        assert_eq!(budget.used_bytes(), 60);
        drop(first);
        assert_eq!(second.grow(50, 100), Ok(()));
        drop(second);
        assert_eq!(budget.used_bytes(), 0);
    }
}
