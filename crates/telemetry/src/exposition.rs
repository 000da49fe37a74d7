//! Metrics as text.

use crate::meters::Meters;

pub(crate) fn render(meters: &Meters) -> String {
    let mut text = String::with_capacity(8 << 10);
    // Writing into a String cannot fail; an encoder error would be a defect of the encoder and leaves a cut text,
    // which a scraper refuses because the closing `# EOF` is missing.
    match prometheus_client::encoding::text::encode(&mut text, &meters.registry.lock()) {
        Ok(()) => text,
        Err(error) => {
            tracing::error!(%error, "metrics could not be rendered");
            text
        }
    }
}
