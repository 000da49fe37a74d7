//! The process-wide bound on bytes held in memory for requests: above it requests are shed, never the process killed.

use std::sync::Arc;

use crate::atomic::{AtomicUsize, Ordering};

/// The bound. It may change with a reload; holds keep what they have.
#[derive(Debug, Default)]
pub struct ByteBudget {
    used_bytes: AtomicUsize,
}

/// Bytes taken from the budget, given back when dropped.
#[derive(Debug)]
pub struct Hold {
    budget: Arc<ByteBudget>,
    bytes: usize,
}

/// The budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetSpent;

impl ByteBudget {
    /// Bytes taken now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// A hold of nothing yet.
    #[must_use]
    pub fn hold(self: &Arc<Self>) -> Hold {
        Hold { budget: Arc::clone(self), bytes: 0 }
    }
}

impl Hold {
    /// Takes `bytes` more, if the whole stays within `bytes_max`.
    ///
    /// # Errors
    /// When it would not. Nothing was taken then, not even for a moment: else whoever asks for less at that moment would be refused, too.
    pub fn grow(&mut self, bytes: usize, bytes_max: usize) -> Result<(), BudgetSpent> {
        let grown = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= bytes_max);
        let (relaxed, used) = (Ordering::Relaxed, &self.budget.used_bytes);
        used.fetch_update(relaxed, relaxed, grown).map_err(|_| BudgetSpent)?;
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
