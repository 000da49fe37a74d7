//! `generationConfig` of a request.

use super::generation::{Generation, Thinking};
use super::settings_reader::{CONFIG, SPEECH};
use crate::convert::Format;
use crate::convert::form::{Effort, OutputFormat, Prompt, Reasoning, Sampling};
use crate::json::{ObjectWriter, Text};

/// The most stop sequences that Google takes (API reference, `stopSequences`).
pub(super) const STOPS_MAX: usize = 5;
/// The voices that Google has ("Speech generation", "Voice options").
const VOICES: [&str; 30] = [
    "Zephyr",
    "Puck",
    "Charon",
    "Kore",
    "Fenrir",
    "Leda",
    "Orus",
    "Aoede",
    "Callirrhoe",
    "Autonoe",
    "Enceladus",
    "Iapetus",
    "Umbriel",
    "Algieba",
    "Despina",
    "Erinome",
    "Algenib",
    "Rasalgethi",
    "Laomedeia",
    "Achernar",
    "Alnilam",
    "Schedar",
    "Gacrux",
    "Pulcherrima",
    "Achird",
    "Zubenelgenubi",
    "Vindemiatrix",
    "Sadachbia",
    "Sadaltager",
    "Sulafat",
];

/// Writes it.
pub(super) fn write(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, generation: Generation) {
    request.object_if(CONFIG, |config| {
        write_sampling(config, &prompt.sampling, generation);
        write_output(config, &prompt.output);
        write_modalities(config, prompt);
        config.object_if("thinkingConfig", |thinking| {
            write_thinking(thinking, &prompt.reasoning, generation.thinking);
        });
        write_unknown(config, prompt, CONFIG);
    });
}

/// Members of Google's own within one that is written.
pub(super) fn write_unknown(holder: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, within: &str) {
    for unknown in prompt.unknown.iter().filter(|unknown| unknown.format == Format::Gemini) {
        let key = unknown.path.strip_prefix(within).and_then(|rest| rest.strip_prefix('.'));
        if let Some(key) = key.filter(|key| !key.contains(['.', '['])) {
            holder.named(key, unknown.raw);
        }
    }
}

fn write_sampling(config: &mut ObjectWriter<'_>, sampling: &Sampling<'_>, generation: Generation) {
    if generation.takes_sampling {
        config.raw_if("temperature", sampling.temperature);
        config.raw_if("topP", sampling.top_p);
        config.raw_if("topK", sampling.top_k);
    }
    config.number_if("maxOutputTokens", sampling.output_tokens_max);
    let mut stops = sampling.stop.iter().filter(|stop| !stop.is_empty()).take(STOPS_MAX).peekable();
    if stops.peek().is_some() {
        config.array("stopSequences", |array| stops.for_each(|stop| array.text(stop)));
    }
    config.raw_if("seed", sampling.seed.map(seed).as_deref());
    config.raw_if("presencePenalty", sampling.presence_penalty);
    config.raw_if("frequencyPenalty", sampling.frequency_penalty);
    config.number_if("candidateCount", sampling.choices.filter(|choices| *choices > 1));
    if sampling.logprobs == Some(true) {
        config.bool("responseLogprobs", true);
        config.number_if("logprobs", sampling.top_logprobs.filter(|top| *top > 0));
    }
}

/// A seed has 32 bits; a longer one becomes the same of them each time.
fn seed(digits: &str) -> String {
    match digits.parse::<i64>() {
        Ok(seed) if i32::try_from(seed).is_err() => seed.rem_euclid(i64::from(i32::MAX)).to_string(),
        _ => digits.to_owned(),
    }
}

/// Whether a seed is sent as it is.
pub(super) fn is_seed(digits: &str) -> bool {
    digits.parse::<i32>().is_ok()
}

/// A schema is JSON Schema, which Google takes since Gemini 2.5 ("Structured output").
fn write_output(config: &mut ObjectWriter<'_>, output: &OutputFormat<'_>) {
    if *output != OutputFormat::Text {
        config.str("responseMimeType", "application/json");
    }
    if let OutputFormat::Schema { schema, .. } = output {
        config.raw("responseJsonSchema", schema);
    }
}

