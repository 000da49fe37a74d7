//! What a request needs a model to be able to do.

use super::Format;
use super::feature::{Feature, used};
use super::form::Prompt;

/// Abilities of models that requests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Using tools.
    pub tools: bool,
    /// Seeing pictures.
    pub vision: bool,
    /// Hearing.
    pub audio: bool,
    /// Watching.
    pub video: bool,
    /// Reading documents.
    pub documents: bool,
    /// Answering in a schema.
    pub schema: bool,
}

/// What a prompt needs.
#[must_use]
pub fn needs(prompt: &Prompt<'_>, format: Format) -> Needs {
    let used = used(prompt, format);
    let any = |features: &[Feature]| features.iter().any(|feature| used.contains(feature));
    Needs {
        tools: any(&[Feature::Tools, Feature::FreeTextTools]),
        vision: any(&[Feature::ImageInline, Feature::ImageUrl, Feature::ImageUpload]),
        audio: any(&[Feature::Audio]),
        video: any(&[Feature::Video]),
        documents: any(&[Feature::DocumentInline, Feature::DocumentUrl, Feature::DocumentUpload]),
        schema: any(&[Feature::SchemaOutput]),
    }
}
