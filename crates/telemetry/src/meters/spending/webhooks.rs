//! How messages of webhooks fare.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// By the names of the configuration, which clients cannot choose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    webhook: String,
    outcome: &'static str,
}

/// The metrics of webhooks.
#[derive(Debug, Default)]
pub struct WebhookMeters {
    deliveries: Family<WebhookLabels, Counter>,
    undelivered: Gauge,
}

impl WebhookMeters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let deliveries = "Attempts to deliver a message to a webhook, by outcome";
        registry.register("webhook_deliveries", deliveries, self.deliveries.clone());
        let undelivered = "Messages for webhooks that are not delivered yet";
        registry.register("webhook_undelivered", undelivered, self.undelivered.clone());
    }

    /// So many messages are not delivered yet.
    pub fn undelivered(&self, count: usize) {
        self.undelivered.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn attempted(&self, webhook: &str, outcome: &'static str) {
        let labels = WebhookLabels { webhook: webhook.to_owned(), outcome };
        self.deliveries.get_or_create(&labels).inc();
    }
}
