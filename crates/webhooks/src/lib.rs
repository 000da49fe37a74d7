//! Telling others what happened to budgets: each threshold once for all replicas, signed as Standard Webhooks says, and again until it is delivered.

mod answer;
mod courier;
mod entry;
mod message;
mod outbox;
mod port;
mod signature;
mod telling;
#[cfg(test)]
mod tests;
mod webhook;

pub use courier::{Courier, CourierParts};
pub use message::Message;
pub use port::{Answer, Attempt, Observer, Outgoing, Post, Posted, Verdict};
pub use signature::{SecretProblem, SigningSecret};
pub use webhook::{Webhook, WebhookParts, WebhookProblem};
