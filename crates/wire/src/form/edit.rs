//! Edits of a form: the bytes of one field are replaced, added or taken out, and everything else stays as it came.

use std::ops::Range;

use bytes::Bytes;

use super::{Form, Part};
use crate::json::{Kind, NotJson, Segments, Value};

/// Changes to the fields of one form. Values are given as JSON, as for [`crate::json::Edit`]: a list becomes fields
/// `name[]`, an object fields `name[key]`, as the OpenAI libraries write them.
#[derive(Debug)]
pub struct FormEdit<'f> {
    form: &'f Form,
    /// What becomes of each part.
    fates: Vec<Fate>,
    /// Fields that are added at the end, each with its text.
    added: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Kept,
    Removed,
    /// The part keeps its head.
    Replaced(String),
}

/// A value that cannot be written into a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormEditError {
    /// It is not JSON.
    #[error("the new value of `{0}` is not JSON")]
    NotJson(String),
    /// It holds the text that ends a part.
    #[error("the new value of `{0}` holds the boundary of the form")]
    HoldsBoundary(String),
}

impl<'f> FormEdit<'f> {
    /// No changes yet.
    #[must_use]
    pub fn new(form: &'f Form) -> Self {
        Self { form, fates: vec![Fate::Kept; form.parts().len()], added: Vec::new() }
    }

    /// Sets a field; `null` removes it.
    ///
    /// # Errors
    /// When the value is not JSON, or cannot stand in this form.
    pub fn set(&mut self, field: &str, raw: &[u8]) -> Result<(), FormEditError> {
        let value = Value::parse(raw).map_err(|NotJson { .. }| FormEditError::NotJson(field.to_owned()))?;
        let mut fields = Vec::new();
        flatten(field, &value, &mut fields);
        let delimiter = self.form.outline.boundary.delimiter();
        let holds = |text: &str| memchr::memmem::find(text.as_bytes(), &delimiter).is_some();
        if fields.iter().any(|(name, text)| holds(name) || holds(text)) {
            return Err(FormEditError::HoldsBoundary(field.to_owned()));
        }
        let place = self.position(field);
        self.remove(field);
        match (place.and_then(|place| self.fates.get_mut(place)), fields.as_mut_slice()) {
            (Some(fate), [(name, text)]) if name == field => *fate = Fate::Replaced(std::mem::take(text)),
            _ => self.added.append(&mut fields),
        }
        Ok(())
    }

    /// Sets a field that is not there.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn default(&mut self, field: &str, raw: &[u8]) -> Result<(), FormEditError> {
        let kept = self
            .form
            .parts()
            .iter()
            .zip(&self.fates)
            .any(|(part, fate)| *fate != Fate::Removed && part.is_of(field));
        let added = self.added.iter().any(|(name, _)| is_of(name, field));
        if kept || added { Ok(()) } else { self.set(field, raw) }
    }

    /// Takes a field out, with all of its elements.
    pub fn remove(&mut self, field: &str) {
        for (part, fate) in self.form.parts().iter().zip(&mut self.fates) {
            if part.is_of(field) {
                *fate = Fate::Removed;
            }
        }
        self.added.retain(|(name, _)| !is_of(name, field));
    }

    /// The form with these changes, in pieces.
    #[must_use]
    pub fn apply(self) -> Segments {
        let body = self.form.body();
        let mut pieces: Vec<Bytes> = Vec::new();
        let mut from = 0;
        let mut splice = |range: Range<usize>, instead: Bytes| {
            pieces.extend(body.slice(from..range.start));
            pieces.push(instead);
            from = range.end;
        };
        for (part, fate) in self.form.parts().iter().zip(self.fates) {
            match fate {
                Fate::Kept => {}
                Fate::Removed => splice(part.whole.clone(), Bytes::new()),
                Fate::Replaced(text) => splice(part.value.clone(), text.into()),
            }
        }
        let end = self.form.outline.end;
        splice(end..end, added(&self.form.outline.boundary.delimiter(), &self.added));
        pieces.extend(body.slice(from..body.len()));
        pieces.into_iter().collect()
    }

    /// The part whose text can be replaced: the first text of this very name.
    fn position(&self, field: &str) -> Option<usize> {
        self.form.parts().iter().position(|part| part.name == field && !part.is_file())
    }
}

impl Part {
    /// Whether it is the field of this name, or an element of it.
    fn is_of(&self, field: &str) -> bool {
        is_of(&self.name, field)
    }
}

/// Whether a part of this name is the field, or an element of it: `include[]`, `svg[model]`.
fn is_of(name: &str, field: &str) -> bool {
    let rest = name.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('[') && rest.ends_with(']')))
}

/// The fields that a value becomes.
fn flatten(name: &str, value: &Value<'_>, fields: &mut Vec<(String, String)>) {
    match value.kind() {
        Kind::Null => {}
        Kind::Array => {
            value.elements().iter().for_each(|element| flatten(&format!("{name}[]"), element, fields))
        }
        Kind::Object => {
            for (key, member) in value.members() {
                flatten(&format!("{name}[{key}]"), member, fields);
            }
        }
        Kind::String | Kind::Number | Kind::Bool => {
            let text = value.as_str().unwrap_or(value.raw().into());
            fields.push((name.to_owned(), text.into_owned()));
        }
    }
}

/// New parts, each with its delimiter.
fn added(delimiter: &[u8], fields: &[(String, String)]) -> Bytes {
    let mut bytes = Vec::new();
    for (name, text) in fields {
        // As browsers escape names (WHATWG HTML, "multipart/form-data encoding algorithm").
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        bytes.extend_from_slice(delimiter);
        bytes.extend_from_slice(b"\r\nContent-Disposition: form-data; name=\"");
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"\"\r\n\r\n");
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.into()
}
