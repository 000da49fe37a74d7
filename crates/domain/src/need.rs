//! What requests need models to be able to do, in words that the reading of requests and the catalogue share.

/// An ability that a request needs of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Calling functions.
    Tools,
    /// Answering in a JSON schema.
    Schema,
    /// Seeing pictures.
    Vision,
    /// Hearing.
    Hearing,
    /// Watching.
    Video,
    /// Reading documents that come as files.
    Documents,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Tools, Self::Schema, Self::Vision, Self::Hearing, Self::Video, Self::Documents];

    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Schema => "schema",
            Self::Vision => "vision",
            Self::Hearing => "hearing",
            Self::Video => "video",
            Self::Documents => "documents",
        }
    }

    /// What a model without it does not do, to go after "does not".
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Tools => "call tools",
            Self::Schema => "answer in a JSON schema",
            Self::Vision => "see images",
            Self::Hearing => "hear audio",
            Self::Video => "watch videos",
            Self::Documents => "read files",
        }
    }
}
