//! The cookies of people who sign in (RFC 6265bis): for this host alone, out of reach of scripts, and not sent along by other sites'
//! forms and scripts.

use http::{HeaderMap, HeaderValue, header};

/// What is in a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Cookie {
    /// The id of a session.
    Session,
    /// A sign-in that is under way at an identity provider, sealed.
    Attempt,
}

/// How the cookies of this gateway are called and guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Guard {
    /// For HTTPS alone. The browser takes the beginning of the name for a promise that no other host, path or insecure answer has set it.
    Secure,
    /// For clear text on the machine itself, where no browser would take a cookie of that name.
    Plain,
}

impl Cookie {
    fn name(self, guard: Guard) -> &'static str {
        match (self, guard) {
            (Self::Session, Guard::Secure) => "__Host-tollgate",
            (Self::Session, Guard::Plain) => "tollgate",
            (Self::Attempt, Guard::Secure) => "__Host-tollgate-sign-in",
            (Self::Attempt, Guard::Plain) => "tollgate-sign-in",
        }
    }

    /// The value that a head has for it. None when it has several: somebody else may have set one of them.
    pub(in crate::api) fn sent(self, headers: &HeaderMap, guard: Guard) -> Option<&str> {
        let name = self.name(guard);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The header that has a browser keep it for so many seconds; none of them takes it away. Nothing is said of what could not stand in one.
    pub(in crate::api) fn set(self, guard: Guard, value: &str, seconds: u64) -> Option<HeaderValue> {
        let secure = if guard == Guard::Secure { "; Secure" } else { "" };
        let name = self.name(guard);
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cookie, Guard, HeaderMap, HeaderValue};

    fn head(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (http::header::COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_when_there_is_one() {
        let sent = |lines: &[&str]| Cookie::Session.sent(&head(lines), Guard::Secure).map(str::to_owned);
        assert_eq!(sent(&["a=b; __Host-tollgate=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(sent(&["a=b", "__Host-tollgate=x"]).as_deref(), Some("x"));
        for lines in [
            &["tollgate=x"][..],
            &["__host-tollgate=x"],
            &["x__Host-tollgate=x"],
            &["__Host-tollgate=x; __Host-tollgate=y"],
            &["__Host-tollgate=x", "__Host-tollgate=x"],
            &["__Host-tollgate"],
            &[],
        ] {
            assert_eq!(sent(lines), None, "{lines:?}");
        }
        assert_eq!(Cookie::Session.sent(&head(&["tollgate=x"]), Guard::Plain), Some("x"));
    }

    #[test]
    fn a_cookie_is_guarded_as_well_as_the_address_lets_it_be() {
        let set = |guard| Cookie::Session.set(guard, "v", 60).unwrap();
        assert_eq!(
            set(Guard::Secure),
            "__Host-tollgate=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(set(Guard::Plain), "tollgate=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        assert_eq!(Cookie::Session.set(Guard::Plain, "a\r\nset-cookie: b", 60), None);
    }
}
