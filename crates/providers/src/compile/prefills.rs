//! Which models go on with a text, and how they are asked to.

use std::collections::BTreeMap;

use domain::provider::Prefill;
use domain::{Endpoint, Pattern};
use serde_json::Value;

use crate::definition::{PrefillEntry, Prefills};

/// The operations that have such models.
pub(super) fn compile(entries: &Prefills) -> Vec<Prefill> {
    let Prefills { chat_completions, responses, messages, generate_content, converse, cohere_chat } = entries;
    let all = [
        (Endpoint::ChatCompletions, chat_completions),
        (Endpoint::Responses, responses),
        (Endpoint::Messages, messages),
        (Endpoint::GenerateContent, generate_content),
        (Endpoint::Converse, converse),
        (Endpoint::CohereChat, cohere_chat),
    ];
    all.into_iter().filter_map(|(endpoint, entry)| Some(prefill(endpoint, entry.as_ref()?))).collect()
}

fn prefill(endpoint: Endpoint, entry: &PrefillEntry) -> Prefill {
    let models = match &entry.models {
        Some(models) => models.iter().map(|model| Pattern::from(model.as_str())).collect(),
        None => vec![Pattern::any()],
    };
    let repeats = entry.repeats.unwrap_or(false);
    Prefill { endpoint, models, turn: members(&entry.turn), request: members(&entry.request), repeats }
}

fn members(members: &BTreeMap<String, Value>) -> Vec<(String, Vec<u8>)> {
    members.iter().map(|(member, value)| (member.clone(), value.to_string().into_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_goes_on_where_its_entry_says_so() {
        let text = "[messages]\nmodels = [\"claude-3-*\"]\n\n[chat_completions]\nrepeats = true\nturn = { prefix = true }\n";
        let compiled = compile(&toml::from_str(text).unwrap());
        let [chat, messages] = &compiled[..] else { panic!("two entries") };
        assert_eq!((chat.endpoint, chat.repeats), (Endpoint::ChatCompletions, true));
        assert_eq!(chat.turn, [("prefix".to_owned(), b"true".to_vec())]);
        assert!(chat.models[0].matches("anything"));
        assert!(
            messages.models[0].matches("claude-3-opus") && !messages.models[0].matches("claude-opus-4-6")
        );
    }
}
