//! A client said how good an answer was.

use domain::ApiKey;
use serde_json::value::RawValue;

use crate::Telemetry;

/// What it said.
#[derive(Debug)]
pub struct FeedbackGiven<'a> {
    /// What it is known by.
    pub feedback_id: &'a str,
    /// The request that was answered, as the client says.
    pub request_id: &'a str,
    /// The client's key.
    pub key: &'a ApiKey,
    /// From −10 to 10; below zero is bad.
    pub value: f64,
    /// How much it counts, from 0 to 1.
    pub weight: f64,
    /// What else is said, as a JSON object.
    pub metadata: Option<&'a RawValue>,
}

impl FeedbackGiven<'_> {
    /// Counts it and writes it down.
    pub fn emit(&self, telemetry: &Telemetry) {
        let rating = match self.value {
            value if value > 0.0 => "good",
            value if value < 0.0 => "bad",
            _ => "neutral",
        };
        telemetry.meters.records.rated(rating);
        if let Some(records) = telemetry.records.get() {
            records.rated(self);
        }
    }
}
