//! The response object: what stands around the output. It repeats much of its request, so what the request did not say is
//! given as OpenAI's API reference gives it by default.

use super::stop::Outcome;
use crate::convert::client::ClientContext;
use crate::formats::Usage;
use crate::json::{ArrayWriter, Document, Kind, ObjectWriter, Value, array, object};

/// The members of a request that a response repeats, with what they are when the request does not say. The two penalties are
/// no members of a request; Open Responses ("ResponseResource") demands them of every response.
const ECHOED: [(&str, &str); 24] = [
    ("background", "false"),
    ("conversation", "null"),
    ("frequency_penalty", "0.0"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("presence_penalty", "0.0"),
    ("previous_response_id", "null"),
    ("prompt", "null"),
    ("prompt_cache_key", "null"),
    ("prompt_cache_retention", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("safety_identifier", "null"),
    ("store", "true"),
    ("temperature", "1.0"),
    ("text", r#"{"format":{"type":"text"},"verbosity":"medium"}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_logprobs", "0"),
    ("top_p", "1.0"),
    ("truncation", r#""disabled""#),
    ("user", "null"),
];
/// The members of a response that only its end decides.
const OF_THE_END: [&str; 6] = ["status", "error", "incomplete_details", "output", "usage", "service_tier"];
/// Members of a function that it has in a response even where the request leaves them out.
const OF_FUNCTION: [&str; 3] = ["description", "parameters", "strict"];
/// The tiers that a response may name.
const TIERS: [&str; 7] = ["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"];

/// What a response says beside its output and its request.
pub(super) struct Facts<'f> {
    pub(super) client: &'f ClientContext,
    /// The model that answers, where the provider names it.
    pub(super) model: Option<&'f str>,
    pub(super) service_tier: Option<&'f str>,
    pub(super) outcome: Outcome<'f>,
    /// None as long as nothing was answered.
    pub(super) usage: Option<&'f Usage>,
}

/// The members of a request that its responses repeat, as JSON, by name.
pub(super) fn echo(request: &Value<'_>) -> Vec<(String, String)> {
    repeated_members(|name| Some(repeated(name, request.present(name)?)))
}

/// The same of a request that was only scanned. Its input, the largest part of it, is not looked at.
pub(super) fn echo_scanned(request: &Document) -> Vec<(String, String)> {
    repeated_members(|name| {
        let raw = request.member(name).ok()??.raw_bytes();
        let value = Value::parse(&raw).ok().filter(|value| value.kind() != Kind::Null)?;
        Some(repeated(name, &value))
    })
}

fn repeated_members(member: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let names = ECHOED.iter().map(|(name, _)| *name).chain(["service_tier"]);
    names.filter_map(|name| Some((name.to_owned(), member(name)?))).collect()
}

/// A member as a response repeats it.
fn repeated(name: &str, value: &Value<'_>) -> String {
    let mut out = Vec::new();
    match (name, value.kind()) {
        ("tools", Kind::Array) => {
            array(&mut out, |tools| value.elements().iter().for_each(|tool| write_tool(tools, tool)))
        }
        ("conversation", Kind::String) => {
            object(&mut out, |conversation| conversation.raw("id", value.raw()))
        }
        ("text", Kind::Object) if value.present("format").is_none() => object(&mut out, |text| {
            text.raw("format", r#"{"type":"text"}"#);
            value.members().iter().for_each(|(key, member)| text.named(key, member.raw()));
        }),
        _ => return value.raw().to_owned(),
    }
    String::from_utf8(out).unwrap_or_default()
}

fn write_tool(tools: &mut ArrayWriter<'_>, tool: &Value<'_>) {
    if tool.get("type").and_then(Value::as_str).as_deref() != Some("function") {
        return tools.raw(tool.raw());
    }
    tools.object(|function| {
        tool.members().iter().for_each(|(key, member)| function.named(key, member.raw()));
        OF_FUNCTION.iter().filter(|key| tool.get(key).is_none()).for_each(|key| function.null(key));
    });
}

/// The id of the response that a client gets; it never is the provider's, because the gateway may keep it.
pub(super) fn id(client: &ClientContext) -> String {
    format!("resp_{}", client.token)
}

/// Writes a response.
pub(super) fn write(
    response: &mut ObjectWriter<'_>,
    facts: &Facts<'_>,
    output: impl FnOnce(&mut ArrayWriter<'_>),
) {
    let Facts { client, model, outcome, .. } = facts;
    response.str("id", &id(client));
    response.str("object", "response");
    response.number("created_at", client.created);
    response.str("status", outcome.status);
    response.null("completed_at");
    write_reasons(response, *outcome);
    response.str("model", model.unwrap_or(client.model.as_str()));
    response.array("output", output);
    write_used(response, facts.usage);
    write_echo(response, client);
    write_tier(response, facts);
}

/// Writes a response that another has begun: as the client was told of it, but for what only its end says.
pub(super) fn write_begun(
    response: &mut ObjectWriter<'_>,
    begun: &Value<'_>,
    facts: &Facts<'_>,
    output: impl FnOnce(&mut ArrayWriter<'_>),
) {
    repeat(response, begun, &OF_THE_END);
    response.str("status", facts.outcome.status);
    write_reasons(response, facts.outcome);
    response.array("output", output);
    write_used(response, facts.usage);
    match given_tier(facts) {
        Some(tier) => response.str("service_tier", tier),
        None => response.raw_if("service_tier", begun.get("service_tier").map(Value::raw)),
    }
}

fn write_reasons(response: &mut ObjectWriter<'_>, outcome: Outcome<'_>) {
    match outcome.error {
        Some((code, message)) => response.object("error", |error| {
            error.str("code", code);
            error.str("message", message);
        }),
        None => response.null("error"),
    }
    match outcome.incomplete {
        Some(reason) => response.object("incomplete_details", |details| details.str("reason", reason)),
        None => response.null("incomplete_details"),
    }
}

fn write_used(response: &mut ObjectWriter<'_>, usage: Option<&Usage>) {
    match usage {
        Some(usage) => response.object("usage", |object| write_usage(object, usage)),
        None => response.null("usage"),
    }
}

/// Writes the members of an object as they stand, but for some.
pub(super) fn repeat(object: &mut ObjectWriter<'_>, told: &Value<'_>, but: &[&str]) {
    let others = told.members().iter().filter(|(name, _)| !but.contains(&&**name));
    others.for_each(|(name, member)| object.named(name, member.raw()));
}

fn write_echo(response: &mut ObjectWriter<'_>, client: &ClientContext) {
    for (name, usual) in ECHOED {
        let said = client.echoed.iter().find(|(known, _)| known == name);
        response.raw(name, said.map_or(usual, |(_, json)| json.as_str()));
    }
}

/// The tier that was given, else the one that was asked for.
fn write_tier(response: &mut ObjectWriter<'_>, facts: &Facts<'_>) {
    if let Some(tier) = given_tier(facts) {
        return response.str("service_tier", tier);
    }
    let asked = facts.client.echoed.iter().find(|(name, _)| name == "service_tier");
    response.raw("service_tier", asked.map_or(r#""default""#, |(_, json)| json.as_str()));
}

/// The tier that was given, in this format's words: Anthropic's `standard` is OpenAI's `default`.
fn given_tier<'f>(facts: &Facts<'f>) -> Option<&'f str> {
    let given = facts.service_tier.map(|tier| if tier == "standard" { "default" } else { tier });
    given.filter(|tier| TIERS.contains(tier))
}

/// Writes the members of `usage`. What a provider did not report is 0, as clients need numbers.
fn write_usage(object: &mut ObjectWriter<'_>, usage: &Usage) {
    let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
    object.number("input_tokens", input);
    object.object("input_tokens_details", |details| {
        details.number("cached_tokens", usage.cached_input_tokens.unwrap_or(0));
        details.number("cache_write_tokens", usage.cache_write_tokens.unwrap_or(0));
        if let Some(long) = usage.cache_write_12h_tokens {
            details.object("cache_write_tokens_details", |details| {
                let written = usage.cache_write_tokens.unwrap_or(long);
                details.number("ttl_12h_tokens", long);
                details.number("ttl_30m_tokens", written.saturating_sub(long));
            });
        }
        details.number_if("audio_tokens", usage.input_audio_tokens);
    });
    object.number("output_tokens", output);
    object.object("output_tokens_details", |details| {
        details.number("reasoning_tokens", usage.reasoning_tokens.unwrap_or(0));
        details.number_if("audio_tokens", usage.output_audio_tokens);
    });
    object.number("total_tokens", input.saturating_add(output));
}

/// Whether the client asked for a summary of the thinking.
pub(super) fn asks_for_summary(client: &ClientContext) -> bool {
    let Some((_, reasoning)) = client.echoed.iter().find(|(name, _)| name == "reasoning") else {
        return false;
    };
    let Ok(reasoning) = Value::parse(reasoning.as_bytes()) else { return false };
    ["summary", "generate_summary"].iter().any(|key| reasoning.present(key).is_some())
}
