//! What a request takes, before it is sent: what it is thought to take, for limits; and what it takes at most, for budgets.
//!
//! A token is at least a byte of what is sent, so that the length of a body bounds its tokens. What the body only points to, and pictures and
//! sound, which are more tokens than they have bytes, are bounded by what the model can read at all.

use std::sync::Arc;

use domain::allotment::Unit;
use domain::endpoint::Task;
use domain::route::{ParameterRules, Target};
use domain::{CatalogModel, Endpoint, Money, Route};
use engine::ledger::{Asked, Bound, Tokens};
use smallvec::SmallVec;
use telemetry::cost::{Dearest, Kinds, Most, dearest};
use wire::formats::usage_of_request;
use wire::json::{ChunkedBytes, Kind};

use crate::attempt::Call;
use crate::dialect::usage_of;

/// What is thought of an answer whose length nobody bounds, for limits. Budgets go by what the model can write.
const OUTPUT_TOKENS: u64 = 500;
/// What so many percent of recent answers had at most is what is expected of the next one.
const RARELY_PERCENT: u32 = 99;
/// As few bytes are a token in texts of few languages.
const BYTES_PER_TOKEN_MIN: u64 = 2;
/// What providers add to a request that has tools: instructions of their own (Claude docs, "Tool use", "Pricing": 313 to 804 tokens).
const TOOLS_TOKENS: u64 = 1_000;
/// Most answers that Gemini gives at once (Gemini API reference, `candidateCount`).
const CANDIDATES_MAX: u64 = 8;
/// What an output limit is called in parameter rules of routes.
const LIMITS: [&str; 5] =
    ["max_tokens", "max_completion_tokens", "max_output_tokens", "generationConfig", "inferenceConfig"];
/// What a body holds that is more than its bytes say.
const ELSEWHERE: [&[u8]; 12] = [
    b"\"http",
    b"\"gs://",
    b"\"s3://",
    b"\"data:",
    b"base64",
    b"nlineData",
    b"nline_data",
    b"file_id",
    b"fileUri",
    b"file_uri",
    b"\"bytes\"",
    b"web_search",
];
/// What a body holds that asks its provider for another tier.
const TIERS: [&[u8]; 3] = [b"\"service_tier\"", b"\"speed\"", b"\"serviceTier\""];

/// A request, measured for each target that it may go to.
#[derive(Debug)]
pub(super) struct Measured {
    thought: Tokens,
    targets: SmallVec<[OfTarget; 2]>,
}

/// What it takes at one target.
#[derive(Debug)]
struct OfTarget {
    /// Tokens of input at most.
    input: Option<u64>,
    /// Tokens of one answer at most.
    output: Option<u64>,
    answers: u64,
    /// Tokens of input, and of one answer, that requests like it rarely exceed; none while that is not known.
    rarely: Option<(u64, u64)>,
    /// What it uses besides tokens, and which prices may hold.
    besides: Most,
    known: Option<Arc<CatalogModel>>,
    /// Whether its answer can be bounded.
    is_clampable: bool,
    /// Whether nobody charges for it.
    is_free: bool,
    unix_seconds: i64,
}

impl Measured {
    /// A request on its way to the targets of a route.
    pub(super) fn of(call: &Call, route: &Route) -> Self {
        let body = Contents::of(call);
        let mut targets = SmallVec::new();
        route.root.for_each_target(&mut |target| targets.push(OfTarget::of(call, target, &body)));
        Self { thought: thought(call, body.answers), targets }
    }

    /// What it is thought to take, alone.
    pub(super) fn thought(call: &Call) -> Self {
        Self { thought: thought(call, answers(call)), targets: SmallVec::new() }
    }

    /// What it asks for, where its answers are bounded to so many tokens.
    pub(super) fn asked(&self, clamp: Option<u64>) -> Asked {
        let bounds = self.targets.iter().map(|target| target.bound(clamp));
        let most = bounds.reduce(larger).unwrap_or_default();
        let expected = self.targets.iter().map(OfTarget::expected).collect::<Option<SmallVec<[Bound; 2]>>>();
        let expected = expected.and_then(|expected| expected.into_iter().reduce(larger));
        Asked { thought: self.thought, most, expected }
    }

    /// The longest answers that so much of a budget pays at every target, in tokens; none where it pays not even the question, and where
    /// they cannot be bounded.
    pub(super) fn affordable(&self, left: i128, unit: Unit) -> Option<u64> {
        let each = self.targets.iter().map(|target| target.affordable(left, unit));
        each.collect::<Option<SmallVec<[u64; 2]>>>()?.into_iter().min()
    }
}

