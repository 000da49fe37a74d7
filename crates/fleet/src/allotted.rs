//! What is held for a request of limits and budgets, from the moment that it is admitted until its end is told.

mod admitted;
mod clearing;
mod described;
mod leases;
mod leasing;
mod sent;
mod told;

#[cfg(test)]
mod tests;

use domain::RequestId;
use engine::ledger::Denied;
use http::HeaderMap;
use telemetry::events::{AllotmentDecided, Decided};

pub use admitted::Admitted;
pub use clearing::{Clearing, Times, WallClock};
pub use described::Description;
pub use leases::{Heard, Leases, Revision};
pub use leasing::{Leasing, Turn};
pub use sent::{CallNumber, Called, Sent};
pub use told::Told;

/// Counts and logs what was decided about a request for which too little was left.
pub fn decided(clearing: &Clearing, id: &RequestId, denied: &Denied, decided: Decided) {
    let event = AllotmentDecided {
        request_id: id.as_str(),
        allotment: denied.allotment.name.as_str(),
        group: &denied.group_name(),
        decided,
    };
    event.emit(clearing.telemetry());
}

/// Writes how things stand into the head of an answer, in place of what a provider says of its own limits.
pub fn tell(told: HeaderMap, headers: &mut HeaderMap) {
    for name in told.keys() {
        headers.remove(name);
    }
    let mut last = None;
    for (name, value) in told {
        last = name.or(last);
        if let Some(name) = &last {
            headers.append(name.clone(), value);
        }
    }
}
