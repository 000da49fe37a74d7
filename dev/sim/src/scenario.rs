//! What is simulated.

use std::sync::Arc;
use std::time::Duration;

use domain::Allotment;
use domain::allotment::{
    AtLimit, Attribute, Budget, CutOff, RateLimit, Reserve, Selector, Span, StoreDown, Terms, Unit,
    UnknownCost,
};
use domain::quota::{Allowance, Counted};

/// All requests that ever come may cost so much.
pub(crate) const TOTAL: i128 = 7_000;
/// Those that begin within a rolling span.
pub(crate) const OF_A_SPAN: i128 = 3_200;
/// Those of one key within an hour of the clock.
pub(crate) const OF_A_KEY: i128 = 3_000;
/// Those that are sent with one credential.
pub(crate) const OF_A_CREDENTIAL: i128 = 4_000;
/// A request costs at most so much.
pub(crate) const COST_MAX: u64 = 60;
/// The keys of clients.
pub(crate) const KEYS: [&str; 2] = ["a", "b"];
/// The credentials that requests are sent with, most of them with the first as long as that has enough.
pub(crate) const CREDENTIALS: [&str; 2] = ["p#1", "p#2"];
/// The length of the rolling span.
pub(crate) const SPAN: Duration = Duration::from_secs(15);

/// So many requests may begin at once, and as many more within that time.
pub(crate) const REQUESTS: Allowance =
    Allowance { counted: Counted::Requests, count: 45, per: Duration::from_secs(2) };
/// The same for tokens: a request is thought to take as many as it costs at most.
pub(crate) const TOKENS: Allowance =
    Allowance { counted: Counted::Tokens, count: 2_000, per: Duration::from_secs(3) };
/// So many requests may be under way.
pub(crate) const PERMITS: u32 = 40;

/// A kind of course.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// How many replicas there are.
    pub replicas: usize,
    /// How many requests come.
    pub requests: u64,
    /// For how long they come.
    pub lasts: Duration,
    /// Whether messages are lost, late and doubled, and the store is down at times.
    pub has_faults: bool,
    /// Whether replicas are killed, or told to end, and replaced.
    pub has_ends: bool,
    /// Whether all requests but the first go to one replica.
    pub is_lopsided: bool,
}

impl Scenario {
    /// Five replicas to whom everything happens.
    pub const FLEET: Self = Self {
        replicas: 5,
        requests: 1_000,
        lasts: Duration::from_secs(40),
        has_faults: true,
        has_ends: true,
        is_lopsided: false,
    };

    /// The same where all replicas live on, so that nothing may be lost.
    pub const LASTING: Self = Self { has_ends: false, ..Self::FLEET };

    /// One replica to whom nothing happens.
    pub const ALONE: Self = Self { replicas: 1, has_faults: false, has_ends: false, ..Self::FLEET };

    /// Five replicas to whom nothing happens, of which one has all the requests after the first second.
    pub const LOPSIDED: Self = Self { replicas: 5, is_lopsided: true, ..Self::ALONE };
}

/// What requests are charged to.
pub(crate) fn allotments() -> [Arc<Allotment>; 5] {
    let of_credential = Selector { group_by: vec![Attribute::Credential], ..Selector::default() };
    let of_key = Selector { group_by: vec![Attribute::Key], ..Selector::default() };
    let pace = RateLimit {
        allowances: vec![REQUESTS, TOKENS],
        concurrency: Some(PERMITS),
        on_store_down: StoreDown::LastLease,
    };
    [
        ("total", budget(TOTAL, Span::Once), Selector::default()),
        ("span", budget(OF_A_SPAN, Span::Rolling(SPAN)), Selector::default()),
        ("key", budget(OF_A_KEY, Span::Hour), of_key),
        ("pace", Terms::Rate(pace), Selector::default()),
        ("credential", budget(OF_A_CREDENTIAL, Span::Once), of_credential),
    ]
    .map(|(name, terms, selector)| {
        Arc::new(Allotment { name: name.into(), selector, terms, at_limit: AtLimit::Refuse })
    })
}

fn budget(amount: i128, span: Span) -> Terms {
    Terms::Budget(Budget {
        unit: Unit::Money,
        amount,
        span,
        time_zone: "UTC".into(),
        raises: Vec::new(),
        warn_at: Vec::new(),
        notify: Vec::new(),
        reserve: Reserve::Most,
        unknown_cost: UnknownCost::Refuse,
        cut_off: CutOff::Held,
        on_store_down: StoreDown::LastLease,
    })
}
