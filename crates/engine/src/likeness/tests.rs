//! Laws of likeness.

use proptest::prelude::*;

use super::{Fact, Likeness, TEXT_BYTES_MAX, cosine, features, likeness, most_alike, sketch};

const EXAMPLES: [(&str, usize); 9] = [
    ("Why does this function not compile?", 0),
    ("Refactor this class and write unit tests for it", 0),
    ("Fix the bug in my Python script, here is the stack trace", 0),
    ("Translate this paragraph into French", 1),
    ("How do you say good morning in Spanish?", 1),
    ("Correct the grammar of my German letter", 1),
    ("Where is my parcel? I ordered it last week", 2),
    ("I want to cancel my order and get my money back", 2),
    ("My invoice shows the wrong amount", 2),
];

fn three() -> Likeness {
    likeness(Fact::LastMessage, &EXAMPLES, 0.15).unwrap()
}

#[test]
fn a_text_goes_where_the_examples_share_its_words_and_their_forms() {
    let three = three();
    for (text, place) in [
        ("this code does not compile any more, why?", Some(0)),
        ("please write a test for these functions", Some(0)),
        ("python: KeyError, see the stack traces", Some(0)),
        ("can you translate my letter into Spanish", Some(1)),
        ("what are French paragraphs", Some(1)),
        ("please cancel the orders of last week", Some(2)),
        ("the amounts on both invoices are wrong", Some(2)),
        ("zzz", None),
        ("", None),
        ("?!", None),
    ] {
        assert_eq!(most_alike(&three, text), place, "{text}");
    }
}

#[test]
fn every_example_is_most_like_itself_in_any_case_and_punctuation() {
    let strict = likeness(Fact::Prompt, &EXAMPLES, 0.999).unwrap();
    for (text, place) in EXAMPLES {
        assert_eq!(most_alike(&strict, text), Some(place));
        let shouted = format!("  {} !!", text.to_uppercase().replace(' ', " - "));
        assert_eq!(most_alike(&strict, &shouted), Some(place), "{shouted}");
    }
}

#[test]
fn what_lies_beyond_the_bound_is_not_read() {
    let filler = "x".repeat(TEXT_BYTES_MAX);
    let cut = format!("{filler} {}", EXAMPLES[0].0);
    assert_eq!(features(&cut), features(&filler));
    let within = format!("{}é", "x".repeat(TEXT_BYTES_MAX - 1));
    assert_eq!(
        features(&within),
        features(within.get(..TEXT_BYTES_MAX - 1).unwrap()),
        "no letter is cut in two"
    );
}

#[test]
fn examples_without_a_letter_make_nothing_to_compare_with() {
    assert!(likeness(Fact::Prompt, &[("", 0), ("?!", 1)], 0.5).is_none());
    assert!(likeness(Fact::Prompt, &[], 0.5).is_none());
}

proptest! {
    #[test]
    fn likeness_is_mutual_and_lies_between_nothing_and_the_same(one: String, other: String) {
        let three = three();
        let (one, other) = (sketch(&features(&one), &three), sketch(&features(&other), &three));
        let alike = cosine(&one, &other);
        prop_assert!((0.0..=1.000_1).contains(&alike), "{alike}");
        prop_assert!((alike - cosine(&other, &one)).abs() < 1e-5);
        let same = cosine(&one, &one);
        prop_assert!(one.0.is_empty() || (same - 1.0).abs() < 1e-4, "{same}");
    }

    #[test]
    fn a_stricter_threshold_decides_for_no_other_branch(text in "[a-z ]{0,60}", low in 0.01_f32..1.0, high in 0.01_f32..1.0) {
        let at = |threshold| most_alike(&Likeness { threshold, ..three() }, &text);
        let (low, high) = (at(low.min(high)), at(low.max(high)));
        prop_assert!(high.is_none() || high == low);
    }
}
