//! Requests with files: forms, and the JSON that says the same by reference.

use http::header::CONTENT_TYPE;
use serde_json::Value;
use wire::form::{Boundary, Form, FormLimits};

use super::failure::Refusal;
use super::script::ScriptedRequest;

/// What a request with files says.
#[derive(Debug)]
pub(super) struct Upload {
    /// Its fields, by name.
    pub(super) fields: Value,
    /// Its files, in their order.
    pub(super) files: Vec<UploadedFile>,
}

/// A file of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UploadedFile {
    /// The field that it is of, without brackets.
    pub(super) field: String,
    pub(super) name: String,
    pub(super) bytes: usize,
}

impl Upload {
    /// Reads a request.
    pub(super) fn read(request: &ScriptedRequest) -> Result<Self, Refusal> {
        let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match content_type.and_then(Boundary::of_content_type) {
            Some(boundary) => Self::of_form(request, boundary),
            None => Ok(Self::of_json(super::routes::body(request)?)),
        }
    }

    fn of_form(request: &ScriptedRequest, boundary: Boundary) -> Result<Self, Refusal> {
        let wrong = |error: &dyn std::fmt::Display| Refusal {
            status: 400,
            message: format!("Could not parse multipart form: {error}"),
            param: None,
            code: None,
        };
        let form = Form::parse(request.body.clone(), boundary, FormLimits::default());
        let form = form.map_err(|error| wrong(&error))?;
        let fields = form.fields().map_err(|error| wrong(&error))?;
        let body = fields.body().range(0..fields.body().len());
        let fields = serde_json::from_slice(&body).map_err(|error| wrong(&error))?;
        let files = form.parts().iter().filter_map(|part| {
            let field = part.name.split('[').next().unwrap_or_default().to_owned();
            let name = part.file_name.clone()?;
            Some(UploadedFile { field, name, bytes: form.value(part).len() })
        });
        Ok(Self { fields, files: files.collect() })
    }

    /// JSON names its pictures (`images`, `mask`), and their bytes are elsewhere.
    fn of_json(fields: Value) -> Self {
        let file = |field: &str, value: &Value| UploadedFile {
            field: field.to_owned(),
            name: value.get("file_id").and_then(Value::as_str).unwrap_or("image_url").to_owned(),
            bytes: 0,
        };
        let images = fields.get("images").and_then(Value::as_array).into_iter().flatten();
        let mut files: Vec<UploadedFile> = images.map(|image| file("image", image)).collect();
        files.extend(fields.get("mask").map(|mask| file("mask", mask)));
        Self { fields, files }
    }

    /// How many files a field has.
    pub(super) fn count(&self, field: &str) -> usize {
        self.files.iter().filter(|file| file.field == field).count()
    }
}
