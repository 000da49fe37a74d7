//! A prompt as a request.

use super::document_names::Names;
use super::family::Family;
use super::settings_reader::{FIELDS, RESPONSE_PATHS, STOP_SEQUENCE};
use super::{block_writer, layout, request_metadata, tools_writer};
use crate::convert::form::{Effort, OutputFormat, Prompt, Unknown};
use crate::convert::messages::thinking;
use crate::convert::{Format, Target};
use crate::json::{ObjectWriter, object};

/// The tiers of service that there are (service model, `ServiceTierType`).
pub(super) const TIERS: [&str; 4] = ["priority", "default", "flex", "reserved"];

pub(super) fn write(prompt: &Prompt<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let family = Family::of(target.model);
    object(&mut out, |request| {
        let system = layout::system(prompt, family);
        if !system.is_empty() {
            request.array("system", |blocks| block_writer::write_system(blocks, &system, family));
        }
        let mut names = Names::of(prompt);
        request.array("messages", |messages| {
            for said in layout::messages(prompt, family) {
                messages.object(|message| block_writer::write_message(message, &said, family, &mut names));
            }
        });
        tools_writer::write(request, prompt, family);
        request.object_if("inferenceConfig", |config| write_inference(config, prompt, family));
        request.object_if("outputConfig", |config| write_output(config, prompt, family));
        request.object_if(FIELDS, |fields| write_fields(fields, prompt, family));
        write_response_paths(request, prompt, family);
        request_metadata::write(request, prompt.attribution.metadata);
        write_tier(request, prompt);
        write_unknown(request, prompt, None);
    });
    out
}

/// `temperature` and `topP` may not be given together to Claude models since 4.1; the temperature is the one people mean.
fn write_inference(config: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, family: Family) {
    let sampling = &prompt.sampling;
    config.number_if("maxTokens", sampling.output_tokens_max);
    if is_drawn_as_asked(prompt, family) {
        let is_hot = |text: &str| text.parse::<f64>().is_ok_and(|number| number > 1.0);
        let temperature = sampling.temperature.map(|text| if is_hot(text) { "1" } else { text });
        config.raw_if("temperature", temperature);
        let is_taken = family.claude().is_none() || temperature.is_none();
        config.raw_if("topP", sampling.top_p.filter(|_| is_taken));
    }
    let mut stops = sampling.stop.iter().filter(|stop| !stop.is_empty()).peekable();
    if stops.peek().is_some() {
        config.array("stopSequences", |array| stops.for_each(|stop| array.text(stop)));
    }
    write_unknown(config, prompt, Some("inferenceConfig"));
}

/// Whether a model takes `temperature`, `topP` and `topK`: newer Claude models do not, and none does while it thinks.
pub(super) fn is_drawn_as_asked(prompt: &Prompt<'_>, family: Family) -> bool {
    family
        .claude()
        .is_none_or(|generation| generation.takes_sampling && !thinking::thinks(prompt, generation))
}

/// The schema is text (service model, `JsonSchemaDefinition`).
fn write_output(config: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, family: Family) {
    if let Some(effort) = family.claude().and_then(|generation| thinking::effort(prompt, generation)) {
        config.str("effort", effort);
    }
    if let OutputFormat::Schema { name, description, schema, .. } = &prompt.output {
        config.object("textFormat", |format| {
            format.str("type", "json_schema");
            format.object("structure", |structure| {
                structure.object("jsonSchema", |json| {
                    json.str("schema", schema);
                    json.text_if("name", name.as_ref());
                    json.text_if("description", description.as_ref());
                });
            });
        });
    }
    write_unknown(config, prompt, Some("outputConfig"));
}

/// What a maker's models take beside Bedrock's own members (Bedrock user guide, "Inference request parameters").
fn write_fields(fields: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, family: Family) {
    let sampling = &prompt.sampling;
    let top_k = sampling.top_k.filter(|_| is_drawn_as_asked(prompt, family));
    match family {
        Family::Claude(generation) => {
            let limit = sampling.output_tokens_max.unwrap_or(u64::MAX);
            thinking::write(fields, prompt, generation, limit);
            fields.raw_if("top_k", top_k);
            tools_writer::write_claudes_own(fields, prompt, family);
        }
        Family::Nova { .. } => {
            if let Some(effort) = effort_name(prompt, family) {
                fields.object("reasoningConfig", |config| {
                    config.str("type", "enabled");
                    config.str("maxReasoningEffort", effort);
                });
            }
            fields.object_if("inferenceConfig", |config| config.raw_if("topK", top_k));
        }
        Family::GptOss => {
            if let Some(effort) = effort_name(prompt, family) {
                fields.str("reasoning_effort", effort);
            }
        }
        Family::Other => {}
    }
    write_unknown(fields, prompt, Some(FIELDS));
}

/// The effort in the words of models that know three. Nova thinks much only when nothing limits or colours the answer
/// ("`maxTokens` must be unset when … maxReasoningEffort is 'high'").
pub(super) fn effort_name(prompt: &Prompt<'_>, family: Family) -> Option<&'static str> {
    let reasoning = &prompt.reasoning;
    let asked = reasoning.effort.or_else(|| reasoning.tokens_max.map(Effort::of_tokens))?;
    let sampling = &prompt.sampling;
    let is_limited = sampling.output_tokens_max.is_some()
        || sampling.temperature.or(sampling.top_p).or(sampling.top_k).is_some();
    match (family, asked) {
        (Family::Nova { thinks: false } | Family::Claude(_) | Family::Other, _) | (_, Effort::None) => None,
        (_, Effort::Minimal | Effort::Low) => Some("low"),
        (_, Effort::Medium) => Some("medium"),
        (Family::Nova { .. }, _) if is_limited => Some("medium"),
        (_, Effort::High | Effort::ExtraHigh | Effort::Max) => Some("high"),
    }
}

/// Claude tells at which stop sequence it stopped when it is asked to.
fn write_response_paths(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, family: Family) {
    let has_stops = prompt.sampling.stop.iter().any(|stop| !stop.is_empty());
    let asks_for_more = own_unknown(prompt).any(|unknown| unknown.path == RESPONSE_PATHS);
    if has_stops && family.claude().is_some() && !asks_for_more {
        let [whole, streamed] = STOP_SEQUENCE;
        request.array(RESPONSE_PATHS, |paths| paths.str(if prompt.stream { streamed } else { whole }));
    }
}

fn write_tier(request: &mut ObjectWriter<'_>, prompt: &Prompt<'_>) {
    let Some(tier) = &prompt.attribution.service_tier else { return };
    if TIERS.contains(&tier.plain().as_ref()) {
        request.object("serviceTier", |object| object.text("type", tier));
    }
}

/// Members of Bedrock's own that have no place in the form: of the request, or within one of its members.
fn write_unknown(object: &mut ObjectWriter<'_>, prompt: &Prompt<'_>, within: Option<&str>) {
    for unknown in own_unknown(prompt) {
        match unknown.path.split_once('.') {
            Some((holder, name)) if Some(holder) == within && !name.contains('.') => {
                object.named(name, unknown.raw);
            }
            None if within.is_none() => object.named(&unknown.path, unknown.raw),
            _ => {}
        }
    }
}

fn own_unknown<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Unknown<'a>> {
    prompt.unknown.iter().filter(|unknown| unknown.format == Format::Converse)
}
