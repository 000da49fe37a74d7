//! Counts that `tiktoken` 0.14 gives, and laws that hold for any text.

use proptest::prelude::{ProptestConfig, any, proptest};

use super::Tokenizer;

fn count(text: &str) -> u64 {
    Tokenizer::o200k().unwrap().count(text)
}

#[test]
fn tokens_are_counted_as_tiktoken_counts_them() {
    for (text, tokens) in [
        ("", 0),
        ("hello world", 2),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("It's a don't-care; we'LL see, they\u{17f}s", 13),
        ("  leading and   trailing   ", 6),
        ("line\n\n  indented\r\n\tcode(x) => { return 42; } // done\n", 19),
        ("12345678901234567890", 7),
        ("Grüße aus Köln, schöne Straße!", 9),
        ("東京は日本の首都です。", 8),
        ("Привет, как дела?", 6),
        ("नमस्ते दुनिया", 5),
        ("مرحبا بالعالم", 4),
        ("🧑\u{200d}🚀🚀 to the 🌕!", 13),
        ("<|endoftext|>", 7),
        (r#"{"type":"object","properties":{"city":{"type":"string"}}}"#, 14),
        ("fn main() { println!(\"{}\", 1_000u64); }\n", 14),
        (" \u{a0}\u{2003}x", 3),
        ("e\u{301}te\u{301}", 4),
        ("CamelCaseHTTPServer2Go", 6),
        ("______________________________", 3),
        ("\n\n\n   \n x", 3),
    ] {
        assert_eq!(count(text), tokens, "{text:?}");
    }
    assert_eq!(count(&"a".repeat(128)), 16);
    assert_eq!(count(&["a".repeat(64), "b".repeat(64)].concat()), 26);
    assert_eq!(count(include_str!("../../../../LICENSE")), 2_262);
}

#[test]
fn a_word_without_end_costs_time_in_proportion_and_a_token_for_each_cut() {
    for letter in ["a", "_", "é", "\u{301}"] {
        let text = letter.repeat(10_000);
        let tokens = count(&text);
        assert!(tokens > 0 && tokens <= text.len() as u64, "{letter}: {tokens}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_pieces_of_a_text_are_the_text(text in any::<String>()) {
        let pieces: Vec<&str> = Tokenizer::o200k().unwrap().pieces.of(&text).collect();
        assert_eq!(pieces.concat(), text);
        assert!(count(&text) <= text.len() as u64);
        assert!(count(&text) >= pieces.len() as u64);
    }
}