/// What is in the body, as far as it matters, whatever the target.
struct Contents {
    bytes: u64,
    answers: u64,
    /// What it uses besides tokens, and which prices may hold.
    besides: Most,
    is_elsewhere: bool,
    has_tools: bool,
    /// Whether its answers have a length of their own within, which a bound must not fall below.
    thinks: bool,
}

impl Contents {
    fn of(call: &Call) -> Self {
        let body = call.form.as_ref().map_or(call.document.body(), |sent| sent.form.body());
        let holds = |marks: &[&[u8]]| marks.iter().any(|mark| body.contains(mark));
        let is_media = !matches!(call.endpoint.task(), Task::Generation | Task::Embedding | Task::Rerank);
        let kinds = Kinds {
            audio: is_media || holds(&[b"audio"]),
            images: is_media || holds(&[b"image", b"nline"]),
            cache_writes: holds(&[b"cache"]),
            other_tiers: holds(&TIERS),
        };
        let (bytes, answers) = (length(body), answers(call));
        Self {
            bytes,
            answers,
            besides: besides(call, kinds, bytes, answers),
            is_elsewhere: holds(&ELSEWHERE) || call.facts.previous_response_id.is_some(),
            has_tools: holds(&[b"\"tools\"", b"toolConfig"]),
            thinks: holds(&[b"budget_tokens", b"thinkingBudget"]),
        }
    }
}

fn length(body: &ChunkedBytes) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

impl OfTarget {
    fn of(call: &Call, target: &Target, body: &Contents) -> Self {
        let known = call.pinned.models.find(&target.provider.name, call.model_at(target));
        let context = known.as_ref().and_then(|known| known.context_tokens);
        let added = added_bytes(&target.parameters) + if body.has_tools { TOOLS_TOKENS } else { 0 };
        let by_length = body.bytes.saturating_add(added);
        let input = match (body.is_elsewhere, context) {
            (true, context) => context,
            (false, Some(context)) => Some(by_length.min(context)),
            (false, None) => Some(by_length),
        };
        let is_ruled = rules_output(&target.parameters);
        let longest = || known.as_ref().and_then(|known| known.output_tokens.or(known.context_tokens));
        let output = match call.facts.max_output_tokens {
            _ if !generates(call.endpoint) => output_without_text(call.endpoint, &known),
            Some(limit) if !is_ruled => Some(limit),
            _ => longest(),
        };
        let length = call.origin.gateway.health.length(target, call.model_at(target), RARELY_PERCENT);
        Self {
            input: input.filter(|_| has_bounded_input(call.endpoint)),
            output,
            answers: body.answers,
            rarely: length.map(|output| (by_length / BYTES_PER_TOKEN_MIN, output)),
            besides: body.besides,
            is_clampable: generates(call.endpoint) && !is_ruled && !body.thinks,
            is_free: !crate::charge::is_charged(call.endpoint),
            known,
            unix_seconds: call.origin.gateway.wall_clock().as_second(),
        }
    }

    fn bound(&self, clamp: Option<u64>) -> Bound {
        if self.is_free {
            return Bound { tokens: Some(Tokens::default()), money: Some(Money::ZERO) };
        }
        let output = match (self.output, clamp) {
            (Some(output), Some(clamp)) => Some(output.min(clamp)),
            (output, clamp) => output.or(clamp),
        };
        let tokens = self
            .input
            .zip(output)
            .map(|(input, output)| Tokens { input, output: output.saturating_mul(self.answers) });
        Bound { tokens, money: tokens.and_then(|tokens| Some(self.dearest(tokens)?.total)) }
    }

    /// What requests like it rarely exceed, and never more than it can take.
    fn expected(&self) -> Option<Bound> {
        let most = self.bound(None);
        let (input, output) = self.rarely?;
        let bounded = most.tokens?;
        let tokens = Tokens {
            input: input.min(bounded.input),
            output: output.saturating_mul(self.answers).min(bounded.output),
        };
        Some(Bound { tokens: Some(tokens), money: Some(self.dearest(tokens)?.total) })
    }

