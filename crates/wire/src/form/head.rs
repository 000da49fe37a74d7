//! The head of a part: its name, and whether it is a file.

/// What is said of a part before its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) media_type: Option<String>,
}

/// A head that readers would read differently, or that says no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// A line that is no header, or is continued on the next one.
    #[error("a line is no header")]
    NotAHeader,
    /// A header that must be there once is there twice.
    #[error("a header occurs twice")]
    Duplicate,
    /// No `content-disposition` with a name.
    #[error("it has no `content-disposition: form-data` with a name")]
    NoName,
    /// A parameter of the `content-disposition` is not what it should be, or occurs twice.
    #[error("its `content-disposition` cannot be read with certainty")]
    Disposition,
    /// An encoding that only mail has (RFC 7578 section 4.7).
    #[error("a `content-transfer-encoding` other than `binary` is not understood")]
    TransferEncoding,
}

impl PartHead {
    /// Reads a head, the empty line at its end included.
    pub(super) fn read(head: &[u8]) -> Result<Self, HeadError> {
        let text = std::str::from_utf8(head).map_err(|_| HeadError::NotAHeader)?;
        let mut disposition = None;
        let mut media_type = None;
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = header(line)?;
            let twice = match name.to_ascii_lowercase().as_str() {
                "content-disposition" => disposition.replace(value).is_some(),
                "content-type" => media_type.replace(value.to_owned()).is_some(),
                "content-transfer-encoding" if !is_identity(value) => {
                    return Err(HeadError::TransferEncoding);
                }
                _ => false,
            };
            if twice {
                return Err(HeadError::Duplicate);
            }
        }
        let disposition = disposition.ok_or(HeadError::NoName)?;
        Ok(Self { media_type, ..form_data(disposition)? })
    }
}

fn header(line: &str) -> Result<(&str, &str), HeadError> {
    let (name, value) = line.split_once(':').ok_or(HeadError::NotAHeader)?;
    let is_token = !name.is_empty() && name.bytes().all(is_token_byte);
    let is_text = value.chars().all(|letter| letter == '\t' || !letter.is_control());
    if is_token && is_text { Ok((name, value.trim())) } else { Err(HeadError::NotAHeader) }
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_identity(encoding: &str) -> bool {
    ["binary", "8bit", "7bit"].iter().any(|identity| encoding.eq_ignore_ascii_case(identity))
}

/// Reads `form-data; name="…"; filename="…"`.
fn form_data(disposition: &str) -> Result<PartHead, HeadError> {
    let (kind, mut rest) = disposition.split_once(';').ok_or(HeadError::NoName)?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(HeadError::NoName);
    }
    let mut name = None;
    let mut file_name = None;
    while !rest.trim().is_empty() {
        let (key, value, after) = parameter(rest)?;
        rest = after;
        let twice = match key.to_ascii_lowercase().as_str() {
            "name" => name.replace(value).is_some(),
            "filename" => file_name.replace(value).is_some(),
            // In its other spelling (RFC 5987) it says that this is a file, and no more is needed of it.
            "filename*" => {
                file_name.get_or_insert(value);
                false
            }
            // RFC 7578 section 4.2 has one spelling of a name; another could hide a second one.
            key if key.starts_with("name") => return Err(HeadError::Disposition),
            _ => false,
        };
        if twice {
            return Err(HeadError::Disposition);
        }
    }
    let name = name.filter(|name: &String| !name.is_empty()).ok_or(HeadError::NoName)?;
    if name.contains('\\') {
        // Some readers take it for an escape.
        return Err(HeadError::Disposition);
    }
    Ok(PartHead { name, file_name, media_type: None })
}

