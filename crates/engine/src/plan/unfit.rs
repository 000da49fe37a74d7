//! The targets of a route that a request has no use for.

use domain::route::RouteNode;
use domain::{Route, Target};

/// The paths of targets that are passed over.
#[derive(Debug, Clone, Default)]
pub(super) struct Unfit(Vec<String>);

impl Unfit {
    /// The targets that do not fit: none when no target fits, nor where there is only one, since somebody has to answer.
    pub(super) fn of(route: &Route, fits: &mut dyn FnMut(&Target) -> bool) -> Self {
        let mut targets = 0_usize;
        route.root.for_each_target(&mut |_| targets += 1);
        if targets < 2 {
            return Self::default();
        }
        let mut paths = Vec::new();
        route.root.for_each_target(&mut |target| {
            if !fits(target) {
                paths.push(target.path.clone());
            }
        });
        if paths.len() == targets { Self::default() } else { Self(paths) }
    }

    /// Whether nothing is passed over.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a target is not passed over.
    pub(super) fn spares(&self, target: &Target) -> bool {
        !self.0.contains(&target.path)
    }

    /// Whether a node leads to a target that is not passed over.
    pub(super) fn leaves(&self, node: &RouteNode) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let mut some = false;
        node.for_each_target(&mut |target| some |= !self.0.contains(&target.path));
        some
    }
}
