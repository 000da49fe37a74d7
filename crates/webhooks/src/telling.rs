//! A notice as replicas agree on it: which message it is, for whom, and for how long nobody else is to tell it.

use std::time::Duration;

use domain::allotment::Span;
use domain::notice::{BudgetNews, BudgetNotice};

use crate::message::Message;

/// How much longer than its span it is remembered what was told in it, since clocks differ.
const KEPT_LONGER: Duration = Duration::from_secs(86_400);

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    /// What tells the account and the span from all others.
    pub(crate) key: String,
    /// The threshold; none where nothing is left.
    pub(crate) percent: Option<u8>,
    /// Of which amount, since another one is told of anew.
    pub(crate) limit: i128,
    pub(crate) message: Message,
    pub(crate) webhooks: Vec<Box<str>>,
    /// The length of a rolling span, in which it is told once.
    pub(crate) rolling: Option<Duration>,
    /// How long it is remembered from now on; for ever where none.
    pub(crate) kept_for: Option<Duration>,
}

impl Telling {
    /// The telling of a notice; none of one that is about no budget.
    pub(crate) fn of(notice: &BudgetNotice) -> Option<Self> {
        let budget = notice.budget()?;
        let percent = match notice.news {
            BudgetNews::Passed { percent } => Some(percent),
            BudgetNews::Exhausted => None,
        };
        let rolling = match budget.span {
            Span::Rolling(span) => Some(span),
            _ => None,
        };
        let kept_for = match (rolling, notice.period.ends) {
            (Some(span), _) => Some(span),
            (None, Some(ends)) => {
                let left = ends.saturating_mul(1_000).saturating_sub(notice.at_milliseconds).max(0);
                Some(Duration::from_millis(left.unsigned_abs()).saturating_add(KEPT_LONGER))
            }
            (None, None) => None,
        };
        Some(Self {
            key: format!("{}/{}", notice.account, notice.span_key()),
            percent,
            limit: notice.limit,
            message: Message::of(notice, budget, id(notice, percent, rolling)),
            webhooks: notice.webhooks().to_vec(),
            rolling,
            kept_for,
        })
    }
}

/// The id of its message. Every process makes the same one of the same news, so that whoever gets it from two of them, because they could not
/// ask each other, can see that it is one. In a rolling span the same may be told again after its length.
fn id(notice: &BudgetNotice, percent: Option<u8>, rolling: Option<Duration>) -> Box<str> {
    let which = rolling.map_or(0, |span| {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX).max(1);
        notice.at_milliseconds.div_euclid(span)
    });
    let news = percent.map_or("exhausted".to_owned(), |percent| percent.to_string());
    let mut hash = blake3::Hasher::new();
    for part in [&*notice.account, &notice.span_key(), &which.to_string(), &notice.limit.to_string(), &news] {
        hash.update(&part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest: String = hash.finalize().to_hex().chars().take(32).collect();
    format!("msg_{digest}").into()
}

#[cfg(test)]
mod tests {
    use domain::notice::BudgetNews;

    use super::Telling;
    use crate::tests::{budget, notice};

    #[test]
    fn the_same_news_has_the_same_id_in_every_process_and_other_news_another() {
        let of = |news, change: fn(&mut domain::notice::BudgetNotice)| {
            let mut notice = notice(budget(), news);
            change(&mut notice);
            Telling::of(&notice).unwrap().message.id
        };
        let half = BudgetNews::Passed { percent: 50 };
        let one = of(half, |_| {});
        assert!(one.starts_with("msg_") && !one.contains('.'), "{one}");
        assert_eq!(
            of(half, |notice| (notice.at_milliseconds, notice.spent) = (notice.at_milliseconds + 5, 77)),
            one
        );
        let others = [
            of(BudgetNews::Passed { percent: 80 }, |_| {}),
            of(BudgetNews::Exhausted, |_| {}),
            of(half, |notice| notice.limit += 1),
            of(half, |notice| notice.account = "b/other".into()),
            of(half, |notice| notice.period.begins = Some(7)),
        ];
        for (index, other) in others.iter().enumerate() {
            assert!(*other != one && !others[..index].contains(other));
        }
    }
}
