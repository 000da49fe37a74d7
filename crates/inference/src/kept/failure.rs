//! What a client is told when the store does not do what it should.

use std::time::Duration;

use domain::ErrorCode;
use domain::ports::response_store::StoreError;
use telemetry::events::StoreFailed;

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// The refusal. The operator gets the store's own words, the client only that it may try again.
pub(super) fn refusal(gateway: &Gateway, error: StoreError) -> Refusal {
    match error {
        StoreError::Unavailable(detail) => {
            StoreFailed { detail: &detail }.emit(&gateway.telemetry);
            let message = "what is kept of conversations cannot be read or written now; try again";
            Refusal::new(ErrorCode::StateUnavailable, message).with_retry_after(Some(Duration::from_secs(1)))
        }
        StoreError::TooLarge { .. } => Refusal::new(ErrorCode::BodyTooLarge, error.to_string()),
    }
}
