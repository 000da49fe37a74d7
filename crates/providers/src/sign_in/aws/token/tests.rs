//! Our tokens against those of sagemaker-core 2.27.0, AWS's own Python library, for the same keys at the same time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sign_in::fake::{authorization, outside, ready, started};

const SETTINGS: &str =
    "[aws]\nservice = \"sagemaker\"\nregion = \"eu-central-1\"\ntoken_prefix = \"sagemaker-api-key-\"";

#[tokio::test]
async fn a_token_is_the_url_that_sagemakers_own_library_signs() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ];
    let of_session = [&keys[..], &[("AWS_SESSION_TOKEN", "SESSION/token==")]].concat();
    for (environment, session, signature) in [
        (&keys[..], "", "1388eb482727d8b8fcbb7f8eabdce5af3b80e55eae23f797d864f1dc148997d8"),
        (
            &of_session[..],
            "&X-Amz-Security-Token=SESSION%2Ftoken%3D%3D",
            "f82c134cde10453991aa42f0df6c4dd347ae5ad19b9b32d72642d184679fcfb8",
        ),
    ] {
        let sign_in = started(&ready(SETTINGS, environment), &outside(&[])).await;
        let sent = authorization(&*sign_in).unwrap();
        let token = sent.strip_prefix("Bearer sagemaker-api-key-").unwrap();
        let url = String::from_utf8(STANDARD.decode(token).unwrap()).unwrap();
        let expected = format!(
            "sagemaker.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-central-1%2Fsagemaker%2Faws4_request\
             &X-Amz-Date=20260102T030405Z&X-Amz-Expires=43200&X-Amz-SignedHeaders=host{session}\
             &X-Amz-Signature={signature}&Version=1"
        );
        let parts = |url: &str| {
            let mut parts: Vec<String> = url.split('&').map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(parts(&url), parts(&expected));
    }
}
