//! The smallest document that fits a JSON schema, for structured output and for the arguments of tools.

use serde_json::{Map, Number, Value, json};

/// How deep a document gets before arrays are left empty.
const DEPTH_MAX: usize = 16;

/// How many values a document has before arrays and optional parts are left out.
const VALUES_MAX: usize = 4_096;

/// The document. Understands what structured output allows (`platform.openai.com/docs/guides/structured-outputs`):
/// types, `enum`, `const`, `required`, `items`, `anyOf`, `$ref`, bounds of numbers, strings and arrays, and formats; and
/// Google's types in capitals (`ai.google.dev/api/caching#Schema`).
pub(super) fn instance(schema: &Value) -> Value {
    Builder { root: schema, values: 0 }.value(schema, 0)
}

struct Builder<'a> {
    root: &'a Value,
    values: usize,
}

impl<'a> Builder<'a> {
    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Value::Null;
        }
        let Some(fields) = schema.as_object() else {
            return json!({});
        };
        if let Some(constant) = fields.get("const") {
            return constant.clone();
        }
        if let Some(first) = fields.get("enum").and_then(Value::as_array).and_then(|list| list.first()) {
            return first.clone();
        }
        if let Some(target) = self.referenced(fields) {
            return self.value(target, depth + 1);
        }
        if let Some(chosen) = ["anyOf", "oneOf"].iter().find_map(|word| simplest(fields.get(*word)?)) {
            return self.value(chosen, depth + 1);
        }
        if let Some(parts) = fields.get("allOf").and_then(Value::as_array) {
            return self.all_of(fields, parts, depth);
        }
        match &*kind(fields) {
            "object" => self.object(fields, depth),
            "array" => self.array(fields, depth),
            "integer" | "number" => number(fields),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => string(fields),
        }
    }

    fn referenced(&self, fields: &Map<String, Value>) -> Option<&'a Value> {
        let pointer = fields.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer)
    }

    fn all_of(&mut self, fields: &Map<String, Value>, parts: &[Value], depth: usize) -> Value {
        let mut whole = Map::new();
        let own: Map<String, Value> = fields
            .iter()
            .filter(|(name, _)| *name != "allOf")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut last = Value::Null;
        let own = Value::Object(own);
        let has_own = own.as_object().is_some_and(|own| !own.is_empty());
        for part in parts.iter().chain(has_own.then_some(&own)) {
            match self.value(part, depth + 1) {
                Value::Object(members) => whole.extend(members),
                other => last = other,
            }
        }
        if whole.is_empty() { last } else { Value::Object(whole) }
    }

    /// The required properties; all of them where nothing is said to be required.
    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let properties = fields.get("properties").and_then(Value::as_object);
        let required = fields.get("required").and_then(Value::as_array);
        let names: Vec<&str> = match required {
            Some(names) => names.iter().filter_map(Value::as_str).collect(),
            None => properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect(),
        };
        for name in names {
            let property = properties.and_then(|properties| properties.get(name));
            let value = property.map_or(json!("text"), |schema| self.value(schema, depth + 1));
            object.insert(name.to_owned(), value);
        }
        Value::Object(object)
    }

    fn array(&mut self, fields: &Map<String, Value>, depth: usize) -> Value {
        let bound = |name| fields.get(name).and_then(Value::as_u64);
        let least = bound("minItems").unwrap_or(0);
        let full = depth >= DEPTH_MAX / 2 || self.values > VALUES_MAX / 2;
        let wanted = if full { least } else { least.max(1).min(bound("maxItems").unwrap_or(u64::MAX)) };
        let any = json!({ "type": "string" });
        let item = fields.get("items").filter(|items| items.is_object()).unwrap_or(&any);
        let mut array = Vec::new();
        for _ in 0..wanted {
            if self.values >= VALUES_MAX {
                break;
            }
            array.push(self.value(item, depth + 1));
        }
        Value::Array(array)
    }
}

/// The alternative that is not `null`, and no reference if there is one, so that recursive types end.
fn simplest(alternatives: &Value) -> Option<&Value> {
    let alternatives = alternatives.as_array()?;
    let is_null = |schema: &&Value| schema.get("type").and_then(Value::as_str) == Some("null");
    let is_reference = |schema: &&Value| schema.get("$ref").is_some();
    let plain = alternatives.iter().find(|schema| !is_null(schema) && !is_reference(schema));
    // A nullable reference may be the type itself again: `null` ends it.
    plain.or_else(|| alternatives.iter().find(is_null)).or_else(|| alternatives.first())
}

fn kind(fields: &Map<String, Value>) -> String {
    let named = match fields.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    };
    let implied = if fields.contains_key("properties") {
        "object"
    } else if fields.contains_key("items") {
        "array"
    } else {
        "string"
    };
    named.unwrap_or(implied).to_ascii_lowercase()
}

/// 1, moved into the bounds and to a multiple.
fn number(fields: &Map<String, Value>) -> Value {
    let bound = |name: &str| fields.get(name).and_then(Value::as_f64);
    let integer = kind(fields) == "integer";
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let margin = if integer { 1.0 } else { 0.5 };
    let least = bound("minimum").or(bound("exclusiveMinimum").map(|least| least + margin));
    let most = bound("maximum").or(bound("exclusiveMaximum").map(|most| most - margin));
    let mut number = 1.0_f64;
    number = most.map_or(number, |most| number.min(most));
    number = least.map_or(number, |least| number.max(least));
    if let Some(step) = step {
        number = (number / step).ceil() * step;
    }
    let whole = if integer { number.ceil() } else { number };
    // Whole numbers are written without a fraction, whatever the schema calls them.
    let text = if whole.fract() == 0.0 { format!("{whole:.0}") } else { whole.to_string() };
    text.parse::<Number>().map_or(Value::from(1), Value::Number)
}

fn string(fields: &Map<String, Value>) -> Value {
    let text = match fields.get("format").and_then(Value::as_str) {
        Some("date-time") => "2025-06-15T15:06:40Z",
        Some("date") => "2025-06-15",
        Some("time") => "15:06:40Z",
        Some("duration") => "PT1S",
        Some("email") => "text@example.com",
        Some("hostname") => "example.com",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("uri") => "https://example.com",
        _ => return Value::String(text_of_length(fields)),
    };
    Value::from(text)
}

fn text_of_length(fields: &Map<String, Value>) -> String {
    let bound =
        |name: &str| fields.get(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
    let least = bound("minLength").unwrap_or(0).min(VALUES_MAX);
    let most = bound("maxLength").unwrap_or(usize::MAX);
    let length = "text".len().max(least).min(most);
    "text".chars().cycle().take(length).collect()
}

#[cfg(test)]
mod tests;
