//! What is asked of the outside: to send a message, and to hear what became of it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use domain::notice::BudgetNotice;
use domain::provider::BaseUrl;
use http::Request;

/// A message as it is sent.
#[derive(Debug)]
pub struct Outgoing {
    /// Where to; its prefix is empty.
    pub base: BaseUrl,
    /// The request, with path and query as its URI.
    pub request: Request<Bytes>,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// An answer that is on its way, or why there is none.
pub type Posted<'a> = Pin<Box<dyn Future<Output = Result<Answer, String>> + Send + 'a>>;

/// Sends messages. Redirects are not followed, and what an answer says beyond its head is of no interest.
pub trait Post: Send + Sync {
    /// Sends one. Whoever waits for it says how long.
    fn post(&self, outgoing: Outgoing) -> Posted<'_>;
}

/// One attempt to deliver a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// To which webhook.
    pub webhook: &'a str,
    /// Which message.
    pub message_id: &'a str,
    /// How many attempts there were, with this one.
    pub attempts: u32,
    /// What becomes of it.
    pub verdict: &'a Verdict,
}

/// What becomes of a message after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is delivered.
    Delivered,
    /// It is sent again after a time.
    Again {
        /// After which.
        wait: Duration,
        /// Why.
        why: String,
    },
    /// It is not sent any more.
    GivenUp {
        /// Why.
        why: String,
    },
}

/// Hears what happens.
pub trait Observer: Send + Sync {
    /// This process is the one that tells a notice.
    fn told(&self, notice: &BudgetNotice);
    /// There was an attempt, or there will be none.
    fn attempted(&self, attempt: Attempt<'_>);
    /// So many messages are not delivered yet, of all replicas that share.
    fn undelivered(&self, count: usize);
    /// What replicas share cannot be read or written, or cannot be understood.
    fn failed(&self, why: &str);
}

impl fmt::Debug for dyn Observer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Observer")
    }
}
