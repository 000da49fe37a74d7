//! Keys as people write them, and what they seal.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use domain::ports::key_encryption::{DataKey, KeyEncryption};
use proptest::prelude::*;

use super::{LocalKey, RandomKey};

const RANDOM: RandomKey = || Some([3; 32]);

#[test]
fn a_key_is_32_bytes_in_any_usual_notation() {
    let bytes: [u8; 32] = std::array::from_fn(|place| 251 - u8::try_from(place).unwrap());
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = LocalKey::new(DataKey::new(bytes)).id().to_owned();
    for text in [
        STANDARD.encode(bytes),
        STANDARD_NO_PAD.encode(bytes),
        URL_SAFE_NO_PAD.encode(bytes),
        hexadecimal.to_uppercase(),
        format!(" {hexadecimal}\n"),
    ] {
        assert_eq!(LocalKey::parse(&text).unwrap().id(), id, "{text}");
    }
    for text in [
        "",
        "password",
        &hexadecimal.replacen('f', "", 1),
        &STANDARD.encode([1; 31]),
        &STANDARD.encode([1; 33]),
        "ä",
    ] {
        assert!(LocalKey::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_key_tells_only_which_it_is() {
    let key = LocalKey::new(DataKey::new([0xab; 32]));
    assert_eq!(format!("{key:?}"), format!("LocalKey({})", key.id()));
    assert!(!key.id().contains("abab") && key.id().starts_with("local:") && key.id().len() == 6 + 16);
}

#[tokio::test]
async fn without_randomness_nothing_is_sealed() {
    let key = LocalKey::new(DataKey::new([1; 32])).with(|| None);
    assert!(key.wrap(&DataKey::new([2; 32]), "a").await.is_err());
}

proptest! {
    #[test]
    fn a_data_key_comes_back_for_its_context_and_from_no_other_bytes(
        bytes: [u8; 32], context in ".{0,20}", place in 0_usize..60, flip in 1_u8..,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let key = LocalKey::new(DataKey::new([1; 32])).with(RANDOM);
            let wrapped = key.wrap(&DataKey::new(bytes), &context).await.unwrap();
            assert_eq!(key.unwrap(&wrapped, &context).await.unwrap().expose(), &bytes);
            assert!(key.unwrap(&wrapped, &format!("{context}x")).await.is_err());
            let mut damaged = wrapped;
            let place = place % damaged.len();
            damaged[place] ^= flip;
            assert!(key.unwrap(&damaged, &context).await.is_err());
            assert!(key.unwrap(&damaged[..place], &context).await.is_err());
        });
    }
}
