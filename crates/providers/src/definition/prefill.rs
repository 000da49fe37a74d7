//! Which models of a provider go on with a text that they are given.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Which models go on with a text that they are given as their own last turn, by the operation that is asked. With `resume: true` in a
/// route they take over a stream that broke off. An operation that is left out has none.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Prefills {
    /// Of chat completions.
    pub chat_completions: Option<PrefillEntry>,
    /// Of OpenAI's Responses.
    pub responses: Option<PrefillEntry>,
    /// Of Anthropic's messages.
    pub messages: Option<PrefillEntry>,
    /// Of Gemini.
    pub generate_content: Option<PrefillEntry>,
    /// Of Bedrock Converse.
    pub converse: Option<PrefillEntry>,
    /// Of Cohere's chat.
    pub cohere_chat: Option<PrefillEntry>,
}

/// How models are asked to go on with a text.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PrefillEntry {
    /// The models that do it, names or patterns with `*`; all when left out.
    pub models: Option<Vec<String>>,
    /// Members of the last turn that say that it is to be gone on with: `prefix: true`.
    pub turn: BTreeMap<String, Value>,
    /// Members of the request that say so: `continue_final_message: true`.
    pub request: BTreeMap<String, Value>,
    /// Whether the answer begins with the given text; then that is not told twice. `false` when left out.
    pub repeats: Option<bool>,
}

impl Prefills {
    pub(super) fn merge(self, over: Self) -> Self {
        Self {
            chat_completions: over.chat_completions.or(self.chat_completions),
            responses: over.responses.or(self.responses),
            messages: over.messages.or(self.messages),
            generate_content: over.generate_content.or(self.generate_content),
            converse: over.converse.or(self.converse),
            cohere_chat: over.cohere_chat.or(self.cohere_chat),
        }
    }
}
