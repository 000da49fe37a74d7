//! What a translation loses: from what the request says and what the provider's format carries.

use std::borrow::Cow;

use super::codec::Objection;
use super::feature::{Carriage, Feature, used};
use super::form::{Foreign, Part, Prompt, Tool};
use super::{Format, Strictness, Target};

/// Something of a request that does not reach the provider as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The client's member, such as `seed`.
    pub member: Cow<'static, str>,
    /// What happens to it.
    pub what: Cow<'static, str>,
}

/// What of a prompt, read from a request of `client`, a request in the format `provider` for `target` does not carry.
///
/// # Errors
/// When an answer without it would answer another question, or when nothing may be lost.
pub fn losses(
    prompt: &Prompt<'_>,
    (client, provider): (Format, Format),
    target: &Target<'_>,
    strictness: Strictness,
) -> Result<Vec<Loss>, Objection> {
    let mut losses = Vec::new();
    for feature in used(prompt, provider) {
        let Some(what) = loss(feature, provider) else { continue };
        if provider.codec().keeps(feature, prompt, target) {
            continue;
        }
        let member = member_of(feature, client);
        if feature.is_essential() && !is_change(feature, provider) {
            let kind = foreign_kind(feature, prompt, provider).map(|kind| format!(": `{kind}`"));
            let message = format!(
                "{} (`{member}`{}) cannot be sent to a provider that speaks {}; remove it, or name a model of another provider",
                feature.about(),
                kind.unwrap_or_default(),
                provider.title(),
            );
            return Err(Objection::new(member, message));
        }
        losses.push(Loss { member: Cow::Borrowed(member), what: Cow::Borrowed(what) });
    }
    // Two features of one member are told once.
    losses.dedup();
    let unknown = prompt.unknown.iter().filter(|unknown| unknown.format != provider);
    losses.extend(unknown.map(|unknown| Loss {
        member: Cow::Owned(unknown.path.clone()),
        what: Cow::Borrowed("it is left out"),
    }));
    match losses.first() {
        Some(first) if strictness == Strictness::Strict => Err(refused(first, provider)),
        _ => Ok(losses),
    }
}

/// What happens to a feature in a format; nothing when it is carried whole.
pub(super) fn loss(feature: Feature, provider: Format) -> Option<&'static str> {
    let entry = provider.codec().features().iter().find(|entry| entry.feature == feature);
    match entry.map(|entry| entry.carriage) {
        Some(Carriage::Whole) => None,
        Some(Carriage::Changed(how)) => Some(how),
        Some(Carriage::Lost(why)) => Some(why),
        None => Some("it is left out"),
    }
}

fn is_change(feature: Feature, provider: Format) -> bool {
    let entries = provider.codec().features();
    entries.iter().any(|entry| entry.feature == feature && matches!(entry.carriage, Carriage::Changed(_)))
}

/// What it is that only another format knows.
fn foreign_kind(feature: Feature, prompt: &Prompt<'_>, provider: Format) -> Option<String> {
    let kind =
        |foreign: &Foreign<'_>| (foreign.format != provider).then(|| foreign.kind.plain().into_owned());
    let of_part = |part: &Part<'_>| match part {
        Part::Foreign(foreign) => kind(foreign),
        Part::ToolResult(result) => result.parts.iter().find_map(|part| match part {
            Part::Foreign(foreign) => kind(foreign),
            _ => None,
        }),
        _ => None,
    };
    match feature {
        Feature::ForeignPart => prompt.turns.iter().flat_map(|turn| &turn.parts).find_map(of_part),
        Feature::HostedTools => prompt.tools.iter().find_map(|tool| match tool {
            Tool::Hosted(foreign) => kind(foreign),
            _ => None,
        }),
        _ => None,
    }
}

/// The client's own name for a feature.
fn member_of(feature: Feature, client: Format) -> &'static str {
    let entry = client.codec().features().iter().find(|entry| entry.feature == feature);
    entry.map_or(feature.about(), |entry| entry.member)
}

fn refused(loss: &Loss, provider: Format) -> Objection {
    let message = format!(
        "`{}` would not reach a provider that speaks {} as it was said ({}), and the route is strict",
        loss.member,
        provider.title(),
        loss.what,
    );
    Objection::new(loss.member.clone(), message)
}
