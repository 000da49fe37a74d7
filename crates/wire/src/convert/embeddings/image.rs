//! Pictures as addresses, and bytes as addresses of their own (RFC 2397).

use super::form::Image;
use crate::convert::data_url;
use crate::convert::form::Source;
use crate::json::{ObjectWriter, Text};

impl<'a> Image<'a> {
    /// The picture at an address, or inside of it.
    pub(super) fn at(url: Text<'a>) -> Self {
        match data_url::split(&url) {
            Some((media_type, base64)) => {
                Self { source: Source::Inline(base64), media_type: Some(media_type) }
            }
            None => Self { source: Source::Url(url), media_type: None },
        }
    }

    /// Writes its address as a JSON string.
    pub(super) fn write_url(&self, out: &mut Vec<u8>) {
        match &self.source {
            Source::Inline(base64) => {
                out.extend_from_slice(b"\"data:");
                self.media_type.as_ref().unwrap_or(&Text::from("image/png")).write_inner(out);
                out.extend_from_slice(b";base64,");
                base64.write_inner(out);
                out.push(b'"');
            }
            source => source.text().write(out),
        }
    }

    /// Writes its address as a member.
    pub(super) fn write_member(&self, object: &mut ObjectWriter<'_>, key: &str) {
        let mut url = Vec::new();
        self.write_url(&mut url);
        // What was written is a string of texts.
        object.raw(key, std::str::from_utf8(&url).unwrap_or("\"\""));
    }
}