    fn affordable(&self, left: i128, unit: Unit) -> Option<u64> {
        let input = self.input.filter(|_| self.is_clampable)?;
        let for_output = match unit {
            Unit::Money => {
                let question = self.dearest(Tokens { input, output: 1 })?;
                let free = left.checked_sub(question.total.pico_usd())?;
                match question.output.pico_usd() {
                    0 => i128::from(u64::MAX),
                    price => free.checked_mul(1_000_000)?.div_euclid(price),
                }
            }
            Unit::Tokens => left.checked_sub(input.into())?,
            Unit::OutputTokens => left,
            Unit::InputTokens => return None,
        };
        let each = for_output.div_euclid(self.answers.max(1).into());
        u64::try_from(each).ok().filter(|tokens| *tokens > 0)
    }

    fn dearest(&self, tokens: Tokens) -> Option<Dearest> {
        let most = Most { input_tokens: tokens.input, output_tokens: tokens.output, ..self.besides };
        dearest(&most, &self.known.as_ref()?.prices, self.unix_seconds).ok()
    }
}

/// Whether its answers are text whose length its client, or a budget, can bound.
fn generates(endpoint: Endpoint) -> bool {
    endpoint.task() == Task::Generation || endpoint == Endpoint::Completions
}

/// What the answers have that are no text: vectors, orders and transcripts have none, pictures and speech as many as the model can make.
fn output_without_text(endpoint: Endpoint, known: &Option<Arc<CatalogModel>>) -> Option<u64> {
    match endpoint.task() {
        Task::Images | Task::Speech => known.as_ref().and_then(|known| known.output_tokens),
        _ => Some(0),
    }
}

/// Whether what is sent says how much is read: a session goes on, and of sound nobody knows how long it is before it was heard.
fn has_bounded_input(endpoint: Endpoint) -> bool {
    !matches!(endpoint, Endpoint::Realtime | Endpoint::AudioTranslations | Endpoint::ImageVariations)
        && endpoint.task() != Task::Transcription
}

fn answers(call: &Call) -> u64 {
    let body = call.document.body();
    if body.contains(b"candidateCount") || body.contains(b"candidate_count") {
        return CANDIDATES_MAX;
    }
    let choices = call.facts.choices.unwrap_or(1).max(1);
    match call.document.member("prompt") {
        // Each text of a list has answers of its own, and is no shorter than three bytes.
        Ok(Some(prompts)) if call.endpoint == Endpoint::Completions && prompts.kind() == Kind::Array => {
            choices.saturating_mul(u64::try_from(prompts.raw().len() / 3).unwrap_or(u64::MAX).max(1))
        }
        _ => choices,
    }
}

/// What it is thought to take, where each of so many answers is as long as it may be.
fn thought(call: &Call, answers: u64) -> Tokens {
    let most = call.facts.max_output_tokens.unwrap_or(OUTPUT_TOKENS);
    let output = if generates(call.endpoint) { most.saturating_mul(answers) } else { 0 };
    Tokens { input: call.estimated_tokens(), output }
}

fn besides(call: &Call, kinds: Kinds, bytes: u64, answers: u64) -> Most {
    let said = usage_of(&usage_of_request(call.facts.kind, &call.document));
    let images = if call.endpoint.task() == Task::Images { answers } else { 0 };
    // A unit of search is a hundred documents (Cohere docs, "Pricing"), each of which has three bytes at least.
    let searches = if call.endpoint.task() == Task::Rerank { 1 + bytes / 300 } else { 0 };
    Most { images, characters: said.characters.unwrap_or_default(), searches, kinds, ..Most::default() }
}

/// Whether a route's rules decide how long answers are.
fn rules_output(rules: &ParameterRules) -> bool {
    let set = rules.defaults.iter().chain(&rules.overrides).map(|(member, _)| member.as_str());
    set.chain(rules.drops.iter().map(String::as_str))
        .any(|member| LIMITS.iter().any(|limit| member.starts_with(limit)))
}

/// What a route's rules add to a body at most.
fn added_bytes(rules: &ParameterRules) -> u64 {
    let added = rules.defaults.iter().chain(&rules.overrides).map(|(member, raw)| member.len() + raw.len());
    u64::try_from(added.sum::<usize>()).unwrap_or(u64::MAX)
}

/// What is enough for both.
fn larger(one: Bound, other: Bound) -> Bound {
    let tokens = one.tokens.zip(other.tokens).map(|(one, other)| Tokens {
        input: one.input.max(other.input),
        output: one.output.max(other.output),
    });
    Bound { tokens, money: one.money.zip(other.money).map(|(one, other)| one.max(other)) }
}
