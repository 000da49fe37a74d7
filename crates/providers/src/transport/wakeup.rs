//! Wakes the task that drives a connection, except while that task is driving it already.
//!
//! A connection is driven by the task that sends the request and reads the answer, not by one of its own: that saves
//! two hand-overs between tasks for each request and the memory of the second task. The parts of an HTTP/1.1
//! connection wake each other through channels, though, and each such wake-up would have the task polled once more
//! for nothing. So everything in a connection is polled with one waker of its own, which notes a wake-up that comes
//! while the connection is being driven, and passes on only those that come while the task waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::task::AtomicWaker;

/// The task waits: pass a wake-up on.
const WAITING: u8 = 0;
/// The task is driving, or has been told of progress and will come back: note a wake-up.
const DRIVING: u8 = 1;
/// A wake-up came.
const WOKEN: u8 = 2;

/// The waker of one connection.
pub(super) struct Wakeup {
    shared: Arc<Shared>,
    waker: Waker,
}

struct Shared {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wakeup {
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared {
            state: AtomicU8::new(DRIVING),
            task: AtomicWaker::new(),
        });
        Self {
            waker: Waker::from(Arc::clone(&shared)),
            shared,
        }
    }

    /// What everything in the connection is polled with.
    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// The task of `context` begins to drive. Wake-ups are noted from here until [`Self::rest`] succeeds.
    pub(super) fn drive(&self, context: &Context<'_>) {
        self.shared.task.register(context.waker());
        self.shared.state.swap(DRIVING, Ordering::AcqRel);
    }

    /// The task found nothing more to do; `false` when a wake-up came meanwhile, so that it must look again.
    pub(super) fn rest(&self) -> bool {
        let state = &self.shared.state;
        let rested = state
            .compare_exchange(DRIVING, WAITING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if !rested {
            state.swap(DRIVING, Ordering::AcqRel);
        }
        rested
    }

    /// The connection goes to the pool: nobody drives it, nobody is woken, and no task is kept in memory.
    pub(super) fn detach(&self) {
        self.shared.state.swap(DRIVING, Ordering::AcqRel);
        drop(self.shared.task.take());
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == WAITING {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn a_wake_up_while_driving_is_noted_and_not_passed_on() {
        let (count, task) = counted();
        let wakeup = Wakeup::new();
        wakeup.drive(&Context::from_waker(&task));
        wakeup.waker().wake_by_ref();
        assert!(!wakeup.rest(), "the task must look again");
        assert!(wakeup.rest(), "and then may rest");
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_resting_task_is_woken_once() {
        let (count, task) = counted();
        let wakeup = Wakeup::new();
        wakeup.drive(&Context::from_waker(&task));
        assert!(wakeup.rest());
        wakeup.waker().wake_by_ref();
        wakeup.waker().wake_by_ref();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_detached_connection_wakes_nobody_and_holds_no_task() {
        let (count, task) = counted();
        let wakeup = Wakeup::new();
        wakeup.drive(&Context::from_waker(&task));
        assert!(wakeup.rest());
        wakeup.detach();
        wakeup.waker().wake_by_ref();
        drop(task);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    #[test]
    fn the_last_task_to_drive_is_the_one_that_is_woken() {
        let ((first_count, first), (second_count, second)) = (counted(), counted());
        let wakeup = Wakeup::new();
        wakeup.drive(&Context::from_waker(&first));
        assert!(wakeup.rest());
        wakeup.drive(&Context::from_waker(&second));
        assert!(wakeup.rest());
        wakeup.waker().wake_by_ref();
        assert_eq!(first_count.0.load(Ordering::Relaxed), 0);
        assert_eq!(second_count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn no_wake_up_is_lost_between_threads() {
        const ROUNDS: usize = 20_000;
        let wakeup = Wakeup::new();
        let done = Arc::new(AtomicUsize::new(0));
        let waker = wakeup.waker().clone();
        let produced = Arc::clone(&done);
        let producer = std::thread::spawn(move || {
            for _ in 0..ROUNDS {
                produced.fetch_add(1, Ordering::Release);
                waker.wake_by_ref();
            }
        });
        // A task that parks between its turns; a lost wake-up would leave it parked.
        let task = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            wakeup.drive(&Context::from_waker(&task));
            if done.load(Ordering::Acquire) == ROUNDS {
                break;
            }
            if wakeup.rest() {
                std::thread::park();
            }
        }
        producer.join().unwrap();
    }

    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
}
