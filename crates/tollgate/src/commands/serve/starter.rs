//! The configuration that is written at first start, so that there is something to change rather than to invent.

use domain::KeyHash;

use crate::commands::key_entry::key_entry;

/// The text of a first `tollgate.yaml`, with one key.
pub(super) fn starter(key_name: &str, key_hash: KeyHash) -> String {
    format!("{}{}{}", BEFORE_KEYS, key_entry(key_name, key_hash), AFTER_KEYS)
}

const BEFORE_KEYS: &str = r##"# The configuration of Tollgate. It is read again whenever it changes; a version with mistakes is refused with their
# lines, and the last good one stays. `tollgate check` looks without starting.

# Keys that clients present. Only hashes stand here; `tollgate key new NAME` makes another key.
keys:
"##;

const AFTER_KEYS: &str = r##"    # The first key is the operator's own: it may also pass through to providers and send whole routes in a header.
    passthrough: true
    inline_config: true
    # What the key may name and reach; everything when left out.
    # models: ["fast", "openai/*"]
    # providers: ["openai", "anthropic"]

# Built-in providers need no entry: OPENAI_API_KEY, ANTHROPIC_API_KEY, GROQ_API_KEY… in the environment are enough.
# Add or change providers here.
# providers:
#   openai:
#     credentials: ["${env:OPENAI_API_KEY}"]
#   my-vllm:
#     base_url: http://127.0.0.1:8000/v1
#     auth: { scheme: none }
#     endpoints: { chat_completions: /chat/completions, models: /models }
#     models: ["my-model"]

# Routes are models that you define: clients ask for `model: fast`.
# routes:
#   fast:
#     strategy: { mode: fallback }
#     retry: { attempts: 2 }
#     targets:
#       - target: openai/gpt-4o-mini
#       - target: anthropic/claude-haiku-4-5

# Responses and conversations are kept in memory; in a file they outlive a restart.
# state:
#   kind: sqlite

# server:
#   listen: "127.0.0.1:8080"
#   # Administration on a port of its own.
#   control: { listen: "127.0.0.1:4100" }
"##;

#[cfg(test)]
mod tests;
