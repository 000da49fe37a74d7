//! Where a request would go if whatever is called failed: a walk to its end, without waiting and without calling anybody.

use std::sync::Arc;

use domain::{Failure, FailureClass, Route, Target};

use super::{Outlook, Step, Walk};

/// The places of the targets that are called when each of them fails with a 503, in order.
pub fn course(
    route: Arc<Route>,
    fits: &mut dyn FnMut(&Target) -> bool,
    outlook: &mut dyn Outlook,
) -> Vec<String> {
    let failure = Failure {
        class: FailureClass::Provider,
        status: Some(503),
        retry_after: None,
        detail: String::new(),
    };
    let mut walk = Walk::start(route, fits, outlook);
    let mut places: Vec<String> = Vec::new();
    while let Some(target) = walk.target() {
        if places.last() != Some(&target.path) {
            places.push(target.path.clone());
        }
        if walk.failed(&failure, false, outlook) == Step::GiveUp {
            break;
        }
    }
    places
}
