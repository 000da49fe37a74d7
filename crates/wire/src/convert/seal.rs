//! Proofs of thinking on their way through a client of another format. The client gives back what it was given, so a seal
//! that is not of its own format travels with a word about whose it is.

use super::Format;
use super::form::Seal;
use crate::json::Text;

/// Before a seal of another format: `tg-seal:gemini:` and the seal.
pub const PREFIX: &str = "tg-seal:";
const REDACTED: &str = "redacted:";

/// The seal as a client of `format` holds it.
pub(super) fn to_client<'a>(seal: &'a Seal<'_>, format: Format) -> Text<'a> {
    if seal.format == format {
        return match &seal.data {
            Text::Source(quoted) => Text::Source(quoted),
            Text::Made(text) => Text::from(text.as_ref()),
        };
    }
    let redacted = if seal.is_redacted { REDACTED } else { "" };
    Text::from(format!("{PREFIX}{}:{redacted}{}", seal.format.name(), seal.data.plain()))
}

/// Whether a Claude model has signed the thinking beside it: Anthropic takes signatures that Bedrock gave, and Bedrock those
/// that Anthropic gave ("Extended thinking", signatures "are compatible across platforms").
pub(super) fn is_signature_of_claude(seal: &Seal<'_>) -> bool {
    matches!(seal.format, Format::Messages | Format::Converse) && !seal.is_redacted
}

/// The seal that a client of `format` gives back.
pub(super) fn from_client(text: Text<'_>, format: Format, is_redacted: bool) -> Seal<'_> {
    let foreign = text.plain().strip_prefix(PREFIX).and_then(|rest| {
        let (name, data) = rest.split_once(':')?;
        let format = Format::named(name)?;
        let (is_redacted, data) = match data.strip_prefix(REDACTED) {
            Some(data) => (true, data),
            None => (false, data),
        };
        Some(Seal { format, data: Text::from(data.to_owned()), is_redacted })
    });
    foreign.unwrap_or(Seal { format, data: text, is_redacted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_comes_back_as_it_went_whatever_the_client_speaks() {
        for is_redacted in [false, true] {
            for own in Format::ALL {
                let seal = Seal { format: own, data: Text::from("a:b+/="), is_redacted };
                for client in Format::ALL {
                    let held = to_client(&seal, client).plain().into_owned();
                    assert_eq!(held.starts_with(PREFIX), client != own);
                    assert_eq!(from_client(Text::from(held), client, is_redacted), seal);
                }
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_seal_of_another_is_the_clients_own() {
        for text in ["tg-seal:", "tg-seal:nobody:x", "tg-seal", "x"] {
            let seal = from_client(Text::from(text), Format::Chat, false);
            assert_eq!((seal.format, seal.data.plain().as_ref()), (Format::Chat, text));
        }
    }
}
