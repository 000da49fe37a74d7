//! Which of the things that requests can say a request says.

use std::collections::BTreeSet;

use super::Feature;
use crate::convert::Format;
use crate::convert::form::{
    Cache, Document, Media, OutputFormat, Part, Prompt, Role, Source, Tool, ToolChoice, ToolResult, Unknown,
};

/// Members that put a guardrail of the provider over a request. An answer without it would be one that the client does not
/// want, and nobody else has the guardrail.
const GUARDRAILS: [(Format, &str); 2] =
    [(Format::Converse, "guardrailConfig"), (Format::Gemini, "modelArmorConfig")];
/// Most stop sequences that every format with stop sequences takes.
const STOPS_FEW: usize = 4;

/// What a prompt says, for a provider of `format`: a seal of its own format is nothing to lose.
pub(crate) fn used(prompt: &Prompt<'_>, format: Format) -> BTreeSet<Feature> {
    let mut used = Used { features: BTreeSet::new(), format };
    used.guardrails(prompt);
    used.turns(prompt);
    used.tools(prompt);
    used.output(prompt);
    used.sampling(prompt);
    used.reasoning(prompt);
    used.attribution(prompt);
    used.features
}

struct Used {
    features: BTreeSet<Feature>,
    format: Format,
}

impl Used {
    fn say(&mut self, feature: Feature) {
        self.features.insert(feature);
    }

    fn say_if(&mut self, said: bool, feature: Feature) {
        if said {
            self.say(feature);
        }
    }

