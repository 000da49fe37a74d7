//! Bytes inside of an address (RFC 2397), and what a file's name says of its kind.

use std::borrow::Cow;

use crate::json::Text;

/// The media type and the base64 of `data:image/png;base64,…`; none for another address. Where the text has no escapes,
/// both are slices of it.
pub(super) fn split<'a>(url: &Text<'a>) -> Option<(Text<'a>, Text<'a>)> {
    match url {
        Text::Source(quoted) => {
            let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
            if !inner.starts_with("data:") {
                return None;
            }
            // The base64 alphabet needs no escapes, but `/` may be written as one.
            if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
                let (media_type, base64) = parts(&url.plain())?;
                return Some((Text::from(media_type), Text::from(base64)));
            }
            let (media_type, base64) = slices(inner)?;
            Some((Text::from(media_type), Text::from(base64)))
        }
        Text::Made(Cow::Borrowed(text)) => {
            let (media_type, base64) = slices(text)?;
            Some((Text::from(media_type), Text::from(base64)))
        }
        Text::Made(text) => {
            let (media_type, base64) = parts(text)?;
            Some((Text::from(media_type), Text::from(base64)))
        }
    }
}

fn parts(text: &str) -> Option<(String, String)> {
    slices(text).map(|(media_type, base64)| (media_type.to_owned(), base64.to_owned()))
}

fn slices(url: &str) -> Option<(&str, &str)> {
    let (head, base64) = url.strip_prefix("data:")?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    // Parameters such as `;charset=utf-8` are no part of the type.
    let media_type = media_type.split(';').next().unwrap_or_default();
    Some((media_type, base64))
}

/// What a file's ending says of its kind.
pub(super) fn media_type_of_name(name: &Text<'_>) -> Option<Text<'static>> {
    let name = name.plain().to_ascii_lowercase();
    let media_type = match name.rsplit_once('.')?.1 {
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" => "text/html",
        "json" => "application/json",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => return None,
    };
    Some(Text::from(media_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_url_is_split_whoever_wrote_it() {
        for url in [
            Text::Source(r#""data:image/png;base64,aGk/""#),
            Text::Source(r#""data:image\/png;base64,aGk\/""#),
            Text::from("data:image/png;base64,aGk/"),
            Text::from("data:image/png;name=x;base64,aGk/".to_owned()),
        ] {
            let (media_type, base64) = split(&url).unwrap();
            assert_eq!((media_type.plain().as_ref(), base64.plain().as_ref()), ("image/png", "aGk/"));
        }
        for url in ["https://example.com/a.png", "data:text/plain,hello", "data:x"] {
            assert_eq!(split(&Text::from(url)), None, "{url}");
        }
    }

    #[test]
    fn a_name_says_its_kind() {
        assert_eq!(media_type_of_name(&Text::from("A.PDF")), Some(Text::from("application/pdf")));
        assert_eq!(media_type_of_name(&Text::from("pdf")), None);
    }
}
