//! A message was sent to a webhook, or is not sent any more.

use std::time::Duration;

use super::milliseconds;
use crate::Telemetry;

/// One attempt.
#[derive(Debug)]
pub struct WebhookAttempted<'a> {
    /// The name of the webhook.
    pub webhook: &'a str,
    /// The message.
    pub message_id: &'a str,
    /// How many attempts there were, with this one.
    pub attempts: u32,
    /// What came of it.
    pub outcome: WebhookOutcome<'a>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome<'a> {
    /// The message was taken.
    Delivered,
    /// It was not, and is sent again after a time.
    Failed {
        /// Why.
        why: &'a str,
        /// After which time.
        again_in: Duration,
    },
    /// It was not, and nobody will try again.
    GivenUp {
        /// Why.
        why: &'a str,
    },
}

impl WebhookOutcome<'_> {
    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
            Self::GivenUp { .. } => "given_up",
        }
    }
}

impl WebhookAttempted<'_> {
    /// Counts it, and logs it unless it went well.
    pub fn emit(&self, telemetry: &Telemetry) {
        let Self { webhook, message_id, attempts, outcome } = *self;
        telemetry.meters.spending.webhooks.attempted(webhook, outcome.name());
        match outcome {
            WebhookOutcome::Delivered => {
                tracing::debug!(target: "tollgate::webhook", webhook, message_id, attempts, "webhook delivered");
            }
            WebhookOutcome::Failed { why, again_in } => {
                let again_in_ms = milliseconds(again_in);
                tracing::info!(
                    target: "tollgate::webhook",
                    webhook,
                    message_id,
                    attempts,
                    why,
                    again_in_ms,
                    "webhook not delivered, it is tried again"
                );
            }
            WebhookOutcome::GivenUp { why } => {
                tracing::error!(
                    target: "tollgate::webhook",
                    webhook,
                    message_id,
                    attempts,
                    why,
                    "webhook not delivered, and given up"
                );
            }
        }
    }
}
