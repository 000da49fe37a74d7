//! Signing in to a provider whose credential is no fixed text: a token that expires, or a signature over each request.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::SystemTime;

use bytes::Bytes;
use http::request::Parts;
use secrecy::SecretString;

use crate::base_url::BaseUrl;

/// Proves to a provider who calls.
///
/// Tokens are fetched and renewed in the background, so that proving is immediate: it waits for nothing and reads
/// nothing from outside.
pub trait SignIn: Debug + Send + Sync {
    /// Adds the proof to a request that is otherwise finished: its path, its headers and its body are those that will be
    /// sent. `head.uri` is path and query, `base` says to which host they go.
    ///
    /// # Errors
    /// When there is no proof now, or none for such a request. The request must not be sent then.
    fn sign(
        &self,
        head: &mut Parts,
        base: &BaseUrl,
        payload: Payload<'_>,
        now: SystemTime,
    ) -> Result<(), SignInProblem>;

    /// The secret that goes along with requests at the moment, so that it can be taken out of what a provider repeats.
    fn secret(&self) -> Option<SecretString>;

    /// While it is not known yet whether the first token can be had: what ends when it is. A request that comes so early
    /// may wait for it a little.
    fn pending(&self) -> Option<Pending<'_>>;
}

/// Ends when it is known whether a sign-in works.
pub type Pending<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The body of a request that is to be signed.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The whole of it, in pieces.
    Read(&'a [Bytes]),
    /// It is passed on as it comes.
    Unread,
}

/// Why nothing proves who calls. Tells no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInProblem {
    /// The first token is still being fetched.
    #[error("the sign-in to the provider is not done yet{}", Because(failure.as_deref()))]
    Pending {
        /// Why it was not had so far, when it was tried.
        failure: Option<Box<str>>,
    },
    /// The last token has expired and there is no newer one.
    #[error("the sign-in to the provider has expired{}", Because(failure.as_deref()))]
    Expired {
        /// Why it could not be renewed.
        failure: Option<Box<str>>,
    },
    /// The body has to be known for a signature, and was not read.
    #[error("the provider wants the whole body signed, and a body that is passed through is not read")]
    BodyUnread,
    /// The request has something that cannot be signed.
    #[error("the request cannot be signed: {0}")]
    Unsignable(Box<str>),
}

struct Because<'a>(Option<&'a str>);

impl std::fmt::Display for Because<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(failure) => write!(formatter, ": {failure}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SignInProblem;

    #[test]
    fn a_problem_says_why_where_that_is_known() {
        let pending = |failure: Option<&str>| SignInProblem::Pending { failure: failure.map(Into::into) };
        assert_eq!(pending(None).to_string(), "the sign-in to the provider is not done yet");
        assert_eq!(
            pending(Some("sts answered 403")).to_string(),
            "the sign-in to the provider is not done yet: sts answered 403"
        );
    }
}
