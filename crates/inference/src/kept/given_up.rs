//! Responses in the background that will have no answer.

use bytes::Bytes;
use domain::kept::{KeptResponse, ResponseId, ResponseStatus, Tenant};
use domain::ports::response_store::StoreError;
use wire::convert::responses::{GivenUp, given_up};
use wire::formats::WireError;
use wire::json::{Document, ScanLimits};

use crate::gateway::Gateway;

/// Why a response that worked in the background has no answer.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Fault {
    /// It as a response tells it, which is by status and message alone.
    pub(super) fn error(&self) -> WireError<'_> {
        WireError {
            status: self.status,
            code: "",
            kind: "",
            message: &self.message,
            param: None,
            request_id: None,
            retry_after: None,
        }
    }
}

/// Marks a response as given up, unless it is finished or gone.
pub(super) async fn give_up(
    gateway: &Gateway,
    (tenant, id): (&Tenant, &ResponseId),
    body: &Bytes,
    why: GivenUp<'_>,
) -> Result<(), StoreError> {
    let body = ended(body, why).unwrap_or_else(|| body.clone());
    let touched = gateway.wall_clock().into();
    let lifetime = gateway.pin().snapshot.keep_rules.response_lifetime;
    let entry = KeptResponse {
        tenant: tenant.clone(),
        id: id.clone(),
        status: ResponseStatus::GivenUp,
        body,
        continued: None,
        input: Vec::new(),
        output: Vec::new(),
        touched,
        expires: touched + lifetime,
    };
    gateway.store.finish(entry).await.map(drop)
}

/// The body of a response that waited, now that it is given up.
fn ended(body: &Bytes, why: GivenUp<'_>) -> Option<Bytes> {
    let document = Document::parse(body.clone(), ScanLimits::default()).ok()?;
    given_up(&document, why).ok()
}

#[cfg(test)]
mod tests {
    use super::{Bytes, GivenUp, ended};

    #[test]
    fn a_response_that_is_given_up_says_so() {
        let body = Bytes::from_static(br#"{"id":"resp_1","status":"in_progress","error":null}"#);
        let cancelled = ended(&body, GivenUp::Cancelled).unwrap();
        assert_eq!(&*cancelled, br#"{"id":"resp_1","status":"cancelled","error":null}"#);
    }
}
