//! How likely tokens were: Cohere tells the numbers of a piece of text in one list.

use crate::convert::form::TokenChance;
use crate::json::{ObjectWriter, Text, Value};

/// Reads one piece. Where it has several tokens, which of them has which part of the text is not told: the first gets it,
/// so that tokens still join to the text.
pub(super) fn read<'a>(item: &Value<'a>) -> Vec<TokenChance<'a>> {
    let numbers = item.present("logprobs").map(Value::elements).unwrap_or_default();
    let mut text = item.present("text").and_then(Value::text);
    let chance = |number: &Value<'a>| {
        let token = text.take().unwrap_or(Text::from(""));
        Some(TokenChance { token, logprob: number.as_number()?, bytes: None, top: Vec::new() })
    };
    numbers.iter().filter_map(chance).collect()
}

/// Writes the members of a piece. The numbers of tokens are known to Cohere alone.
pub(super) fn write(item: &mut ObjectWriter<'_>, chances: &[TokenChance<'_>]) {
    item.array("token_ids", |_| {});
    item.joined("text", |out| chances.iter().for_each(|chance| chance.token.write_inner(out)));
    item.array("logprobs", |array| chances.iter().for_each(|chance| array.raw(chance.logprob)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_a_piece_join_to_its_text() {
        let value =
            Value::parse(br#"{"text":"Hi there","token_ids":[1,2],"logprobs":[-0.5,-1e-3]}"#).unwrap();
        let chances = read(&value);
        let joined: String = chances.iter().map(|chance| chance.token.plain().into_owned()).collect();
        assert_eq!(joined, "Hi there");
        assert_eq!(chances.iter().map(|chance| chance.logprob).collect::<Vec<_>>(), ["-0.5", "-1e-3"]);
        let mut out = Vec::new();
        crate::json::object(&mut out, |item| write(item, &chances));
        assert_eq!(out, br#"{"token_ids":[],"text":"Hi there","logprobs":[-0.5,-1e-3]}"#);
    }

    #[test]
    fn a_piece_without_numbers_says_nothing() {
        let value = Value::parse(br#"{"text":"Hi","token_ids":[1]}"#).unwrap();
        assert_eq!(read(&value), []);
    }
}
