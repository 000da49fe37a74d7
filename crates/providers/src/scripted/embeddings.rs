//! OpenAI embeddings (`platform.openai.com/docs/api-reference/embeddings`): vectors of length 1 that follow from the
//! text alone, so that equal texts have equal vectors.

use serde_json::{Value, json};

use super::failure::Refusal;
use super::fingerprint::{Fingerprint, count};
use super::frames::Answer;

/// The length of a vector for which no `dimensions` are asked.
const DIMENSIONS_DEFAULT: usize = 16;

/// The longest vector that is made.
const DIMENSIONS_MAX: usize = 4_096;

/// The most texts of one request, as OpenAI's.
const INPUTS_MAX: usize = 2_048;

/// Answers a request.
pub(super) fn answer(body: &Value) -> Result<Answer, Refusal> {
    let inputs = inputs(body)?;
    let dimensions = dimensions(body, "dimensions")?;
    let as_base64 = body.get("encoding_format").and_then(Value::as_str) == Some("base64");
    let embedding = |(index, input): (usize, &Input)| {
        let vector = vector(&input.text, dimensions);
        let value = if as_base64 { json!(base64_of(&vector)) } else { json!(vector) };
        json!({ "object": "embedding", "index": index, "embedding": value })
    };
    let total: usize = inputs.iter().map(|input| input.tokens).sum();
    Ok(Answer::Whole(json!({
        "object": "list",
        "data": inputs.iter().enumerate().map(embedding).collect::<Vec<_>>(),
        "model": body.get("model"),
        "usage": { "prompt_tokens": total, "total_tokens": total },
    })))
}

/// The length of a vector that a member asks for.
pub(super) fn dimensions(body: &Value, member: &'static str) -> Result<usize, Refusal> {
    match super::conversation::limit(body, &[member]).unwrap_or(DIMENSIONS_DEFAULT) {
        dimensions @ 1..=DIMENSIONS_MAX => Ok(dimensions),
        _ => Err(Refusal::field(member, format!("`{member}` must be from 1 to {DIMENSIONS_MAX}"))),
    }
}

struct Input {
    text: String,
    tokens: usize,
}

/// A text, tokens, or a list of either.
fn inputs(body: &Value) -> Result<Vec<Input>, Refusal> {
    let one = |value: &Value| match value {
        Value::String(text) => Input { text: text.clone(), tokens: count(text) },
        other => Input { text: other.to_string(), tokens: other.as_array().map_or(1, Vec::len) },
    };
    match body.get("input") {
        Some(text @ Value::String(_)) => Ok(vec![one(text)]),
        Some(Value::Array(list)) if list.is_empty() || list.len() > INPUTS_MAX => {
            Err(Refusal::field("input", format!("`input` must have from 1 to {INPUTS_MAX} entries")))
        }
        Some(tokens @ Value::Array(list)) if list.iter().all(Value::is_number) => Ok(vec![one(tokens)]),
        Some(Value::Array(list)) => Ok(list.iter().map(one).collect()),
        _ => Err(Refusal::field("input", "`input` must be a text or a list")),
    }
}

/// A vector of length 1 that follows from the text.
pub(super) fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let raw: Vec<f32> = (0..dimensions)
        .map(|place| {
            let hash = Fingerprint::of(text, &place.to_le_bytes()).low_bits();
            f32::from(hash) / f32::from(u16::MAX) - 0.5
        })
        .collect();
    let length = raw.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length == 0.0 {
        return raw;
    }
    raw.into_iter().map(|number| number / length).collect()
}

/// The vector as OpenAI packs it: 32-bit floats, little endian, in base64 (RFC 4648 section 4).
pub(super) fn base64_of(vector: &[f32]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let six = (bits >> (18 - 6 * place)) & 0x3f;
            let letter = usize::try_from(six).ok().and_then(|six| ALPHABET.get(six)).copied().unwrap_or(b'=');
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64_of, vector};

    #[test]
    fn base64_is_that_of_the_rfc() {
        assert_eq!(base64_of(&[1.0]), "AACAPw==");
        assert_eq!(base64_of(&[0.0, 0.0, 0.0]), "AAAAAAAAAAAAAAAA");
        assert_eq!(base64_of(&[1.0, -2.0]), "AACAPwAAAMA=");
    }

    #[test]
    fn a_vector_has_length_one_and_depends_on_the_text_alone() {
        let one = vector("a text", 64);
        let length: f32 = one.iter().map(|number| number * number).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
        assert_eq!(one, vector("a text", 64));
        assert_ne!(one, vector("another", 64));
    }
}
