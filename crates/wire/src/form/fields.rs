//! The fields of a form as the members of a JSON object, so that what is asked is read by the same code whether it came
//! as JSON or as a form.

use bytes::Bytes;

use super::{Form, Part};
use crate::json::{Document, ScanError, ScanLimits, object};

/// Largest text that is read as a field. Prompts are far smaller; what is larger is content in all but name.
const FIELD_BYTES_MAX: usize = 1 << 20;

/// Fields that decide what is done, so that they must be there once, as text.
const GOVERNED: [&str; 5] = ["model", "stream", "stream_format", "response_format", "n"];

/// A field that decides what is done and does not say it with certainty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It occurs more than once.
    #[error("the field `{0}` occurs more than once")]
    Duplicate(&'static str),
    /// It is a file, not UTF-8, or too large.
    #[error("the field `{0}` must be a text")]
    NotText(&'static str),
    /// The fields do not scan as an object, so they were read from other bytes.
    #[error("the fields do not match the form: {0}")]
    Mismatch(#[from] ScanError),
}

impl FieldError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Duplicate(field) | Self::NotText(field) => Some(field),
            Self::Mismatch(_) => None,
        }
    }
}

impl Form {
    /// The fields that are text as an object of strings, in their order; `stream` and `n` as the truth value and the number
    /// that their text stands for. Files are left out.
    ///
    /// # Errors
    /// When a field that decides what is done occurs twice or is no text.
    pub fn fields(&self) -> Result<Document, FieldError> {
        for field in GOVERNED {
            let mut parts = self.parts().iter().filter(|part| part.name == field);
            let Some(part) = parts.next() else { continue };
            if parts.next().is_some() {
                return Err(FieldError::Duplicate(field));
            }
            self.with_text(part, |_| ()).ok_or(FieldError::NotText(field))?;
        }
        let mut json = Vec::new();
        object(&mut json, |fields| {
            for part in self.parts() {
                self.with_text(part, |text| match literal(&part.name, text) {
                    Some(literal) => fields.named(&part.name, literal),
                    None => fields.named(&part.name, &serde_json::Value::from(text).to_string()),
                });
            }
        });
        let limits = ScanLimits { depth_max: 2, members_max: self.parts().len() };
        Ok(Document::parse(Bytes::from(json), limits)?)
    }

    /// Hands over the text of a part, where it is one.
    fn with_text<T>(&self, part: &Part, read: impl FnOnce(&str) -> T) -> Option<T> {
        if part.is_file() || part.value.len() > FIELD_BYTES_MAX {
            return None;
        }
        let value = self.value(part);
        std::str::from_utf8(&value).ok().map(read)
    }
}

/// What the text of a field stands for in JSON, where that is no string. Libraries write truth values in their own
/// language's way.
fn literal<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    match (name, text) {
        ("stream", "true" | "True" | "1") => Some("true"),
        ("stream", "false" | "False" | "0" | "") => Some("false"),
        ("n", number) if number.parse::<u64>().is_ok() && !number.starts_with(['0', '+']) => Some(number),
        _ => None,
    }
}
