//! Tokens that are signed for Snowflake.

use serde_json::json;

use crate::sign_in::fake::{missing, mistakes, outside, ready, signed, started};
use crate::sign_in::rsa::tests::{PKCS8, verified};

const ACCOUNT: &str = "[snowflake]\naccount = \"myorg-acc.eu-central-1\"\n";

#[tokio::test]
async fn a_token_names_the_account_the_user_and_the_key() {
    let environment = [("SNOWFLAKE_USER", "robot"), ("SNOWFLAKE_PRIVATE_KEY_FILE", "/key.p8")];
    let plan = ready(ACCOUNT, &environment);
    let sign_in = started(&plan, &outside(&[("/key.p8", PKCS8)])).await;
    let head = signed(&*sign_in).unwrap();
    assert_eq!(head.headers["x-snowflake-authorization-token-type"], "KEYPAIR_JWT");
    let token = head.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let (_, claims) = verified(token);
    assert_eq!(
        claims,
        json!({
            "iss": "MYORG-ACC.ROBOT.SHA256:gA/bwCMW0+xNMKfd1WOLUUVG0gOiVJYkeP+YMTGnCR4=",
            "sub": "MYORG-ACC.ROBOT",
            "iat": 1_767_323_045,
            "exp": 1_767_326_645,
        })
    );
}

#[tokio::test]
async fn a_key_that_is_none_is_told_without_its_text() {
    let plan = ready(&format!("{ACCOUNT}user = \"u\"\nprivate_key = \"top-secret\""), &[]);
    let sign_in = started(&plan, &outside(&[])).await;
    let text = signed(&*sign_in).unwrap_err().to_string();
    assert!(
        text.contains("`private_key`: it holds no RSA private key") && !text.contains("top-secret"),
        "{text}"
    );
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(missing(ACCOUNT, &[("SNOWFLAKE_USER", "u")])[0], "SNOWFLAKE_USER");
    assert!(mistakes("[snowflake]", &[])[0].starts_with("sign_in.snowflake.account: it is missing"));
}