/// The first parameter, and what follows it.
fn parameter(text: &str) -> Result<(&str, String, &str), HeadError> {
    let (key, rest) = text.split_once('=').ok_or(HeadError::Disposition)?;
    let key = key.trim();
    if key.is_empty() || !key.bytes().all(is_token_byte) {
        return Err(HeadError::Disposition);
    }
    let rest = rest.trim_start();
    let (value, after) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_text(quoted)?,
        None => {
            let (value, after) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
            (value.trim().to_owned(), after)
        }
    };
    let after = after.trim_start();
    match after.strip_prefix(';') {
        Some(after) => Ok((key, value, after)),
        None if after.is_empty() => Ok((key, value, after)),
        None => Err(HeadError::Disposition),
    }
}

/// A text up to its closing quote. A backslash stands for itself, as in the paths of files, unless it is before a quote.
fn quoted_text(text: &str) -> Result<(String, &str), HeadError> {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' if letters.peek().is_some_and(|(_, next)| *next == '"') => {
                letters.next();
                value.push('"');
            }
            letter => value.push(letter),
        }
    }
    Err(HeadError::Disposition)
}

#[cfg(test)]
mod tests {
    use super::{HeadError, PartHead};

    fn read(head: &str) -> Result<(String, Option<String>, Option<String>), HeadError> {
        let head = PartHead::read(format!("{head}\r\n\r\n").as_bytes())?;
        Ok((head.name, head.file_name, head.media_type))
    }

    fn named(disposition: &str) -> Result<String, HeadError> {
        read(&format!("Content-Disposition: {disposition}")).map(|(name, ..)| name)
    }

    #[test]
    fn names_and_types_are_read_as_clients_write_them() {
        let text = |text: &str| Some(text.to_owned());
        let file = read(
            "Content-Disposition: form-data; name=\"image[]\"; filename=\"a \\\"b\\\".png\"\r\nContent-Type: image/png",
        );
        assert_eq!(file, Ok(("image[]".to_owned(), text("a \"b\".png"), text("image/png"))));
        let windows = read("content-disposition:form-data;name=file;filename=\"C:\\a.wav\"");
        assert_eq!(windows, Ok(("file".to_owned(), text("C:\\a.wav"), None)));
        let old = read("Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%e2%82%ac.wav");
        assert_eq!(old, Ok(("file".to_owned(), text("utf-8''%e2%82%ac.wav"), None)));
        assert_eq!(named("form-data; name=\"größe\""), Ok("größe".to_owned()));
        assert_eq!(named("form-data; name=\"a;b\"; x=y"), Ok("a;b".to_owned()));
    }

    #[test]
    fn what_two_readers_could_name_differently_is_refused() {
        for disposition in [
            "form-data; name=\"a\"; name=\"model\"",
            "form-data; name=\"a\"; name*=utf-8''model",
            "form-data; name*0=\"mod\"; name*1=\"el\"",
            "form-data; name=\"mod\\el\"",
            "form-data; name=\"a\\\"; name=\"model\"",
            "form-data; name=\"a\"; filename=\"b\"; filename=\"c\"",
            "form-data; name=\"a\" x=\"b\"",
            "form-data; name",
        ] {
            assert_eq!(named(disposition), Err(HeadError::Disposition), "{disposition}");
        }
        for disposition in ["attachment; name=\"a\"", "form-data", "form-data; name=\"\"", "form-data; x=y"] {
            assert_eq!(named(disposition), Err(HeadError::NoName), "{disposition}");
        }
        let twice =
            "Content-Disposition: form-data; name=\"a\"\r\nContent-disposition: form-data; name=\"b\"";
        assert_eq!(read(twice), Err(HeadError::Duplicate));
        for line in ["x", " folded: y", "a b: c", "a: \0", ": x", "a: b\rc", "a: b\nc"] {
            let head = format!("Content-Disposition: form-data; name=\"a\"\r\n{line}");
            assert_eq!(read(&head), Err(HeadError::NotAHeader), "{line:?}");
        }
        let encoded = "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64";
        assert_eq!(read(encoded), Err(HeadError::TransferEncoding));
        assert!(read(&encoded.replace("base64", "Binary")).is_ok());
        assert_eq!(PartHead::read(b"\r\n"), Err(HeadError::NoName));
    }
}
