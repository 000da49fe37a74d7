//! The form that every format is read into and written from: a conversation, what the model may do about it, and what it
//! answers, whole or step by step.
//!
//! It holds what at least two formats can say. Texts, numbers and schemas are borrowed from the body they were read from
//! and copied as they stood. What only one format can say stays beside it as [`Foreign`] parts and unknown members, to be
//! told as lost or, in a request for the same vendor, passed on.

mod answer;
mod part;
mod request;
mod step;
mod tool;

pub use answer::{Answer, Choice, Stop, TokenChance};
pub use part::{
    Cache, Citation, Document, Foreign, Media, Part, Seal, Source, Thought, ToolCall, ToolResult,
};
pub use request::{
    Attribution, Effort, OutputFormat, Prompt, Reasoning, Role, Sampling, SpokenOutput, Turn, Unknown,
};
pub use step::{Delta, Opening, Place, Step};
pub use tool::{Grammar, Tool, ToolChoice};
