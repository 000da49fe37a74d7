//! How a Claude model is asked to think, by Anthropic's own members: Bedrock takes them, too, in fields that it passes on.

use super::generation::Generation;
use crate::convert::codec::Objection;
use crate::convert::form::{Effort, Prompt, Reasoning};
use crate::convert::read::{self, Path};
use crate::json::{ObjectWriter, Value};

/// The fewest tokens that thinking can be given ("Extended thinking").
const TOKENS_MIN: u64 = 1_024;

/// Reads `thinking` and `output_config.effort`.
pub(in crate::convert) fn read<'a>(holder: &Value<'a>, path: &Path<'_>) -> Result<Reasoning<'a>, Objection> {
    let mut reasoning = Reasoning::default();
    if let Some(config) = read::object(holder, "output_config", path)? {
        let effort = read::text(config, "effort", &path.member("output_config"))?;
        reasoning.effort = effort.and_then(|effort| Effort::named(&effort.plain()));
    }
    let Some(thinking) = read::object(holder, "thinking", path)? else { return Ok(reasoning) };
    let path = path.member("thinking");
    reasoning.shown = read::text(thinking, "display", &path)?.map(|display| display.plain() != "omitted");
    match read::tag(thinking, "type", &path)?.as_str() {
        "enabled" => reasoning.tokens_max = read::whole(thinking, "budget_tokens", &path)?,
        "disabled" => reasoning.effort = Some(Effort::None),
        _ => reasoning.adaptive = true,
    }
    Ok(reasoning)
}

/// Whether the model is asked to think.
pub(in crate::convert) fn thinks(prompt: &Prompt<'_>, generation: Generation) -> bool {
    let reasoning = &prompt.reasoning;
    reasoning.effort != Some(Effort::None)
        && (reasoning.adaptive
            || reasoning.tokens_max.is_some()
            || (reasoning.effort.is_some() && !generation.thinks_adaptively))
}

/// The tokens of thinking, where it is asked for in tokens.
pub(in crate::convert) fn budget(prompt: &Prompt<'_>, generation: Generation) -> Option<u64> {
    let reasoning = &prompt.reasoning;
    if !generation.takes_budgets || reasoning.effort == Some(Effort::None) {
        return None;
    }
    let of_effort = reasoning.effort.filter(|_| !generation.thinks_adaptively).map(Effort::tokens);
    let tokens = reasoning.tokens_max.or(of_effort)?;
    Some(tokens.max(TOKENS_MIN))
}

/// Writes `thinking`. Its tokens stay below `limit`, the most of the answer.
pub(in crate::convert) fn write(
    request: &mut ObjectWriter<'_>,
    prompt: &Prompt<'_>,
    generation: Generation,
    limit: u64,
) {
    let reasoning = &prompt.reasoning;
    let display = reasoning.shown.map(|shown| if shown { "summarized" } else { "omitted" });
    if let Some(budget) = budget(prompt, generation) {
        return request.object("thinking", |thinking| {
            thinking.str("type", "enabled");
            let room = limit.saturating_sub(1).max(TOKENS_MIN);
            thinking.number("budget_tokens", budget.min(room));
            if let Some(display) = display {
                thinking.str("display", display);
            }
        });
    }
    let asked = reasoning.adaptive || reasoning.tokens_max.is_some() || reasoning.effort.is_some();
    match reasoning.effort {
        Some(Effort::None) => request.raw("thinking", r#"{"type":"disabled"}"#),
        _ if asked && generation.thinks_adaptively => request.object("thinking", |thinking| {
            thinking.str("type", "adaptive");
            if let Some(display) = display {
                thinking.str("display", display);
            }
        }),
        _ => {}
    }
}

/// The effort that a model takes beside adaptive thinking, in place of tokens where it takes none. Anthropic has none below
/// `low`.
pub(in crate::convert) fn effort(prompt: &Prompt<'_>, generation: Generation) -> Option<&'static str> {
    let reasoning = &prompt.reasoning;
    let of_tokens = reasoning.tokens_max.filter(|_| !generation.takes_budgets).map(Effort::of_tokens);
    let asked = reasoning.effort.or(of_tokens);
    let effort = asked.filter(|effort| generation.thinks_adaptively && *effort != Effort::None)?;
    Some(effort.max(Effort::Low).name())
}
