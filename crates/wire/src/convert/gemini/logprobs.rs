//! How likely tokens were (Gemini API reference, `LogprobsResult`): the tokens that were chosen, and beside them the likeliest
//! ones at each place.

use crate::convert::form::TokenChance;
use crate::json::{ArrayWriter, ObjectWriter, Value};

/// Reads `logprobsResult` of a candidate.
pub(super) fn read<'a>(candidate: &Value<'a>) -> Vec<TokenChance<'a>> {
    let list = |key: &str| candidate.at(&["logprobsResult", key]).map(Value::elements).unwrap_or_default();
    let top = list("topCandidates");
    let chances = list("chosenCandidates").iter().enumerate().filter_map(|(place, chosen)| {
        let others = top.get(place).and_then(|step| step.get("candidates")).map(Value::elements);
        let top = others.unwrap_or_default().iter().filter_map(chance).collect();
        Some(TokenChance { top, ..chance(chosen)? })
    });
    chances.collect()
}

fn chance<'a>(token: &Value<'a>) -> Option<TokenChance<'a>> {
    Some(TokenChance {
        token: token.get("token")?.text()?,
        logprob: token.get("logProbability")?.as_number()?,
        bytes: None,
        top: Vec::new(),
    })
}

/// Writes `logprobsResult`.
pub(super) fn write(candidate: &mut ObjectWriter<'_>, chances: &[TokenChance<'_>]) {
    candidate.object("logprobsResult", |result| {
        result.array("topCandidates", |steps| {
            for chance in chances {
                steps.object(|step| step.array("candidates", |array| write_all(array, &chance.top)));
            }
        });
        result.array("chosenCandidates", |array| write_all(array, chances));
    });
}

fn write_all(array: &mut ArrayWriter<'_>, chances: &[TokenChance<'_>]) {
    for chance in chances {
        array.object(|token| {
            token.text("token", &chance.token);
            token.raw("logProbability", chance.logprob);
        });
    }
}
