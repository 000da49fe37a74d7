//! A token in its compact form (RFC 7515 section 7.1): header, claims and signature, each in base 64.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::problem::TokenProblem;

/// The longest token that is read.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 << 10;
/// The longest name of a key that is looked for.
const KEY_ID_BYTES_MAX: usize = 512;

/// What a token may call itself in `typ`: nothing, a JSON web token, or an access token (RFC 9068). A token that was made for
/// something else, such as a logout, is none to come in with (RFC 8725 section 3.11).
const KINDS: [&str; 2] = ["jwt", "at+jwt"];

/// A token whose parts were read and not verified yet.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    /// What the signature is over.
    pub(crate) signed: &'t str,
    /// The signature, in base 64.
    pub(crate) signature: &'t str,
    /// How it says that it is signed; `None` for any way that is never accepted.
    pub(crate) algorithm: Option<Algorithm>,
    /// With which key.
    pub(crate) key_id: Option<String>,
    pub(crate) claims: Claims,
}

/// Whether a text is three parts in base 64 with dots between them; the last may be empty, as of a token without a signature.
#[must_use]
pub fn has_form(text: &str) -> bool {
    let is_part =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let mut parts = text.split('.');
    let [first, second, third] = [(); 3].map(|()| parts.next());
    let is_filled = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && is_part(part));
    is_filled(first) && is_filled(second) && third.is_some_and(is_part) && parts.next().is_none()
}

impl<'t> Token<'t> {
    pub(crate) fn read(text: &'t str) -> Result<Self, TokenProblem> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenProblem::TooLong { max_bytes: TOKEN_BYTES_MAX });
        }
        let unreadable = TokenProblem::Unreadable;
        let (signed, signature) = text.rsplit_once('.').ok_or(unreadable("it has no signature"))?;
        let (header, claims) = signed.split_once('.').ok_or(unreadable("it has no claims"))?;
        let object = |part: &str| URL_SAFE_NO_PAD.decode(part).ok().and_then(|json| Claims::read(&json));
        let not_an_object = "a part is no JSON object in base 64, or a member occurs in it twice";
        let header = object(header).ok_or(unreadable(not_an_object))?;
        let claims = object(claims).ok_or(unreadable(not_an_object))?;
        // RFC 7515 section 4.1.11: whoever does not understand what is critical must refuse it. Nothing of it is understood here.
        if header.get("crit").is_some() {
            return Err(unreadable("it has critical members (`crit`), of which none is known here"));
        }
        if header.get("typ").is_some_and(|kind| !kind.as_str().is_some_and(is_accepted_kind)) {
            return Err(unreadable("it is not of a kind (`typ`) to come in with"));
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(id) => {
                Some(id.as_str().ok_or(unreadable("the name of its key (`kid`) is no text"))?.to_owned())
            }
        };
        if key_id.as_ref().is_some_and(|id| id.len() > KEY_ID_BYTES_MAX) {
            return Err(unreadable("the name of its key (`kid`) is too long"));
        }
        let algorithm = header.text("alg").and_then(Algorithm::named);
        Ok(Self { signed, signature, algorithm, key_id, claims })
    }
}

/// RFC 7515 section 4.1.9: case does not matter, and `application/` may be left out.
fn is_accepted_kind(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    KINDS.contains(&kind.strip_prefix("application/").unwrap_or(&kind))
}

#[cfg(test)]
mod tests {
    use super::{Engine, TOKEN_BYTES_MAX, Token, TokenProblem, URL_SAFE_NO_PAD, has_form};
    use proptest::prelude::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_is_told_by_its_form_from_keys_of_any_vendor() {
        for text in ["eyJhbGciOiJub25lIn0.eyJ9.", "a.b.c", "A-_9.x.y"] {
            assert!(has_form(text), "{text}");
        }
        for text in [
            "",
            "tg-abc",
            "sk-proj-x_y",
            "id.secret",
            "a.b.c.d",
            ".b.c",
            "a..c",
            "a.b.c=",
            "a b.c.d",
            "ä.b.c",
        ] {
            assert!(!has_form(text), "{text}");
        }
    }

    #[test]
    fn what_means_two_things_or_something_unknown_is_not_read() {
        for (header, claims) in [
            (r#"{"alg":"RS256","alg":"none"}"#, "{}"),
            (r#"{"alg":"RS256"}"#, r#"{"iss":"a","iss":"b"}"#),
            (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, "{}"),
            (r#"{"alg":"RS256","typ":"logout+jwt"}"#, "{}"),
            (r#"{"alg":"RS256","typ":1}"#, "{}"),
            (r#"{"alg":"RS256","kid":["a"]}"#, "{}"),
            (r#"["alg"]"#, "{}"),
            ("{}", "[]"),
        ] {
            let text = token(header, claims);
            assert!(matches!(Token::read(&text), Err(TokenProblem::Unreadable(_))), "{header} {claims}");
        }
        let long = token(&format!("{{\"kid\":\"{}\"}}", "k".repeat(1000)), "{}");
        assert!(matches!(Token::read(&long), Err(TokenProblem::Unreadable(_))));
        let huge = token("{}", &format!("{{\"a\":\"{}\"}}", "x".repeat(TOKEN_BYTES_MAX)));
        assert_eq!(Token::read(&huge).unwrap_err(), TokenProblem::TooLong { max_bytes: TOKEN_BYTES_MAX });
    }

    #[test]
    fn the_kinds_and_algorithms_of_tokens_are_those_of_their_standards() {
        for kind in ["JWT", "jwt", "at+jwt", "application/at+JWT"] {
            assert!(Token::read(&token(&format!("{{\"typ\":\"{kind}\"}}"), "{}")).is_ok(), "{kind}");
        }
        for name in ["none", "None", "HS256", "rs256", "RS256 ", ""] {
            let text = token(&format!("{{\"alg\":\"{name}\"}}"), "{}");
            assert_eq!(Token::read(&text).unwrap().algorithm, None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-zA-Z0-9_.-]{0,80}", any in ".{0,40}") {
            let _ = (has_form(&text), Token::read(&text), has_form(&any), Token::read(&any));
        }
    }
}
