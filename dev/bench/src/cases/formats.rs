//! Formats beside OpenAI chat: one that is passed on, and pairs that are translated. The floor passes the same bytes on,
//! so a pair's ratio is all that translation costs.

use super::{BODY_BYTES, CONNECTIONS, Compare, Measured, Unit, chunks};
use crate::load::Pattern;
use crate::rig::{Rig, Subject, Task};
use crate::scenario::{Format, Scenario};
use crate::servers::Errand;

/// Client and provider.
const PAIRS: [(Format, Format); 4] = [
    (Format::Messages, Format::Chat),
    (Format::Chat, Format::Messages),
    (Format::Chat, Format::Gemini),
    (Format::Chat, Format::Converse),
];

pub(super) fn measure(rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let straight = Errand::Straight(Scenario::Whole, Format::Messages);
    whole(rig, subject, &mut measured, straight, "messages")?;
    for (client, provider) in PAIRS {
        let name = format!("{} to {}", client.name(), provider.name());
        let errand = |scenario| Errand::Translated { scenario, client, provider };
        whole(rig, subject, &mut measured, errand(Scenario::Whole), &name)?;
        if let Some(per_chunk) = chunks::per_chunk(rig, subject, errand)? {
            let reading = format!("CPU per chunk, {name}");
            measured.add(reading, per_chunk, Unit::Micros, Compare::Ratio);
        }
    }
    Ok(measured)
}

fn whole(
    rig: &Rig,
    subject: &Subject<'_>,
    measured: &mut Measured,
    errand: Errand,
    name: &str,
) -> anyhow::Result<()> {
    let pattern = Pattern::Closed { connections: CONNECTIONS };
    let task = Task { errand, body_bytes: BODY_BYTES, pattern, events_min: 0 };
    if let Some(outcome) = rig.load(subject, task)? {
        measured.doubt(name, &outcome);
        let reading = format!("CPU per request, {name}");
        measured.add(reading, outcome.server_micros_per_answer(), Unit::Micros, Compare::Ratio);
    }
    Ok(())
}
