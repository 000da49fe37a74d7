//! What tests of several files make use of.

use std::sync::Arc;

use domain::allotment::{
    Allotment, AtLimit, Budget, CutOff, Reserve, Selector, Span, StoreDown, Terms, Unit, UnknownCost,
};
use domain::notice::{BudgetNews, BudgetNotice, NoticePeriod};

/// A budget of tokens that tells the webhook `w`.
pub(crate) fn budget() -> Budget {
    Budget {
        unit: Unit::Tokens,
        amount: 100,
        span: Span::Month,
        time_zone: "UTC".into(),
        raises: Vec::new(),
        warn_at: vec![50, 80],
        notify: vec!["w".into()],
        reserve: Reserve::Clamp,
        unknown_cost: UnknownCost::Refuse,
        cut_off: CutOff::Held,
        on_store_down: StoreDown::LastLease,
    }
}

/// A notice of the tenth of December 2025.
pub(crate) fn notice(budget: Budget, news: BudgetNews) -> BudgetNotice {
    let (selector, at_limit) = (Selector::default(), AtLimit::Refuse);
    let allotment = Allotment { name: "b".into(), selector, terms: Terms::Budget(budget), at_limit };
    BudgetNotice {
        allotment: Arc::new(allotment),
        group: "".into(),
        account: "b/0".into(),
        news,
        limit: 100,
        spent: 85,
        period: NoticePeriod { begins: Some(1_764_547_200), ends: Some(1_767_225_600) },
        at_milliseconds: 1_765_324_800_000,
        request_id: None,
    }
}
