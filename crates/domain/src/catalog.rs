//! What is known of a model: what it takes and gives, how much of it, and what it costs.

use std::collections::BTreeSet;

use crate::name::{ModelName, ProviderName};
use crate::price::ModelPrices;

/// A model at a provider. The same weights at another provider are another model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogModel {
    /// Who serves it.
    pub provider: ProviderName,
    /// Its name there.
    pub name: ModelName,
    /// Other names of it there, and patterns with `*` for them.
    pub aliases: Vec<String>,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is for.
    pub kind: ModelKind,
    /// Most tokens of prompt and answer together, or of the prompt where the provider counts so.
    pub context_tokens: Option<u64>,
    /// Most tokens of an answer.
    pub output_tokens: Option<u64>,
    /// What a prompt may hold; empty when that is not known.
    pub input: BTreeSet<Modality>,
    /// What an answer may hold; empty when that is not known.
    pub output: BTreeSet<Modality>,
    /// What it can do; `None` when that is not known.
    pub capabilities: Option<BTreeSet<Capability>>,
    /// Whether its provider gives it up.
    pub deprecation: Option<Deprecation>,
    /// What it costs; empty when that is not known.
    pub prices: ModelPrices,
    /// The page that its prices were published on.
    pub source: Option<String>,
}

impl CatalogModel {
    /// A model of which nothing is known but its name.
    #[must_use]
    pub fn named(provider: ProviderName, name: ModelName) -> Self {
        Self {
            provider,
            name,
            aliases: Vec::new(),
            title: None,
            kind: ModelKind::Chat,
            context_tokens: None,
            output_tokens: None,
            input: BTreeSet::new(),
            output: BTreeSet::new(),
            capabilities: None,
            deprecation: None,
            prices: ModelPrices::default(),
            source: None,
        }
    }
}

/// When a provider gives a model up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deprecation {
    /// At a date that it did not say, or that is not known.
    Undated,
    /// On this day, as `2026-10-23`.
    On(String),
}

/// Words that the catalogue and the command line share.
macro_rules! words {
    ($(#[$doc:meta])* $kind:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {
            $($(#[$word_doc])* $word,)*
        }

        impl $kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];

            /// The word.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }

            /// What the word means.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

words! {
    /// What a model is for.
    ModelKind {
        /// Conversation, and anything else that is asked in words.
        Chat = "chat",
        /// Continuing a text.
        Completion = "completion",
        /// Vectors of texts or images.
        Embedding = "embedding",
        /// Ordering documents by a question.
        Rerank = "rerank",
        /// Judging whether a text may pass.
        Moderation = "moderation",
        /// Making images.
        Image = "image",
        /// Making videos.
        Video = "video",
        /// From speech to text.
        Transcription = "transcription",
        /// From text to speech.
        Speech = "speech",
        /// Speaking both ways over one connection.
        Realtime = "realtime",
        /// Reading documents.
        Ocr = "ocr",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What prompts and answers are made of.
    Modality {
        /// Words.
        Text = "text",
        /// Pictures.
        Image = "image",
        /// Sound.
        Audio = "audio",
        /// Moving pictures.
        Video = "video",
        /// Documents as files.
        Pdf = "pdf",
    }
}

words! {
    /// What a model can do beyond taking and giving its modalities.
    Capability {
        /// It calls functions.
        Tools = "tools",
        /// It answers in the form of a JSON schema.
        JsonSchema = "json_schema",
        /// It thinks before it answers.
        Reasoning = "reasoning",
        /// Its provider keeps prompts to charge less for them.
        PromptCaching = "prompt_caching",
        /// Its answers can be streamed.
        Streaming = "streaming",
        /// It searches the web itself.
        WebSearch = "web_search",
        /// It operates a computer.
        ComputerUse = "computer_use",
    }
}

#[cfg(test)]
mod tests {
    use super::{Capability, Modality, ModelKind};

    #[test]
    fn every_word_is_found_and_no_other() {
        assert!(ModelKind::ALL.iter().all(|word| ModelKind::from_name(word.name()) == Some(*word)));
        assert!(Modality::ALL.iter().all(|word| Modality::from_name(word.name()) == Some(*word)));
        assert!(Capability::ALL.iter().all(|word| Capability::from_name(word.name()) == Some(*word)));
        assert_eq!(Capability::from_name("Tools"), None);
    }
}
