//! Proofs of thinking: `thoughtSignature` of whatever part the model said after it ("Thought signatures").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::media::standard_base64;
use crate::convert::form::Seal;
use crate::convert::{Format, seal};
use crate::json::Text;

/// What Google takes in place of a signature for calls that no Gemini model has made ("Thought signatures", FAQs).
pub(super) const NO_SIGNATURE: &str = "skip_thought_signature_validator";
/// Both words that the documentation has for it.
const NO_SIGNATURES: [&str; 2] = [NO_SIGNATURE, "context_engineering_is_the_way_to_go"];

/// The seal in a signature; none for the word that stands for none. Signatures are bytes, so another format's seal is base64.
pub(super) fn read(signature: Text<'_>) -> Option<Seal<'_>> {
    let plain = signature.plain();
    if plain.is_empty() || NO_SIGNATURES.contains(&plain.as_ref()) {
        return None;
    }
    let inside = STANDARD.decode(standard_base64(&plain).as_bytes()).ok();
    let inside = inside.and_then(|bytes| String::from_utf8(bytes).ok());
    match inside.filter(|text| text.starts_with(seal::PREFIX)) {
        Some(text) => Some(seal::from_client(Text::from(text), Format::Gemini, false)),
        None => Some(Seal { format: Format::Gemini, data: signature, is_redacted: false }),
    }
}

/// The signature that a client of Gemini holds for a seal.
pub(super) fn signature<'a>(seal: &'a Seal<'_>) -> Text<'a> {
    let held = seal::to_client(seal, Format::Gemini);
    if seal.format == Format::Gemini { held } else { Text::from(STANDARD.encode(held.plain().as_bytes())) }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_seal_comes_back_as_it_went_whoever_made_it_and_however_it_is_spelled() {
        for format in Format::ALL {
            for is_redacted in [false, format != Format::Gemini] {
                let seal = Seal { format, data: Text::from("c2lnbmF0dXJl??"), is_redacted };
                let held = signature(&seal).plain().into_owned();
                assert_eq!(read(Text::from(held.clone())), Some(seal.clone()));
                // Google's libraries write bytes in the alphabet for addresses.
                if format != Format::Gemini {
                    let bytes = STANDARD.decode(&held).unwrap();
                    assert_eq!(read(Text::from(URL_SAFE_NO_PAD.encode(bytes))), Some(seal));
                }
            }
        }
    }

    #[test]
    fn the_word_for_no_signature_is_none() {
        for word in NO_SIGNATURES.into_iter().chain([""]) {
            assert_eq!(read(Text::from(word)), None);
        }
    }
}
