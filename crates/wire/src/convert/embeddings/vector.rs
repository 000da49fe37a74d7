//! Vectors as lists of numbers and as base64: floats of 32 bits, little endian, as OpenAI's `encoding_format` has them.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::form::{Embeddings, Encoding, Vector};
use crate::convert::codec::Malformed;
use crate::json::{ArrayWriter, Kind, ObjectWriter, Text, Value};

/// The vectors in this encoding: as they came, or to be converted on the way.
pub(super) fn of<'v, 'a>(
    answer: &'v Embeddings<'a>,
    encoding: Encoding,
) -> Result<&'v [Vector<'a>], Malformed> {
    let same = |(found, _): &&(Encoding, _)| found.numbers() == encoding.numbers();
    let set = answer.sets.iter().find(|(found, _)| *found == encoding).or(answer.sets.iter().find(same));
    set.map(|(_, vectors)| vectors.as_slice())
        .ok_or_else(|| Malformed(format!("the answer has no embeddings of type {}", encoding.name())))
}

/// A vector in the encoding that a client asked for.
pub(super) fn converted<'v>(vector: &'v Vector<'_>, encoding: Encoding) -> Result<Vector<'v>, Malformed> {
    let broken = || Malformed("an embedding is not a list of numbers, nor base64 of floats".to_owned());
    Ok(match (vector, encoding == Encoding::Base64) {
        (Vector::Numbers(list), false) => Vector::Numbers(Cow::Borrowed(list)),
        (Vector::Base64(text), true) => Vector::Base64(text.clone()),
        (Vector::Numbers(list), true) => {
            let base64 = to_base64(&of_list(list).ok_or_else(broken)?);
            Vector::Base64(Text::from(base64))
        }
        (Vector::Base64(text), false) => {
            let floats = of_base64(&text.plain()).ok_or_else(broken)?;
            Vector::Numbers(Cow::Owned(to_list(&floats)))
        }
    })
}

impl<'a> Vector<'a> {
    /// A list of numbers or a string of base64.
    pub(super) fn read(value: &Value<'a>) -> Result<Self, Malformed> {
        match value.kind() {
            Kind::Array => Ok(Self::Numbers(Cow::Borrowed(value.raw()))),
            Kind::String => Ok(Self::Base64(Text::Source(value.raw()))),
            kind => Err(Malformed(format!("an embedding is {kind}"))),
        }
    }

    /// Writes it as a member.
    pub(super) fn write_member(&self, object: &mut ObjectWriter<'_>, key: &str) {
        match self {
            Self::Numbers(list) => object.raw(key, list),
            Self::Base64(text) => object.text(key, text),
        }
    }

    /// Writes it as an element.
    pub(super) fn write_element(&self, array: &mut ArrayWriter<'_>) {
        match self {
            Self::Numbers(list) => array.raw(list),
            Self::Base64(text) => array.text(text),
        }
    }
}

/// The floats of a JSON list: of each number the nearest, read at once from its digits.
fn of_list(list: &str) -> Option<Vec<f32>> {
    let inner = list.trim().strip_prefix('[')?.strip_suffix(']')?;
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    inner
        .split(',')
        .map(|number| number.trim().parse().ok().filter(|float: &f32| float.is_finite()))
        .collect()
}

fn of_base64(base64: &str) -> Option<Vec<f32>> {
    let bytes = BASE64_STANDARD.decode(base64.as_bytes()).ok()?;
    let (floats, rest) = bytes.as_chunks::<4>();
    let floats: Vec<f32> = floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    (rest.is_empty() && floats.iter().all(|float| float.is_finite())).then_some(floats)
}

fn to_base64(floats: &[f32]) -> String {
    let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}

/// The shortest digits that are read as the same floats.
fn to_list(floats: &[f32]) -> String {
    // Finite floats can be written.
    serde_json::to_string(floats).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finite() -> impl Strategy<Value = f32> {
        any::<u32>().prop_map(f32::from_bits).prop_filter("it is finite", |float| float.is_finite())
    }

    proptest! {
        #[test]
        fn no_bit_is_lost_between_numbers_and_base64(floats in prop::collection::vec(finite(), 0..8)) {
            let bits = |floats: &[f32]| floats.iter().map(|float| float.to_bits()).collect::<Vec<_>>();
            let base64 = to_base64(&floats);
            let list = to_list(&of_base64(&base64).unwrap());
            prop_assert_eq!(bits(&of_list(&list).unwrap()), bits(&floats));
            prop_assert_eq!(to_base64(&of_list(&list).unwrap()), base64);
        }
    }

    #[test]
    fn a_number_becomes_the_nearest_float() {
        // Read as 64 bits first it would be rounded twice, to the float above.
        assert_eq!(of_list("[1.00000017881393432617187499]"), Some(vec![1.000_000_1_f32]));
        assert_eq!(of_list(" [ -0.5 , 1e-3 ] "), Some(vec![-0.5, 1e-3]));
        assert_eq!(of_list("[]"), Some(vec![]));
    }

    #[test]
    fn what_is_no_vector_is_none() {
        for list in ["[1,\"2\"]", "[[1]]", "[1e99]", "[null]", "{}", ""] {
            assert_eq!(of_list(list), None, "{list}");
        }
        for base64 in ["AAA=", "?", "AADAfw=="] {
            assert_eq!(of_base64(base64), None, "{base64}");
        }
        assert_eq!(of_base64("AACAPw=="), Some(vec![1.0]));
    }
}
