//! What several formats need of a conversation before they can write it: sides that alternate, instructions apart, results
//! that know their tool.

use std::collections::HashMap;

use super::form::{Cache, Part, Prompt, Role, Seal, Thought, Tool, ToolChoice};
use super::identifier::ChangedNames;
use crate::json::Text;

/// Fills in what follows from the rest: each tool result gets the name of the tool that was called.
pub(super) fn complete(prompt: &mut Prompt<'_>) {
    let mut names: HashMap<String, Text<'_>> = HashMap::new();
    for part in prompt.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::ToolCall(call) => {
                names.insert(call.id.plain().into_owned(), call.name.clone());
            }
            Part::ToolResult(result) if result.name.is_none() => {
                result.name = names.get(result.call.plain().as_ref()).cloned();
            }
            _ => {}
        }
    }
}

/// Gives a tool's call in an answer the name that the client knows.
pub(super) fn restore_name(part: &mut Part<'_>, names: &ChangedNames) {
    if let Part::ToolCall(call) = part {
        call.name = names.restored(call.name.clone());
    }
}

/// Makes the proof of the thinking before a call thinking of its own after the call.
pub(super) fn take_seals_from_calls(parts: &mut Vec<Part<'_>>) {
    let with_seal = std::mem::take(parts).into_iter().flat_map(|mut part| {
        let seal = match &mut part {
            Part::ToolCall(call) => call.seal.take(),
            _ => None,
        };
        let thought = |seal| Part::Thought(Thought { seal: Some(seal), ..Thought::default() });
        [Some(part), seal.map(thought)].into_iter().flatten()
    });
    *parts = with_seal.collect();
}

/// All marks of cached prompts.
pub(super) fn caches(prompt: &Prompt<'_>) -> impl Iterator<Item = Cache> {
    let of_tools = prompt.tools.iter().filter_map(|tool| match tool {
        Tool::Function { cache, .. } => *cache,
        Tool::FreeText { .. } | Tool::Hosted(_) => None,
    });
    let of_parts = prompt.turns.iter().flat_map(|turn| &turn.parts).filter_map(Part::cache);
    of_tools.chain(of_parts)
}

/// All proofs of thinking.
pub(super) fn seals<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Seal<'a>> {
    let seal = |part: &'p Part<'a>| match part {
        Part::Thought(thought) => thought.seal.as_ref(),
        Part::ToolCall(call) => call.seal.as_ref(),
        _ => None,
    };
    prompt.turns.iter().flat_map(|turn| &turn.parts).filter_map(seal)
}

/// The parts of all instructions, in their order.
pub(super) fn instructions<'p, 'a>(prompt: &'p Prompt<'a>) -> impl Iterator<Item = &'p Part<'a>> {
    prompt.turns.iter().filter(|turn| turn.role.instructs()).flat_map(|turn| &turn.parts)
}

/// One side's say, with everything that it says in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Say<'p, 'a> {
    /// Whether the model says it.
    pub(super) is_assistant: bool,
    /// What.
    pub(super) parts: Vec<&'p Part<'a>>,
}

/// The conversation without instructions, each side's turns in a row made one: Anthropic, Bedrock and Gemini want the
/// sides to alternate, and all results of one answer's calls together.
pub(super) fn dialogue<'p, 'a>(prompt: &'p Prompt<'a>) -> Vec<Say<'p, 'a>> {
    let mut says: Vec<Say<'p, 'a>> = Vec::new();
    for turn in prompt.turns.iter().filter(|turn| !turn.role.instructs()) {
        let is_assistant = turn.role == Role::Assistant;
        match says.last_mut() {
            Some(last) if last.is_assistant == is_assistant => last.parts.extend(&turn.parts),
            _ => says.push(Say { is_assistant, parts: turn.parts.iter().collect() }),
        }
    }
    says
}

/// The tools that a choice leaves over, for formats that can say `required` but not which.
pub(super) fn narrowed_tools<'p, 'a>(prompt: &'p Prompt<'a>) -> Vec<&'p Tool<'a>> {
    let is_left = |tool: &Tool<'_>| match (&prompt.tool_choice, tool.name()) {
        (Some(ToolChoice::Named(wanted)), Some(name)) => wanted.plain() == name.plain(),
        (Some(ToolChoice::Allowed { names, .. }), Some(name)) => {
            names.iter().any(|wanted| wanted.plain() == name.plain())
        }
        _ => true,
    };
    prompt.tools.iter().filter(|tool| is_left(tool)).collect()
}
