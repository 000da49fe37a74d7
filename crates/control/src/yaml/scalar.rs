//! What an unquoted text means: the core schema of YAML 1.2.2 section 10.3.2. `yes`, `no`, `on` and `off` are texts.

use super::{Scalar, Style};

/// What a scalar is when nobody asks for a particular kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved<'a> {
    /// `null`, `~`, or nothing at all.
    Nothing,
    /// `true` or `false`.
    Truth(bool),
    /// A whole number that fits 64 bits.
    Whole(i64),
    /// A whole number above that, up to 64 bits without sign.
    Large(u64),
    /// A finite number with decimals or an exponent, or too large for 64 bits.
    Decimal(f64),
    /// Anything else.
    Text(&'a str),
}

/// What a scalar is: a text if it was quoted, else by the core schema.
#[must_use]
pub fn resolve(scalar: &Scalar) -> Resolved<'_> {
    if scalar.style == Style::Quoted {
        return Resolved::Text(&scalar.text);
    }
    match scalar.text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Nothing,
        "true" | "True" | "TRUE" => Resolved::Truth(true),
        "false" | "False" | "FALSE" => Resolved::Truth(false),
        text => number(text).unwrap_or(Resolved::Text(text)),
    }
}

fn number<'a>(text: &str) -> Option<Resolved<'a>> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Resolved::Whole);
    if let Some(digits) = text.strip_prefix("0o") {
        return digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| radix(digits, 8))?;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| radix(digits, 16))?;
    }
    if !is_decimal(text) {
        return None;
    }
    let whole = text.parse().ok().map(Resolved::Whole);
    let large = || text.parse().ok().map(Resolved::Large);
    let decimal = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Resolved::Decimal);
    whole.or_else(large).or_else(decimal)
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_is_number = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_is_number = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_is_number && exponent_is_number
}
