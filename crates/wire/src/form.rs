//! Forms with files (`multipart/form-data`, RFC 7578 on RFC 2046 section 5.1), as bytes with addresses: scanned once while
//! they arrive, looked into by part, and edited by replacing the bytes of one part. Files are never copied.
//!
//! A gateway that authorises one model must not forward a form in which the provider finds another. Where readers of forms
//! are known to disagree (line breaks that are none, a boundary inside of a part, two names of one part, encodings that
//! are long out of use) the form is refused.

mod boundary;
mod edit;
mod fields;
mod head;
mod scanner;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use crate::json::ChunkedBytes;

pub use boundary::Boundary;
pub use edit::{FormEdit, FormEditError};
pub use fields::FieldError;
pub use scanner::{FormError, FormLimits, FormScanner};

/// A form as it arrived, with where its parts lie.
#[derive(Debug, Clone)]
pub struct Form {
    body: ChunkedBytes,
    outline: FormOutline,
}

/// Where the parts of a form lie. Offsets count bytes from the start of the body, over all chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormOutline {
    boundary: Boundary,
    parts: Vec<Part>,
    /// Where the last delimiter begins, which ends the form.
    end: usize,
}

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name of its field.
    pub name: String,
    /// The name of the file; a part with one is a file.
    pub file_name: Option<String>,
    /// The type that it says it has, such as `image/png`.
    pub media_type: Option<String>,
    /// From its delimiter to the next one.
    whole: Range<usize>,
    /// Its content.
    value: Range<usize>,
}

impl Form {
    /// A body with what a [`FormScanner`] made of the same bytes.
    #[must_use]
    pub fn from_parts(body: ChunkedBytes, outline: FormOutline) -> Self {
        Self { body, outline }
    }

    /// Scans a whole body.
    ///
    /// # Errors
    /// When it is no form of this boundary, or exceeds the limits.
    pub fn parse(body: bytes::Bytes, boundary: Boundary, limits: FormLimits) -> Result<Self, FormError> {
        let mut scanner = FormScanner::new(boundary, limits);
        scanner.feed(&body)?;
        Ok(Self::from_parts(ChunkedBytes::from(body), scanner.finish()?))
    }

    /// The bytes as they arrived.
    #[must_use]
    pub fn body(&self) -> &ChunkedBytes {
        &self.body
    }

    /// All parts, in their order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.outline.parts
    }

    /// The content of a part of this form in pieces, none of them copied.
    pub fn pieces(&self, part: &Part) -> impl Iterator<Item = bytes::Bytes> + '_ {
        self.body.slice(part.value.clone())
    }

    /// The content of a part of this form, copied only when it crosses chunks.
    #[must_use]
    pub fn value(&self, part: &Part) -> Cow<'_, [u8]> {
        self.body.range(part.value.clone())
    }
}

impl Part {
    /// Whether it is a file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file_name.is_some()
    }
}
