//! What an answer brings along to whoever sends it, and that only one can take.

use std::sync::Arc;

use http::Extensions;
use parking_lot::Mutex;

/// Extensions can be cloned; what is handed over cannot.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// Lays something in.
pub(crate) fn put<T: Send + 'static>(extensions: &mut Extensions, thing: T) {
    extensions.insert::<Slot<T>>(Arc::new(Mutex::new(Some(thing))));
}

/// Takes it out, once.
pub(crate) fn take<T: Send + 'static>(extensions: &mut Extensions) -> Option<T> {
    extensions.remove::<Slot<T>>()?.lock().take()
}
