//! What is left of a provider's quota for one model, and who waits for it. Who may call is decided by `engine`; here its state is kept.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use domain::Quota;
use engine::quota::Shaper;

/// Whom to tell when it is their turn: a call of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiter {
    /// The place of the request.
    pub(crate) flight: usize,
    /// Which of its calls.
    pub(crate) leg: u64,
}

/// The quota of one model at one provider; nothing where none is configured and none was learned.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    shaper: RefCell<Option<Shaper<Waiter>>>,
    /// When whoever is next looks again whether it is their turn.
    next_look: Cell<Option<Duration>>,
}

impl Shape {
    /// What a configuration says of it.
    pub(crate) fn of(configured: Option<&Arc<Quota>>) -> Self {
        let shaper = configured.map(|quota| Shaper::new(Arc::clone(quota)));
        Self { shaper: RefCell::new(shaper), next_look: Cell::new(None) }
    }

    /// Whether anything is known of it.
    pub(crate) fn is_known(&self) -> bool {
        self.shaper.borrow().is_some()
    }

    /// Does something to it where anything is known of it.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Shaper<Waiter>) -> R) -> Option<R> {
        self.shaper.borrow_mut().as_mut().map(act)
    }

    /// Does something to it, of which something is learned.
    pub(crate) fn learn<R>(&self, act: impl FnOnce(&mut Shaper<Waiter>) -> R) -> R {
        act(self.shaper.borrow_mut().get_or_insert_with(|| Shaper::new(Arc::default())))
    }

    /// Whose turn it may be.
    pub(crate) fn next(&self) -> Option<Waiter> {
        self.with(|shaper| shaper.next().copied()).flatten()
    }

    /// Whoever is next looks again then; `false` where that is known.
    pub(crate) fn looks_again(&self, at: Duration) -> bool {
        self.next_look.replace(Some(at)) != Some(at)
    }

    /// Whether it is now that whoever is next looks again.
    pub(crate) fn looks_now(&self, now: Duration) -> bool {
        let is_now = self.next_look.get() == Some(now);
        if is_now {
            self.next_look.set(None);
        }
        is_now
    }
}