fn write_modalities(config: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    if prompt.pictures {
        return config.raw("responseModalities", r#"["TEXT","IMAGE"]"#);
    }
    let Some(spoken) = &prompt.spoken else { return };
    config.raw("responseModalities", r#"["AUDIO"]"#);
    let has_own = prompt.unknown.iter().any(|unknown| unknown.path == SPEECH);
    if let Some(voice) = spoken.voice.as_ref().filter(|_| !has_own) {
        config.object("speechConfig", |speech| {
            speech.object("voiceConfig", |config| {
                config.object("prebuiltVoiceConfig", |prebuilt| prebuilt.text("voiceName", voice));
            });
        });
    }
}

/// Whether an answer can be spoken as it was asked for.
pub(super) fn can_speak(prompt: &Prompt<'_>) -> bool {
    prompt.spoken.as_ref().is_none_or(|spoken| {
        let is_pcm = spoken.format.as_ref().is_none_or(|format| format.plain() == "pcm16");
        let voice = spoken.voice.as_ref().map(Text::plain);
        is_pcm && voice.is_none_or(|voice| VOICES.contains(&voice.as_ref()))
    })
}

/// Thinking that is asked for is shown, unless that is not wanted.
fn write_thinking(config: &mut ObjectWriter<'_>, reasoning: &Reasoning<'_>, thinking: Thinking) {
    if thinking == Thinking::Unasked {
        return;
    }
    let asks = reasoning.effort.is_some_and(|effort| effort != Effort::None)
        || (reasoning.effort.is_none() && (reasoning.tokens_max.is_some() || reasoning.adaptive));
    let shown = reasoning.shown.or((asks || reasoning.summary.is_some()).then_some(true));
    config.bool_if("includeThoughts", shown);
    if let Some(budget) = budget(reasoning, thinking) {
        config.raw("thinkingBudget", &budget.to_string());
    }
    let effort = reasoning.effort.or_else(|| reasoning.tokens_max.map(Effort::of_tokens));
    if let Some(level) = effort.and_then(|effort| thinking.level(effort)) {
        config.str("thinkingLevel", level);
    }
}

/// The tokens of thinking, where it is asked for in tokens; -1 leaves it to the model.
fn budget(reasoning: &Reasoning<'_>, thinking: Thinking) -> Option<i64> {
    let Thinking::Tokens { min, max, may_be_off } = thinking else { return None };
    if reasoning.effort == Some(Effort::None) {
        return Some(if may_be_off { 0 } else { i64::try_from(min).unwrap_or(i64::MAX) });
    }
    match reasoning.tokens_max.or(reasoning.effort.map(Effort::tokens)) {
        Some(tokens) => i64::try_from(tokens.clamp(min, max)).ok(),
        None => reasoning.adaptive.then_some(-1),
    }
}

/// Whether a rough amount of thinking is asked for as it was said.
pub(super) fn keeps_effort(reasoning: &Reasoning<'_>, thinking: Thinking) -> bool {
    let Some(effort) = reasoning.effort else { return true };
    match thinking {
        Thinking::Unasked => effort == Effort::None,
        Thinking::Tokens { may_be_off, .. } => effort == Effort::None && may_be_off,
        Thinking::Level { .. } => {
            thinking.level(effort).is_some_and(|level| level.eq_ignore_ascii_case(effort.name()))
        }
    }
}

/// Whether tokens of thinking are asked for as they were said.
pub(super) fn keeps_tokens(reasoning: &Reasoning<'_>, thinking: Thinking) -> bool {
    match (thinking, reasoning.tokens_max) {
        (_, None) => true,
        (Thinking::Tokens { min, max, .. }, Some(tokens)) => (min..=max).contains(&tokens),
        (Thinking::Unasked | Thinking::Level { .. }, Some(_)) => false,
    }
}
