//! The lock of what many requests change at once: parking_lot's, or with `--cfg loom` that of the model checker loom in the same
//! words. So what is checked is what runs.

#[cfg(loom)]
pub(crate) use checked::{Mutex, MutexGuard};
#[cfg(not(loom))]
pub(crate) use parking_lot::{Mutex, MutexGuard};

#[cfg(loom)]
mod checked {
    //! A panic ends a model, so that no lock of it is ever poisoned.

    use std::sync::PoisonError;

    pub(crate) use loom::sync::MutexGuard;

    /// Has the words of parking_lot's.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        /// Waits until nobody else has it.
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
