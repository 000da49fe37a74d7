//! What is told of the journal, and of what clients say of answers.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RatingLabels {
    rating: &'static str,
}

/// How writing down goes.
#[derive(Debug, Default)]
pub(crate) struct RecordMeters {
    feedback: Family<RatingLabels, Counter>,
    pub(crate) failing: Gauge,
    pub(crate) lost: Counter,
}

impl RecordMeters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let feedback = "What clients said of answers, by whether it is good";
        registry.register("feedback", feedback, self.feedback.clone());
        let failing = "Whether the journal of requests cannot be written (1) or can (0)";
        registry.register("journal_failing", failing, self.failing.clone());
        let lost = "Requests that could not be written down";
        registry.register("journal_records_lost", lost, self.lost.clone());
    }

    /// A client said that an answer is `good`, `bad` or `neutral`.
    pub(crate) fn rated(&self, rating: &'static str) {
        self.feedback.get_or_create(&RatingLabels { rating }).inc();
    }
}
