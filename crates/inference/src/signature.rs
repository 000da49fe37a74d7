//! Requests that are signed as AWS's clients do, in place of a key: who signed is known from the head, and whether it is
//! true once the body is there.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use domain::key_pair::SignedRequests;
use domain::{ApiKey, ErrorCode};
use http::HeaderMap;
use providers::sign_in::{Claim, SignedHead, VerifyProblem};
use secrecy::{ExposeSecret, SecretString};

use crate::access::good;
use crate::refusal::Refusal;

/// A signature that is still to be verified.
#[derive(Debug)]
pub(crate) struct Signature {
    claim: Claim,
    secret: SecretString,
    unsigned_payload: bool,
}

/// The key whose pair signed a request, as its head claims; `None` when it is not signed.
///
/// # Errors
/// When the pair is not known or its key not good any more, the claim is incomplete, or it was signed at another time.
pub(crate) fn claimed(
    headers: &HeaderMap,
    known: &SignedRequests,
    now: SystemTime,
) -> Result<Option<(Arc<ApiKey>, Signature)>, Refusal> {
    let Some(claim) = Claim::read(headers).map_err(refused)? else { return Ok(None) };
    let Some((secret, key)) = known.pairs.get(claim.access_key_id()) else { return Err(unknown(known)) };
    claim.check_time(now, known.clock_skew_max).map_err(refused)?;
    let signature = Signature { secret: secret.clone(), unsigned_payload: known.unsigned_payload, claim };
    Ok(Some((good(key, now)?, signature)))
}

impl Signature {
    /// Verifies it for a request whose body is there.
    ///
    /// # Errors
    /// 403 when it is not that of the request.
    pub(crate) fn verify(&self, head: SignedHead<'_>, body: &[Bytes]) -> Result<(), Refusal> {
        let secret = self.secret.expose_secret();
        self.claim.check_signature(head, body, secret, self.unsigned_payload).map_err(refused)
    }

    /// Verifies it for a request that is passed on unread, which can be believed only without a body.
    ///
    /// # Errors
    /// 403 when it has one, or the signature is another.
    pub(crate) fn verify_unread(&self, head: SignedHead<'_>, is_empty: bool) -> Result<(), Refusal> {
        if is_empty {
            return self.verify(head, &[]);
        }
        let message =
            "a body that is passed through is not read, so no signature can be verified for it; send a key";
        Err(Refusal::new(ErrorCode::SignatureRefused, message))
    }
}

fn refused(problem: VerifyProblem) -> Refusal {
    Refusal::new(ErrorCode::SignatureRefused, problem.to_string())
}

fn unknown(known: &SignedRequests) -> Refusal {
    let message = if known.pairing_secret.is_none() {
        "signed requests are not believed here; send the key itself, as `AWS_BEARER_TOKEN_BEDROCK` for AWS's clients, or \
         set `signed_requests.secrets` in the configuration"
    } else {
        "this access key id is not known here; `tollgate key pair` shows the pair of a key"
    };
    Refusal::new(ErrorCode::KeyUnknown, message)
}

#[cfg(test)]
mod tests {
    use super::{Arc, Bytes, ErrorCode, HeaderMap, SignedHead, SignedRequests, claimed};
    use domain::key_pair::PairingSecret;
    use domain::{ApiKey, KeyHash, KnownKey};
    use http::{HeaderName, HeaderValue, Method, Uri};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    /// 2015-08-30 12:36:00 UTC, when the request of AWS's signing test suite ("post-vanilla") was signed.
    fn signed_at() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    fn headers() -> HeaderMap {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                             SignedHeaders=host;x-amz-date, \
                             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        let fields = [
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", authorization),
        ];
        let fields =
            fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        fields.into_iter().collect()
    }

    fn known() -> SignedRequests {
        let key = ApiKey::new("k", Arc::default());
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned().into();
        SignedRequests {
            pairing_secret: PairingSecret::new(&KeyHash::of("x").to_string()).ok(),
            pairs: [("AKIDEXAMPLE".to_owned(), (secret, KnownKey::lasting(Arc::new(key))))].into(),
            clock_skew_max: Duration::from_secs(300),
            unsigned_payload: false,
        }
    }

    #[test]
    fn a_signed_request_is_that_of_the_key_whose_pair_signed_it() {
        let (key, signature) = claimed(&headers(), &known(), signed_at()).unwrap().unwrap();
        assert_eq!(key.name.as_str(), "k");
        let (headers, uri) = (headers(), Uri::from_static("/"));
        let head = SignedHead { method: &Method::POST, uri: &uri, headers: &headers };
        assert!(signature.verify(head, &[]).is_ok() && signature.verify_unread(head, true).is_ok());
        for refusal in [
            signature.verify(head, &[Bytes::from_static(b"{}")]),
            signature.verify(SignedHead { method: &Method::GET, ..head }, &[]),
            signature.verify_unread(head, false),
        ] {
            assert_eq!(refusal.unwrap_err().code, ErrorCode::SignatureRefused);
        }
        assert!(!format!("{signature:?}").contains("wJalr"));
    }

    #[test]
    fn a_pair_that_is_not_known_is_no_key_and_a_bad_claim_is_refused() {
        let code = |headers: &HeaderMap, known: &SignedRequests, now| {
            claimed(headers, known, now).map(|claimed| claimed.is_some()).map_err(|refusal| refusal.code)
        };
        assert_eq!(code(&HeaderMap::new(), &known(), signed_at()), Ok(false));
        assert_eq!(code(&headers(), &SignedRequests::default(), signed_at()), Err(ErrorCode::KeyUnknown));
        let late = signed_at() + Duration::from_secs(301);
        assert_eq!(code(&headers(), &known(), late), Err(ErrorCode::SignatureRefused));
        let mut undated = headers();
        undated.remove("x-amz-date");
        assert_eq!(code(&undated, &known(), signed_at()), Err(ErrorCode::SignatureRefused));
    }
}
