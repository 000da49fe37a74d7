//! What requests can say, as a list: what a format carries is a table of it, and what a translation loses follows from two
//! tables.

mod used;

pub(super) use used::used;

/// How a format carries something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// As it was said.
    Whole,
    /// Nearly: how it changes.
    Changed(&'static str),
    /// Not at all, though the format can say it: why. For what a client may say and no provider of the format takes back.
    Lost(&'static str),
}

/// One row of a format's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What is said.
    pub feature: Feature,
    /// The member that says it, such as `response_format.json_schema`.
    pub member: &'static str,
    /// How a request written in this format carries it.
    pub carriage: Carriage,
}

impl Entry {
    /// What the format says and carries as it is.
    pub(super) const fn whole(feature: Feature, member: &'static str) -> Self {
        Self { feature, member, carriage: Carriage::Whole }
    }

    /// What the format carries with a change.
    pub(super) const fn changed(feature: Feature, member: &'static str, how: &'static str) -> Self {
        Self { feature, member, carriage: Carriage::Changed(how) }
    }

    /// What the format's clients can say, and its providers do not take.
    pub(super) const fn lost(feature: Feature, member: &'static str, why: &'static str) -> Self {
        Self { feature, member, carriage: Carriage::Lost(why) }
    }
}

macro_rules! features {
    ($($(#[doc = $about:literal])+ $name:ident $weight:ident,)+) => {
        /// Something that a request can say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Feature {
            $($(#[doc = $about])+ $name,)+
        }

        impl Feature {
            /// All of them, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// What it is, for people.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($about),+).trim_ascii(),)+
                }
            }

            /// Whether an answer without it would answer another question, so that a request which needs it is refused
            /// where it cannot be carried.
            #[must_use]
            pub fn is_essential(self) -> bool {
                match self {
                    $(Self::$name => matches!(Weight::$weight, Weight::Essential),)+
                }
            }
        }
    };
}

enum Weight {
    Essential,
    Advisory,
}

features! {
    /// guardrails of the provider
    Guardrail Essential,
    /// instructions among the turns
    LateInstructions Advisory,
    /// names of speakers
    SpeakerName Advisory,
    /// pictures in the request
    ImageInline Essential,
    /// pictures by address
    ImageUrl Essential,
    /// uploaded pictures
    ImageUpload Essential,
    /// how closely to look at a picture
    ImageDetail Advisory,
    /// sound
    Audio Essential,
    /// films
    Video Essential,
    /// documents in the request
    DocumentInline Essential,
    /// documents by address
    DocumentUrl Essential,
    /// uploaded documents
    DocumentUpload Essential,
    /// documents of plain text
    DocumentText Essential,
    /// names of documents
    DocumentName Advisory,
    /// what is told about a document
    DocumentContext Advisory,
    /// that a document is to be cited
    DocumentCitations Advisory,
    /// citations in earlier answers
    CitationReplay Advisory,
    /// thinking in earlier answers
    ThoughtReplay Advisory,
    /// thinking in earlier answers that another format's provider has sealed
    SealReplay Advisory,
    /// refusals in earlier answers
    RefusalReplay Advisory,
    /// parts that only one format knows
    ForeignPart Essential,
    /// up to where a prompt may be cached
    CacheMark Advisory,
    /// for how long a prompt may be cached
    CacheLifetime Advisory,
    /// tools
    Tools Essential,
    /// input that follows its schema to the letter
    StrictTools Advisory,
    /// tools that take free text
    FreeTextTools Essential,
    /// tools that the provider runs
    HostedTools Essential,
    /// that no tool may be used
    ToolChoiceNone Advisory,
    /// that some tool must be used
    ToolChoiceRequired Advisory,
    /// that one tool must be used
    ToolChoiceNamed Advisory,
    /// that only some tools may be used
    ToolChoiceAllowed Advisory,
    /// a choice of tools that only one format knows
    ToolChoiceForeign Advisory,
    /// whether several tools may be used at once
    ParallelToolCalls Advisory,
    /// pictures and documents in what tools give
    ToolResultMedia Essential,
    /// that a tool failed
    ToolFailure Advisory,
    /// JSON answers
    JsonOutput Advisory,
    /// answers of a schema
    SchemaOutput Essential,
    /// spoken answers
    SpokenOutput Essential,
    /// pictures in answers
    PictureOutput Essential,
    /// several answers at once
    Choices Essential,
    /// the most tokens of an answer
    OutputLimit Advisory,
    /// temperature
    Temperature Advisory,
    /// a temperature above 1
    HotTemperature Advisory,
    /// nucleus sampling
    TopP Advisory,
    /// only the likeliest tokens
    TopK Advisory,
    /// a seed
    Seed Advisory,
    /// the penalty for tokens that occurred
    PresencePenalty Advisory,
    /// the penalty for tokens by how often they occurred
    FrequencyPenalty Advisory,
    /// a bias for or against tokens
    LogitBias Advisory,
    /// stop sequences
    Stop Advisory,
    /// more than four stop sequences
    ManyStops Advisory,
    /// probabilities of tokens
    Logprobs Advisory,
    /// how long-winded to be
    Verbosity Advisory,
    /// how much to think, roughly
    ReasoningEffort Advisory,
    /// how much to think, in tokens
    ReasoningTokens Advisory,
    /// whether thinking is shown
    ReasoningShown Advisory,
    /// how thinking is summed up
    ReasoningSummary Advisory,
    /// the application's user
    User Advisory,
    /// the hash of the application's user
    SafetyIdentifier Advisory,
    /// labels
    Metadata Advisory,
    /// the tier of service
    ServiceTier Advisory,
    /// whether the answer is kept
    Store Advisory,
    /// which requests share a prompt
    PromptCacheKey Advisory,
    /// how long a prompt is kept
    PromptCacheRetention Advisory,
}

#[cfg(test)]
mod tests {
    use super::Feature;

    #[test]
    fn every_feature_says_what_it_is() {
        for feature in Feature::ALL {
            assert!(feature.about().len() > 3 && !feature.about().ends_with('.'), "{feature:?}");
        }
        assert!(Feature::ImageUrl.is_essential() && !Feature::Seed.is_essential());
    }
}