    fn guardrails(&mut self, prompt: &Prompt<'_>) {
        let is_guardrail = |unknown: &Unknown<'_>| {
            unknown.format != self.format && GUARDRAILS.contains(&(unknown.format, unknown.path.as_str()))
        };
        let guarded = prompt.unknown.iter().any(is_guardrail);
        self.say_if(guarded, Feature::Guardrail);
    }

    fn turns(&mut self, prompt: &Prompt<'_>) {
        let mut conversing = false;
        for turn in &prompt.turns {
            self.say_if(turn.name.is_some(), Feature::SpeakerName);
            self.say_if(conversing && turn.role.instructs(), Feature::LateInstructions);
            conversing |= matches!(turn.role, Role::User | Role::Assistant);
            turn.parts.iter().for_each(|part| self.part(part));
        }
    }

    fn part(&mut self, part: &Part<'_>) {
        match part {
            Part::Text { citations, cache, .. } => {
                self.say_if(!citations.is_empty(), Feature::CitationReplay);
                self.cache(*cache);
            }
            Part::Image(media) => self.image(media),
            Part::Audio(_) => self.say(Feature::Audio),
            Part::Video(_) => self.say(Feature::Video),
            Part::Document(document) => self.document(document),
            Part::ToolCall(call) => {
                self.cache(call.cache);
                self.say_if(call.is_free_text, Feature::FreeTextTools);
                let foreign = call.seal.as_ref().is_some_and(|seal| seal.format != self.format);
                self.say_if(foreign, Feature::SealReplay);
            }
            Part::ToolResult(result) => self.tool_result(result),
            Part::Thought(thought) => match &thought.seal {
                Some(seal) => self.say_if(seal.format != self.format, Feature::SealReplay),
                None => self.say(Feature::ThoughtReplay),
            },
            Part::Refusal(_) => self.say(Feature::RefusalReplay),
            Part::Foreign(foreign) => self.say_if(foreign.format != self.format, Feature::ForeignPart),
        }
    }

    fn image(&mut self, media: &Media<'_>) {
        self.say(match media.source {
            Source::Inline(_) | Source::Plain(_) => Feature::ImageInline,
            Source::Url(_) => Feature::ImageUrl,
            Source::Upload(_) => Feature::ImageUpload,
        });
        // `auto` is what every provider does unasked.
        let asked = media.detail.as_ref().is_some_and(|detail| detail != "auto");
        self.say_if(asked, Feature::ImageDetail);
        self.cache(media.cache);
    }

    fn document(&mut self, document: &Document<'_>) {
        self.say(match document.source {
            Source::Inline(_) => Feature::DocumentInline,
            Source::Url(_) => Feature::DocumentUrl,
            Source::Upload(_) => Feature::DocumentUpload,
            Source::Plain(_) => Feature::DocumentText,
        });
        self.say_if(document.name.is_some(), Feature::DocumentName);
        self.say_if(document.context.is_some(), Feature::DocumentContext);
        self.say_if(document.cited, Feature::DocumentCitations);
        self.cache(document.cache);
    }

    fn tool_result(&mut self, result: &ToolResult<'_>) {
        self.cache(result.cache);
        self.say_if(result.failed == Some(true), Feature::ToolFailure);
        for part in &result.parts {
            match part {
                Part::Text { cache, .. } => self.cache(*cache),
                Part::Foreign(_) => self.part(part),
                // A format that takes media in results may not take each kind.
                _ => {
                    self.say(Feature::ToolResultMedia);
                    self.part(part);
                }
            }
        }
    }

    fn cache(&mut self, cache: Option<Cache>) {
        let Some(cache) = cache else { return };
        self.say(Feature::CacheMark);
        self.say_if(cache.seconds.is_some(), Feature::CacheLifetime);
    }

    fn tools(&mut self, prompt: &Prompt<'_>) {
        for tool in &prompt.tools {
            match tool {
                Tool::Function { strict, cache, .. } => {
                    self.say(Feature::Tools);
                    self.say_if(*strict == Some(true), Feature::StrictTools);
                    self.cache(*cache);
                }
                Tool::FreeText { .. } => self.say(Feature::FreeTextTools),
                Tool::Hosted(foreign) => self.say_if(foreign.format != self.format, Feature::HostedTools),
            }
        }
        match &prompt.tool_choice {
            None | Some(ToolChoice::Auto) => {}
            Some(ToolChoice::None) => self.say(Feature::ToolChoiceNone),
            Some(ToolChoice::Required) => self.say(Feature::ToolChoiceRequired),
            Some(ToolChoice::Named(_)) => self.say(Feature::ToolChoiceNamed),
            Some(ToolChoice::Allowed { .. }) => self.say(Feature::ToolChoiceAllowed),
            Some(ToolChoice::Foreign(foreign)) => {
                self.say_if(foreign.format != self.format, Feature::ToolChoiceForeign);
            }
        }
        // Several at once is what every format allows unasked.
        self.say_if(prompt.parallel_tool_calls == Some(false), Feature::ParallelToolCalls);
    }

    fn output(&mut self, prompt: &Prompt<'_>) {
        match prompt.output {
            OutputFormat::Text => {}
            OutputFormat::Json => self.say(Feature::JsonOutput),
            OutputFormat::Schema { .. } => self.say(Feature::SchemaOutput),
        }
        self.say_if(prompt.spoken.is_some(), Feature::SpokenOutput);
        self.say_if(prompt.pictures, Feature::PictureOutput);
        self.say_if(prompt.sampling.choices.is_some_and(|choices| choices > 1), Feature::Choices);
    }

    fn sampling(&mut self, prompt: &Prompt<'_>) {
        let sampling = &prompt.sampling;
        let above_one = |text: &str| text.parse::<f64>().is_ok_and(|number| number > 1.0);
        self.say_if(sampling.output_tokens_max.is_some(), Feature::OutputLimit);
        self.say_if(sampling.temperature.is_some(), Feature::Temperature);
        self.say_if(sampling.temperature.is_some_and(above_one), Feature::HotTemperature);
        self.say_if(sampling.top_p.is_some(), Feature::TopP);
        self.say_if(sampling.top_k.is_some(), Feature::TopK);
        self.say_if(sampling.seed.is_some(), Feature::Seed);
        self.say_if(sampling.presence_penalty.is_some(), Feature::PresencePenalty);
        self.say_if(sampling.frequency_penalty.is_some(), Feature::FrequencyPenalty);
        self.say_if(sampling.logit_bias.is_some(), Feature::LogitBias);
        self.say_if(!sampling.stop.is_empty(), Feature::Stop);
        self.say_if(sampling.stop.len() > STOPS_FEW, Feature::ManyStops);
        self.say_if(sampling.logprobs == Some(true), Feature::Logprobs);
        self.say_if(sampling.verbosity.is_some(), Feature::Verbosity);
    }

    fn reasoning(&mut self, prompt: &Prompt<'_>) {
        let reasoning = &prompt.reasoning;
        self.say_if(reasoning.effort.is_some(), Feature::ReasoningEffort);
        self.say_if(reasoning.tokens_max.is_some(), Feature::ReasoningTokens);
        self.say_if(reasoning.shown.is_some(), Feature::ReasoningShown);
        self.say_if(reasoning.summary.is_some(), Feature::ReasoningSummary);
    }

    fn attribution(&mut self, prompt: &Prompt<'_>) {
        let attribution = &prompt.attribution;
        self.say_if(attribution.user.is_some(), Feature::User);
        self.say_if(attribution.safety_identifier.is_some(), Feature::SafetyIdentifier);
        self.say_if(attribution.metadata.is_some(), Feature::Metadata);
        self.say_if(attribution.service_tier.is_some(), Feature::ServiceTier);
        // Not to keep an answer is what every provider does, or is told.
        self.say_if(attribution.store == Some(true), Feature::Store);
        self.say_if(attribution.prompt_cache_key.is_some(), Feature::PromptCacheKey);
        self.say_if(attribution.prompt_cache_retention.is_some(), Feature::PromptCacheRetention);
    }
}
