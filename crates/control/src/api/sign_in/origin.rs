//! Where a browser says that a request was made: by a page of this gateway, or by one of somebody else. A browser sends a session's cookie
//! either way, but neither of these headers can be set by a page.

use http::{HeaderMap, HeaderName, Uri, header};

use crate::authority::PublicUrl;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Origin {
    /// A page of this gateway.
    Same,
    /// A page of somebody else, or one that does not say.
    Other,
    /// No browser, or one that says nothing.
    Unsaid,
}

impl Origin {
    /// What the headers say of it, `Sec-Fetch-Site` (Fetch Metadata) and `Origin` (RFC 6454). Each that is there has to say the same.
    pub(in crate::api) fn of(headers: &HeaderMap, uri: &Uri, public_url: Option<&PublicUrl>) -> Self {
        let site = only(headers, &SEC_FETCH_SITE).map(|site| site == Some("same-origin"));
        let origin = only(headers, &header::ORIGIN)
            .map(|origin| origin.is_some_and(|origin| is_ours(origin, headers, uri, public_url)));
        match (site, origin) {
            (None, None) => Self::Unsaid,
            (Some(false), _) | (_, Some(false)) => Self::Other,
            _ => Self::Same,
        }
    }
}

/// The value of a header, of which there is no second: outside whether it is there, inside whether it can be read.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Option<&'h str>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    Some(first.to_str().ok().filter(|_| values.next().is_none()))
}

/// Whether an origin is where this gateway is: what the configuration says, else what the browser asked for.
fn is_ours(origin: &str, headers: &HeaderMap, uri: &Uri, public_url: Option<&PublicUrl>) -> bool {
    let Some(origin) = PublicUrl::read(origin) else { return false };
    match public_url {
        Some(public_url) => origin == *public_url,
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let asked = uri.authority().map(http::uri::Authority::as_str).or(host);
            asked.is_some_and(|asked| origin.authority.eq_ignore_ascii_case(asked))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, Origin, PublicUrl, Uri};
    use http::{HeaderName, HeaderValue};

    fn origin(lines: &[(&'static str, &str)], public_url: Option<&str>) -> Origin {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("gateway.example.com:8443"));
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let public_url = public_url.map(|text| PublicUrl::read(text).unwrap());
        Origin::of(&headers, &Uri::from_static("/auth/logout"), public_url.as_ref())
    }

    #[test]
    fn a_page_is_of_this_gateway_when_everything_that_the_browser_says_says_so() {
        for lines in [
            &[("origin", "https://gateway.example.com:8443")][..],
            &[("origin", "https://Gateway.Example.com:8443")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://gateway.example.com:8443")],
        ] {
            assert_eq!(origin(lines, None), Origin::Same, "{lines:?}");
        }
        assert_eq!(origin(&[], None), Origin::Unsaid);
    }

    #[test]
    fn every_other_page_is_somebody_elses() {
        for lines in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "https://gateway.example.com")],
            &[("origin", "https://gateway.example.com:8443.evil.example")],
            &[("origin", "https://gateway.example.com:8443@evil.example")],
            &[("origin", "https://gateway.example.com:8443"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://gateway.example.com:8443")],
        ] {
            assert_eq!(origin(lines, None), Origin::Other, "{lines:?}");
        }
    }

    #[test]
    fn behind_a_proxy_the_public_address_counts_and_its_scheme_with_it() {
        let public = Some("https://ai.example.com");
        assert_eq!(origin(&[("origin", "https://ai.example.com")], public), Origin::Same);
        for other in
            ["http://ai.example.com", "https://gateway.example.com:8443", "https://ai.example.com:8443"]
        {
            assert_eq!(origin(&[("origin", other)], public), Origin::Other, "{other}");
        }
    }
}
