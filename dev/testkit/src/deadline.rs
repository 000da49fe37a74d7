//! The end of every wait of a test: far beyond what is ever needed, so that only a hanging test meets it, also on a machine that
//! does much else.

use std::future::Future;
use std::time::Duration;

const WAIT_MAX: Duration = Duration::from_secs(60);

/// Awaits `work`, at most a minute.
///
/// # Panics
/// When it takes longer; `what` says what did not happen.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(WAIT_MAX, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what} did not happen within {WAIT_MAX:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[tokio::test]
    async fn what_is_done_in_time_is_handed_on() {
        assert_eq!(within("this", async { 7 }).await, 7);
    }
}
