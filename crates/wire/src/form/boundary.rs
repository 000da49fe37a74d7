//! The text between the parts of a form, which its content type names.

/// A boundary: 1 to 70 characters that RFC 2046 allows, no space at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary(String);

const BOUNDARY_CHARS_MAX: usize = 70;

impl Boundary {
    /// Reads the boundary of a content type such as `multipart/form-data; boundary=x`; none when it is the type of
    /// something else, or its boundary is missing, written twice, or not one.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let (essence, parameters) = content_type.split_once(';')?;
        if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let mut found = None;
        for parameter in parameters.split(';').filter(|parameter| !parameter.trim().is_empty()) {
            let (name, value) = parameter.split_once('=')?;
            if name.trim().eq_ignore_ascii_case("boundary") && found.replace(value.trim()).is_some() {
                return None;
            }
        }
        let text = found?;
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let fits = (1..=BOUNDARY_CHARS_MAX).contains(&text.len()) && !text.ends_with(' ');
        (fits && text.bytes().all(is_boundary_byte)).then(|| Self(text.to_owned()))
    }

    /// The delimiter that begins each part: the boundary after two dashes.
    pub(super) fn delimiter(&self) -> Vec<u8> {
        format!("--{}", self.0).into_bytes()
    }
}

/// `bchars` of RFC 2046 section 5.1.1.
fn is_boundary_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::Boundary;

    #[test]
    fn a_boundary_is_read_from_its_content_type() {
        for content_type in [
            "multipart/form-data; boundary=a-b",
            "Multipart/Form-Data;charset=utf-8; Boundary=\"a-b\"",
            "multipart/form-data; boundary=a-b;",
        ] {
            let boundary = Boundary::of_content_type(content_type).unwrap();
            assert_eq!(boundary.delimiter(), b"--a-b", "{content_type}");
        }
    }

    #[test]
    fn what_is_no_boundary_is_none() {
        let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
        for content_type in [
            "application/json",
            "multipart/mixed; boundary=a",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=a\"b",
            "multipart/form-data; boundary=a; x",
            &long,
        ] {
            assert_eq!(Boundary::of_content_type(content_type), None, "{content_type}");
        }
    }
}
