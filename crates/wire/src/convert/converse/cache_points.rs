//! Marks of cached prompts stand between what they end; here each becomes a mark of the part before it, in the order in
//! which a prompt is kept: tools, instructions, conversation (Bedrock user guide, "Prompt caching").

use crate::convert::form::{Cache, Foreign, Part, Tool, Turn};
use crate::json::Value;

/// What a mark is called among blocks.
const CACHE_POINT: &str = "cachePoint";
/// Five minutes and an hour, the lifetimes that there are (service model, `CacheTTL`).
const LIFETIMES: [(&str, u32); 2] = [("5m", 300), ("1h", 3_600)];

/// The lifetime that is not shorter than asked for.
pub(super) fn lifetime(seconds: u32) -> &'static str {
    LIFETIMES.iter().find(|(_, longest)| seconds <= *longest).map_or("1h", |(name, _)| name)
}

/// Whether a lifetime is one that there is.
pub(super) fn is_lifetime(seconds: u32) -> bool {
    LIFETIMES.iter().any(|(_, known)| *known == seconds)
}

/// Reads a mark; none for an object that is something else.
pub(super) fn read(object: &Value<'_>) -> Option<Cache> {
    let point = object.present(CACHE_POINT)?;
    let ttl = point.present("ttl").and_then(Value::as_str);
    let known = LIFETIMES.iter().find(|(name, _)| ttl.as_deref() == Some(*name));
    Some(Cache { seconds: known.map(|(_, seconds)| *seconds) })
}

/// Takes the marks out of the turns and gives each to what stands before it. A mark before which there is nothing to keep
/// marks nothing.
pub(super) fn fold(tools: &mut [Tool<'_>], turns: &mut [Turn<'_>]) {
    let mut last = None;
    for turn in 0..turns.len() {
        let parts = turns.get_mut(turn).map(|turn| std::mem::take(&mut turn.parts)).unwrap_or_default();
        for mut part in parts {
            if let Some(mark) = mark(&part) {
                let before = last.and_then(|place| cache_at(turns, place)).or_else(|| cache_of_tools(tools));
                if let Some(cache) = before {
                    *cache = Some(mark);
                }
                continue;
            }
            let can_end = part.cache_mut().is_some();
            let Some(turn_parts) = turns.get_mut(turn).map(|turn| &mut turn.parts) else { continue };
            if can_end {
                last = Some((turn, turn_parts.len()));
            }
            turn_parts.push(part);
        }
    }
}

/// The mark of the last tool that can have one.
pub(super) fn cache_of_tools<'t>(tools: &'t mut [Tool<'_>]) -> Option<&'t mut Option<Cache>> {
    tools.iter_mut().rev().find_map(|tool| match tool {
        Tool::Function { cache, .. } => Some(cache),
        Tool::FreeText { .. } | Tool::Hosted(_) => None,
    })
}

fn cache_at<'t>(turns: &'t mut [Turn<'_>], (turn, part): (usize, usize)) -> Option<&'t mut Option<Cache>> {
    turns.get_mut(turn)?.parts.get_mut(part)?.cache_mut()
}

fn mark(part: &Part<'_>) -> Option<Cache> {
    let Part::Foreign(Foreign { kind, raw, .. }) = part else { return None };
    if kind != CACHE_POINT {
        return None;
    }
    read(&Value::parse(raw.as_bytes()).ok()?)
}
