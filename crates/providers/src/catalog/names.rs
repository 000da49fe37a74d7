//! The forms in which a model's name is looked for, since providers take one model under many names.

/// The forms of a name, the most exact first: as it is, without the path in front of it, without the date behind it.
/// `name` is in small letters.
pub(super) fn forms(name: &str) -> Vec<&str> {
    let paths = [Some(name), behind_path(name), behind_region(name)];
    let forms = paths.into_iter().flatten().flat_map(|name| [Some(name), without_version(name)]);
    forms.flatten().collect()
}

/// `models/gemini-2.5-pro` (Gemini API), `publishers/google/models/gemini-2.5-pro` (Vertex AI), and the ARN of a model or a
/// profile (Amazon Bedrock: `arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5`).
fn behind_path(name: &str) -> Option<&str> {
    if name.starts_with("arn:") {
        return name.rsplit_once('/').map(|(_, model)| model);
    }
    name.strip_prefix("models/").or_else(|| name.rsplit_once("/models/").map(|(_, model)| model))
}

/// The prices of the catalogue are those of Amazon's region us-east-1, so a model that any region of the United States may
/// serve costs what it costs there. Other regions have prices of their own, and models of theirs in the catalogue.
fn behind_region(name: &str) -> Option<&str> {
    let model = if name.starts_with("arn:") { behind_path(name)? } else { name };
    model.strip_prefix("us.").filter(|model| model.contains('.'))
}

/// Without the date or the version: `-20250929`, `-2025-09-29`, `@20250929`, `@default`. A version whose price differs has a
/// line of its own.
fn without_version(name: &str) -> Option<&str> {
    if let Some((model, _)) = name.split_once('@').filter(|(model, _)| !model.is_empty()) {
        return Some(model);
    }
    let (model, end) = name.rsplit_once('-')?;
    if is_number(end, 8) {
        return Some(model);
    }
    let (model, month) = model.rsplit_once('-').filter(|_| is_number(end, 2))?;
    let (model, year) = model.rsplit_once('-').filter(|_| is_number(month, 2))?;
    is_number(year, 4).then_some(model)
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn a_name_is_looked_for_as_it_is_then_without_path_then_without_date() {
        for (name, expected) in [
            ("gpt-4o", vec!["gpt-4o"]),
            ("gpt-4o-2024-08-06", vec!["gpt-4o-2024-08-06", "gpt-4o"]),
            ("claude-haiku-4-5-20251001", vec!["claude-haiku-4-5-20251001", "claude-haiku-4-5"]),
            ("claude-haiku-4-5@20251001", vec!["claude-haiku-4-5@20251001", "claude-haiku-4-5"]),
            ("models/gemini-2.5-pro", vec!["models/gemini-2.5-pro", "gemini-2.5-pro"]),
            (
                "publishers/anthropic/models/claude-opus-5@20260101",
                vec![
                    "publishers/anthropic/models/claude-opus-5@20260101",
                    "publishers/anthropic/models/claude-opus-5",
                    "claude-opus-5@20260101",
                    "claude-opus-5",
                ],
            ),
            ("us.amazon.nova-lite-v1:0", vec!["us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"]),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0",
                vec![
                    "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0",
                    "us.amazon.nova-lite-v1:0",
                    "amazon.nova-lite-v1:0",
                ],
            ),
        ] {
            assert_eq!(forms(name), expected, "{name}");
        }
    }

    #[test]
    fn what_only_looks_like_a_date_stays() {
        for name in [
            "mistral-large-2411",
            "gpt-4-0613",
            "a-12-34",
            "@cf/meta/llama",
            "x-2024-8-6",
            "x-123456789",
            "us.x",
        ] {
            assert_eq!(forms(name), [name], "{name}");
        }
    }
}
