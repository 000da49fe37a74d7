//! One value without parts against its schema: type, range, choice, and the formats that have a unit.

use engine::route::near;
use engine::route::spec::{PATIENCE_FORMAT, PatienceSpec, SHARE_FORMAT, ShareSpec};
use engine::route::time::{LIMIT_FORMAT, SPAN_FORMAT, TimeLimit, TimeSpan};
use serde_json::Value as Json;

use super::schema;
use crate::file::{AMOUNT_FORMAT, Amount, ByteSize, DOLLARS_FORMAT, Dollars, SIZE_FORMAT};
use crate::yaml::{Resolved, Scalar, Style, resolve};

/// The value as JSON, as the schema wants it.
pub(super) fn convert(scalar: &Scalar, schema: &Json) -> Result<Json, String> {
    if let Some(choices) = schema::choices(schema) {
        return choice(scalar, &choices);
    }
    if matches!(schema::format(schema), Some(AMOUNT_FORMAT | DOLLARS_FORMAT)) {
        // As it was written, however it looks: floating point would lose digits of it.
        return text(&scalar.text, schema);
    }
    let resolved = resolve(scalar);
    let allows = |kind| schema::allows(schema, kind);
    match resolved {
        Resolved::Whole(number) if allows("integer") => whole(number.into(), schema),
        Resolved::Large(number) if allows("integer") => whole(number.into(), schema),
        Resolved::Whole(_) | Resolved::Large(_) | Resolved::Decimal(_) if allows("number") => {
            decimal(&scalar.text, schema)
        }
        Resolved::Truth(truth) if allows("boolean") => Ok(Json::from(truth)),
        // A number where a text is wanted is that text as it was written: `model: 4`.
        Resolved::Text(_) | Resolved::Whole(_) | Resolved::Large(_) | Resolved::Decimal(_)
            if allows("string") =>
        {
            text(&scalar.text, schema)
        }
        _ if scalar.style == Style::Interpolated && allows("string") => text(&scalar.text, schema),
        found => Err(format!("expected {}, found {}", schema::expected(schema), name(&found, scalar))),
    }
}

fn choice(scalar: &Scalar, choices: &[&str]) -> Result<Json, String> {
    let text = scalar.text.as_str();
    if choices.contains(&text) {
        return Ok(Json::from(text));
    }
    let listed: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    let suggestion = near::suggestion(text, choices.iter().copied());
    Err(format!("expected {}, found `{text}`{suggestion}", listed.join(" or ")))
}

fn text(text: &str, schema: &Json) -> Result<Json, String> {
    let problem = match schema::format(schema) {
        Some(SPAN_FORMAT) => text.parse::<TimeSpan>().err().map(|problem| problem.to_string()),
        Some(LIMIT_FORMAT) => text.parse::<TimeLimit>().err().map(|problem| problem.to_string()),
        Some(PATIENCE_FORMAT) => text.parse::<PatienceSpec>().err().map(|problem| problem.to_string()),
        Some(SHARE_FORMAT) => text.parse::<ShareSpec>().err().map(|problem| problem.to_string()),
        Some(SIZE_FORMAT) => text.parse::<ByteSize>().err().map(|problem| problem.to_string()),
        Some(DOLLARS_FORMAT) => text.parse::<Dollars>().err().map(|problem| problem.to_string()),
        Some(AMOUNT_FORMAT) => text.parse::<Amount>().err().map(|problem| problem.to_string()),
        _ => None,
    };
    match problem {
        Some(problem) => Err(format!("{problem}, found `{text}`")),
        None => Ok(Json::from(text)),
    }
}

fn whole(number: i128, schema: &Json) -> Result<Json, String> {
    let bound = |name: &str| schema.get(name).and_then(|bound| bound.as_i64().map(i128::from));
    let least = bound("minimum").unwrap_or(i128::from(i64::MIN));
    let most = bound("maximum").unwrap_or(i128::from(u64::MAX));
    if !(least..=most).contains(&number) {
        let range = match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("of at least {least}"),
            _ => format!("of at most {most}"),
        };
        return Err(format!("expected a whole number {range}, found {number}"));
    }
    let json = u64::try_from(number).map(Json::from).or_else(|_| i64::try_from(number).map(Json::from));
    json.map_err(|_| format!("{number} is out of range"))
}

fn decimal(text: &str, schema: &Json) -> Result<Json, String> {
    let number = text.parse::<f64>().map_err(|_| "expected a number".to_owned())?;
    let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
    let (least, most) = (bound("minimum").unwrap_or(f64::MIN), bound("maximum").unwrap_or(f64::MAX));
    if (least..=most).contains(&number) {
        Ok(Json::from(number))
    } else {
        Err(format!("expected a number from {least} to {most}, found {text}"))
    }
}

fn name(found: &Resolved<'_>, scalar: &Scalar) -> String {
    match found {
        Resolved::Nothing => "nothing".to_owned(),
        Resolved::Truth(truth) => format!("`{truth}`"),
        Resolved::Whole(_) | Resolved::Large(_) | Resolved::Decimal(_) => {
            format!("the number {}", scalar.text)
        }
        Resolved::Text(_) => "a text".to_owned(),
    }
}
