//! What a model of some generation takes, where OpenAI's own generations differ ("Prompt caching"). The generation is read
//! from the model's name, whoever serves it.

/// Marks of cached prompts are taken since GPT-5.6.
const MARKS_SINCE: (u32, u32) = (5, 6);

/// Whether the model takes marks up to which a prompt may be cached. One that is not known is taken for an older one, which
/// caches unasked.
pub(super) fn takes_cache_marks(model: &str) -> bool {
    version(model).is_some_and(|version| version >= MARKS_SINCE)
}

/// The numbers after `gpt-`: `gpt-5.6-sol`, `openai/gpt-6-astra`.
fn version(model: &str) -> Option<(u32, u32)> {
    let (_, name) = model.split_once("gpt-")?;
    let digits = |text: &str| -> Option<u32> {
        text.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
    };
    let minor = name.split_once('.').filter(|(major, _)| major.bytes().all(|byte| byte.is_ascii_digit()));
    Some((digits(name)?, minor.and_then(|(_, rest)| digits(rest)).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::{takes_cache_marks, version};

    #[test]
    fn the_generation_is_read_from_the_name() {
        for (model, expected) in [
            ("gpt-5", Some((5, 0))),
            ("gpt-4.1-mini", Some((4, 1))),
            ("openai/gpt-5.6-sol", Some((5, 6))),
            ("gpt-6-astra-2026.1", Some((6, 0))),
            ("gpt-4o", Some((4, 0))),
            ("gpt-oss-120b", None),
            ("my-deployment", None),
        ] {
            assert_eq!(version(model), expected, "{model}");
        }
        assert!(takes_cache_marks("gpt-6-astra") && takes_cache_marks("gpt-5.10"));
        assert!(!takes_cache_marks("gpt-5.5") && !takes_cache_marks("my-deployment"));
    }
}
