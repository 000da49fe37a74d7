//! One request from one format to another, and the way back of its answer.

use super::Format;
use super::client::ClientContext;
use super::codec::{Malformed, Objection};
use super::form::Prompt;
use super::identifier::{ChangedNames, fit};
use super::losses::{Loss, losses};
use super::prompt_shape::complete;
use super::stream::{StreamSource, StreamTranslation};
use crate::formats::Usage;
use crate::json::Value;

/// Where a translated request goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The model, as the provider calls it.
    pub model: &'a str,
    /// The most tokens that the model can answer, where that is known.
    pub output_tokens_max: Option<u64>,
    /// What providers of OpenAI's chat format disagree on.
    pub chat: ChatMembers,
}

/// What providers of OpenAI's chat format disagree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChatMembers {
    /// Whether the limit of output is called `max_completion_tokens`, as OpenAI's reasoning models demand, instructions may
    /// be a `developer`'s, and `top_k` is refused.
    pub of_openai: bool,
    /// Whether a stream reports its usage when `stream_options` asks for it.
    pub takes_stream_options: bool,
    /// Whether thinking is asked for by `reasoning` and given back as `reasoning_details`, as OpenRouter defined them.
    pub takes_reasoning_details: bool,
}

/// Whether anything of a request may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// What does not change the meaning may be lost, and is named.
    #[default]
    Lenient,
    /// Nothing may be lost.
    Strict,
}

/// A translated request.
#[derive(Debug)]
pub struct Translation {
    /// The request in the provider's format.
    pub body: Vec<u8>,
    /// What of it was lost.
    pub losses: Vec<Loss>,
    client: Format,
    provider: Format,
    names: ChangedNames,
    context: ClientContext,
}

/// Translates a request of `client` for a target that speaks one of `providers`, the preferred one first: into the one that
/// loses least of this very request.
///
/// # Errors
/// When the request is not what its format says, or none of the formats can carry it.
pub fn translate(
    request: &Value<'_>,
    client: Format,
    providers: &[Format],
    target: &Target<'_>,
    strictness: Strictness,
    context: ClientContext,
) -> Result<Translation, Objection> {
    let mut prompt = client.codec().read_prompt(request)?;
    prompt.stream |= context.stream;
    let Carried { body, losses, provider, names } =
        carry(&mut prompt, client, providers, target, strictness)?;
    let context = echoing(context, client.codec().echoed(request), prompt.stream_usage);
    Ok(Translation { body, losses, client, provider, names, context })
}

/// The context with what the request says, where the context does not say otherwise already.
fn echoing(context: ClientContext, said: Vec<(String, String)>, stream_usage: bool) -> ClientContext {
    let mut echoed = context.echoed;
    let given = echoed.len();
    for (name, json) in said {
        if !echoed.iter().take(given).any(|(known, _)| *known == name) {
            echoed.push((name, json));
        }
    }
    ClientContext { echoed, stream_usage, ..context }
}

/// A prompt as a request of one format.
pub(super) struct Carried {
    pub(super) body: Vec<u8>,
    pub(super) losses: Vec<Loss>,
    pub(super) provider: Format,
    names: ChangedNames,
}

/// Writes a prompt of `client` in the one of `providers` that loses least of it.
pub(super) fn carry(
    prompt: &mut Prompt<'_>,
    client: Format,
    providers: &[Format],
    target: &Target<'_>,
    strictness: Strictness,
) -> Result<Carried, Objection> {
    let (provider, losses) = best(prompt, client, providers, target, strictness)?;
    complete(prompt);
    let names = fit(prompt, provider.codec().identifiers());
    let body = provider.codec().write_prompt(prompt, target);
    Ok(Carried { body, losses, provider, names })
}

/// The format that loses least; of equals the first.
fn best(
    prompt: &Prompt<'_>,
    client: Format,
    providers: &[Format],
    target: &Target<'_>,
    strictness: Strictness,
) -> Result<(Format, Vec<Loss>), Objection> {
    let mut best: Option<(Format, Vec<Loss>)> = None;
    let mut objection = None;
    for provider in providers {
        match losses(prompt, (client, *provider), target, strictness) {
            Ok(losses) if losses.is_empty() => return Ok((*provider, losses)),
            Ok(losses) if best.as_ref().is_none_or(|(_, least)| losses.len() < least.len()) => {
                best = Some((*provider, losses));
            }
            Ok(_) => {}
            Err(error) => objection = objection.or(Some(error)),
        }
    }
    best.ok_or_else(|| objection.unwrap_or_else(|| Objection::new("", "the target speaks no format")))
}

/// Reads a request into the form.
///
/// # Errors
/// When it is not what its format says.
pub fn read_prompt<'a>(request: &Value<'a>, client: Format) -> Result<Prompt<'a>, Objection> {
    client.codec().read_prompt(request)
}

impl Translation {
    /// The provider's answer in the client's format, and what it used.
    ///
    /// # Errors
    /// When the answer is not what the provider's format says.
    pub fn answer(&self, body: &[u8]) -> Result<(Vec<u8>, Usage), Malformed> {
        let value = Value::parse(body).map_err(|error| Malformed(error.to_string()))?;
        let mut answer = self.provider.codec().read_answer(&value)?;
        for choice in &mut answer.choices {
            choice.parts.iter_mut().for_each(|part| super::prompt_shape::restore_name(part, &self.names));
            if !self.client.codec().seals_calls() {
                super::prompt_shape::take_seals_from_calls(&mut choice.parts);
            }
        }
        Ok((self.client.codec().write_answer(&answer, &self.context), answer.usage))
    }

    /// The way back of a streamed answer.
    #[must_use]
    pub fn stream(&self) -> StreamTranslation {
        let source = StreamSource { format: self.provider, names: self.names.clone() };
        StreamTranslation::new(source, self.client.codec().stream_writer(&self.context))
    }

    /// The client's format.
    #[must_use]
    pub fn client(&self) -> Format {
        self.client
    }

    /// The provider's format.
    #[must_use]
    pub fn provider(&self) -> Format {
        self.provider
    }
}
