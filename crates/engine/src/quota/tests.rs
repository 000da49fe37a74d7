//! Laws of the shaper, on virtual time.

use std::sync::Arc;
use std::time::Duration;

use domain::provider::{QuotaHeaders, RateLimitHeaders};
use domain::quota::{Allowance, Counted, UtilizationPolicy};
use domain::{CredentialId, KeyName, Priority, Quota};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{Arrival, Asked, Bounds, Claimant, Cost, Granted, Left, Report, Shaper, Ticket, Turn, reports};

const START: Duration = Duration::from_secs(1000);
const FOREVER: Duration = Duration::from_secs(1_000_000);

#[derive(Debug, Clone)]
struct Request {
    at: Duration,
    key: usize,
    priority: Priority,
    input: u64,
    patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Waiting,
    Granted(Duration),
    Refused(Duration),
}

/// A shaper with those who wait for it, whose calls end as soon as they begin.
struct World {
    shaper: Shaper<usize>,
    keys: Vec<KeyName>,
    credentials: Vec<CredentialId>,
    requests: Vec<Request>,
    fates: Vec<Fate>,
    tickets: Vec<Option<Ticket>>,
    order: Vec<usize>,
    most_waiting: usize,
}

fn cost(input: u64) -> Cost {
    Cost { input, ..Cost::default() }
}

fn quota(allowances: &[(Counted, u64, u64)]) -> Quota {
    let allowances = allowances.iter().map(|(counted, count, seconds)| Allowance {
        counted: *counted,
        count: *count,
        per: Duration::from_secs(*seconds),
    });
    Quota { allowances: allowances.collect(), ..Quota::default() }
}

impl World {
    fn new(quota: Quota, mut requests: Vec<Request>) -> Self {
        requests.sort_by_key(|request| request.at);
        Self {
            shaper: Shaper::new(Arc::new(quota)),
            keys: (0..4).map(|key| KeyName::from(format!("key-{key}"))).collect(),
            credentials: vec!["p#1".into()],
            fates: vec![Fate::Waiting; requests.len()],
            tickets: vec![None; requests.len()],
            order: Vec::new(),
            most_waiting: 0,
            requests,
        }
    }

    fn with<R>(&mut self, request: usize, act: impl FnOnce(&mut Shaper<usize>, &Asked<'_>) -> R) -> R {
        let Request { key, priority, input, .. } = self.requests[request];
        let asked = Asked {
            cost: cost(input),
            priority,
            claimant: Claimant { key: &self.keys[key], weight: 1 },
            credentials: &self.credentials,
        };
        act(&mut self.shaper, &asked)
    }

    fn granted(&mut self, request: usize, granted: &Granted, now: Duration) {
        let higher = self.tickets.iter().zip(&self.requests).zip(&self.fates);
        let inverted = higher
            .filter(|((ticket, other), fate)| {
                ticket.is_some()
                    && **fate == Fate::Waiting
                    && other.priority > self.requests[request].priority
            })
            .count();
        assert_eq!(inverted, 0, "a lower priority went first");
        self.fates[request] = Fate::Granted(now);
        self.order.push(request);
        self.shaper.ended(granted, None, now);
    }

    /// Lets everybody go whose turn it is; says when the next one may be.
    fn serve(&mut self, now: Duration) -> Option<Duration> {
        while let Some(head) = self.shaper.next().copied() {
            let ticket = self.tickets[head].unwrap();
            match self.with(head, |shaper, asked| shaper.turn(asked, ticket, now)) {
                Turn::Go(granted) => self.granted(head, &granted, now),
                Turn::In(wait) => return Some(now + wait),
                Turn::WhenTold => unreachable!("it is the head, and calls end at once"),
            }
        }
        None
    }

    fn arrive(&mut self, request: usize, queue_length_max: usize) {
        let now = self.requests[request].at;
        let bounds = Bounds { queue_length_max, patience: self.requests[request].patience };
        match self.with(request, |shaper, asked| shaper.arrive(asked, bounds, || request, now)) {
            Arrival::Go(granted) => self.granted(request, &granted, now),
            Arrival::Waits(ticket) => self.tickets[request] = Some(ticket),
            Arrival::Refused { retry_after } => self.fates[request] = Fate::Refused(retry_after),
        }
        self.most_waiting = self.most_waiting.max(self.shaper.waiting());
    }

    fn run(mut self, queue_length_max: usize, until: Duration) -> Self {
        let mut next_turn = None;
        for request in 0..self.requests.len() {
            let arrives = self.requests[request].at;
            while let Some(turn) = next_turn.filter(|turn| *turn <= arrives) {
                next_turn = self.serve(turn);
            }
            self.arrive(request, queue_length_max);
            next_turn = self.serve(arrives);
        }
        while let Some(turn) = next_turn.filter(|turn| *turn <= until) {
            next_turn = self.serve(turn);
        }
        self
    }

    /// Grants with what each took.
    fn grants(&self) -> Vec<(Duration, u64)> {
        let fates = self.fates.iter().zip(&self.requests);
        let mut grants: Vec<_> = fates
            .filter_map(|(fate, request)| match fate {
                Fate::Granted(at) => Some((*at, request.input)),
                _ => None,
            })
            .collect();
        grants.sort_unstable();
        grants
    }
}

fn most_within(grants: &[(Duration, u64)], span: Duration) -> (u64, u64) {
    let sums = grants.iter().map(|(end, _)| {
        let within = grants.iter().filter(|(at, _)| at <= end && *at + span > *end);
        within.fold((0, 0), |(count, tokens), (_, input)| (count + 1, tokens + input))
    });
    sums.fold((0, 0), |(counts, tokens), (count, sum)| (counts.max(count), tokens.max(sum)))
}

fn request() -> impl Strategy<Value = Request> {
    let priority = prop_oneof![Just(Priority::Realtime), Just(Priority::Standard), Just(Priority::Batch)];
    (0_u64..20_000, 0_usize..4, priority, 1_u64..100).prop_map(|(at, key, priority, input)| Request {
        at: START + Duration::from_millis(at),
        key,
        priority,
        input,
        patience: FOREVER,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_span_ever_holds_more_than_its_quota_and_everybody_is_served(
        requests in prop::collection::vec(request(), 1..120),
        per_second in 2_u64..10,
        tokens in 112_u64..500,
    ) {
        let quota = quota(&[(Counted::Requests, per_second, 1), (Counted::Tokens, tokens, 5)]);
        let world = World::new(quota, requests).run(1000, FOREVER);
        let grants = world.grants();
        prop_assert_eq!(grants.len(), world.requests.len());
        prop_assert!(most_within(&grants, Duration::from_secs(1)).0 <= per_second);
        prop_assert!(most_within(&grants, Duration::from_secs(5)).1 <= tokens);
    }

    #[test]
    fn the_queue_is_bounded_and_what_has_no_place_is_refused(
        requests in prop::collection::vec(request(), 1..80),
        length in 0_usize..10,
    ) {
        let world = World::new(quota(&[(Counted::Requests, 2, 10)]), requests).run(length, FOREVER);
        prop_assert!(world.most_waiting <= length);
        prop_assert!(!world.fates.contains(&Fate::Waiting));
    }

    #[test]
    fn a_request_that_is_refused_could_not_have_made_it(
        requests in prop::collection::vec(request(), 2..80),
        patience in 1_u64..20,
    ) {
        let mut requests = requests;
        requests.sort_by_key(|request| request.at);
        let patience = Duration::from_secs(patience);
        for request in &mut requests {
            (request.priority, request.key, request.patience) = (Priority::Standard, 0, patience);
        }
        let limits = [(Counted::Requests, 3, 2), (Counted::Tokens, 200, 7)];
        let world = World::new(quota(&limits), requests.clone()).run(1000, FOREVER);
        let refused = world.fates.iter().position(|fate| matches!(fate, Fate::Refused(_)));
        if let Some(refused) = refused {
            requests[refused].patience = FOREVER;
            let again = World::new(quota(&limits), requests.clone()).run(1000, FOREVER);
            let Fate::Granted(at) = again.fates[refused] else { panic!("it has all the time") };
            let Fate::Refused(expected) = world.fates[refused] else { unreachable!() };
            let waited = at - requests[refused].at;
            prop_assert!(waited > patience && waited >= expected, "{:?} {:?}", waited, expected);
        }
    }
}

#[test]
fn keys_with_the_same_weight_get_the_same_however_much_they_ask_for() {
    // One key sends many small requests, another few large ones, and a third ten times as many as there is place for.
    let spec = [(0_usize, 10_u64, 600_usize), (1, 90, 300), (2, 40, 2000)];
    let requests = spec.iter().flat_map(|(key, input, count)| {
        (0..*count).map(|_| Request {
            at: START,
            key: *key,
            priority: Priority::Standard,
            input: *input,
            patience: FOREVER,
        })
    });
    let quota = quota(&[(Counted::Tokens, 2000, 1)]);
    let world = World::new(quota, requests.collect()).run(100_000, START + Duration::from_secs(10));
    let mut weights = [0_u64; 3];
    let waited = |request: &&usize| world.tickets[**request].is_some();
    for request in world.order.iter().filter(waited) {
        let request = &world.requests[*request];
        weights[request.key] += cost(request.input).weight();
    }
    let mean = weights.iter().sum::<u64>() / 3;
    for weight in weights {
        assert!(weight.abs_diff(mean) * 20 <= mean, "{weights:?}");
    }
}

#[test]
fn batch_leaves_a_tenth_of_the_quota_to_the_others() {
    let batch =
        |_| Request { at: START, key: 0, priority: Priority::Batch, input: 1, patience: Duration::ZERO };
    let mut requests: Vec<_> = (0..100).map(batch).collect();
    let later = START + Duration::from_secs(1);
    requests.extend((0..10).map(|_| Request { at: later, priority: Priority::Realtime, ..batch(0) }));
    let world = World::new(quota(&[(Counted::Requests, 100, 60)]), requests).run(1000, FOREVER);
    let granted = |request: &usize| matches!(world.fates[*request], Fate::Granted(_));
    assert_eq!((0..100).filter(granted).count(), 90);
    assert_eq!((100..110).filter(granted).count(), 10);
}

/// A shaper of one credential, as one key asks it.
struct Single {
    shaper: Shaper<()>,
    key: KeyName,
    priority: Priority,
    credentials: [CredentialId; 1],
}

impl Single {
    fn new(quota: Quota) -> Self {
        let shaper = Shaper::new(Arc::new(quota));
        Self { shaper, key: "k".into(), priority: Priority::Standard, credentials: ["p#1".into()] }
    }

    fn with<R>(&mut self, cost: Cost, act: impl FnOnce(&mut Shaper<()>, &Asked<'_>) -> R) -> R {
        let asked = Asked {
            cost,
            priority: self.priority,
            claimant: Claimant { key: &self.key, weight: 1 },
            credentials: &self.credentials,
        };
        act(&mut self.shaper, &asked)
    }

    fn arrive(&mut self, cost: Cost, patience: Duration, now: Duration) -> Arrival {
        let bounds = Bounds { queue_length_max: 10, patience };
        self.with(cost, |shaper, asked| shaper.arrive(asked, bounds, || (), now))
    }

    fn turn(&mut self, ticket: Ticket, now: Duration) -> Turn {
        self.with(cost(1), |shaper, asked| shaper.turn(asked, ticket, now))
    }

    fn granted(&mut self, cost: Cost, now: Duration) -> Option<Granted> {
        match self.arrive(cost, Duration::ZERO, now) {
            Arrival::Go(granted) => Some(granted),
            _ => None,
        }
    }

    fn learn(&mut self, report: &Report, granted: Option<&Granted>, now: Duration) {
        let [credential] = self.credentials.clone();
        self.shaper.learn(&credential, report, granted, now);
    }
}

#[test]
fn what_was_not_used_is_given_back_and_what_was_used_beyond_is_taken() {
    let mut single = Single::new(quota(&[(Counted::Tokens, 100, 60)]));
    let granted = single.granted(cost(80), START).unwrap();
    assert!(single.granted(cost(30), START).is_none());
    single.shaper.ended(&granted, Some(cost(20)), START + Duration::from_secs(2));
    let granted = single.granted(cost(30), START + Duration::from_secs(3)).unwrap();
    single.shaper.ended(&granted, Some(cost(90)), START + Duration::from_secs(4));
    assert!(single.granted(cost(1), START + Duration::from_secs(5)).is_none());
}

#[test]
fn cached_input_is_free_and_output_counts_by_its_factor_where_the_quota_says_so() {
    let spent = Cost { input: 100, cached_input: 60, output: 10 };
    let plain = Quota::default();
    let special = Quota { cached_input_is_free: true, output_factor: 5, ..Quota::default() };
    assert_eq!((spent.of(Counted::Tokens, &plain), spent.of(Counted::Tokens, &special)), (110, 90));
    assert_eq!((spent.of(Counted::InputTokens, &plain), spent.of(Counted::InputTokens, &special)), (100, 40));
    assert_eq!(
        (spent.of(Counted::OutputTokens, &plain), spent.of(Counted::OutputTokens, &special)),
        (10, 50)
    );
}

#[test]
fn no_more_calls_are_under_way_than_may_be() {
    let mut single = Single::new(Quota { concurrency: Some(1), ..Quota::default() });
    let granted = single.granted(cost(1), START).unwrap();
    let Arrival::Waits(ticket) = single.arrive(cost(1), Duration::ZERO, START) else { panic!() };
    assert!(matches!(single.turn(ticket, START), Turn::WhenTold));
    single.shaper.ended(&granted, None, START);
    assert!(matches!(single.turn(ticket, START), Turn::Go(_)));
}

#[test]
fn what_an_answer_says_is_believed_and_fills_up_by_the_time_that_it_says() {
    let mut single = Single::new(Quota::default());
    let report = Report::Left(Left {
        counted: Counted::Requests,
        limit: Some(10),
        remaining: 0,
        full_in: Some(Duration::from_secs(10)),
    });
    single.learn(&report, None, START);
    assert!(single.granted(cost(1), START).is_none());
    let Arrival::Refused { retry_after } = single.arrive(cost(1), Duration::ZERO, START) else { panic!() };
    assert_eq!(retry_after.as_millis(), 1000);
    assert!(single.granted(cost(1), START + Duration::from_millis(1001)).is_some());
    assert!(single.granted(cost(1), START + Duration::from_millis(1002)).is_none());
    let full = START + Duration::from_secs(60);
    assert_eq!((0..20).filter_map(|_| single.granted(cost(1), full)).count(), 10, "never above its limit");
}

#[test]
fn calls_that_a_provider_cannot_have_seen_are_taken_off_what_it_says() {
    let mut single = Single::new(Quota::default());
    let report = |remaining| {
        Report::Left(Left {
            counted: Counted::Requests,
            limit: Some(10),
            remaining,
            full_in: Some(Duration::from_secs(600)),
        })
    };
    single.learn(&report(9), None, START);
    let first = single.granted(cost(1), START).unwrap();
    for _ in 0..3 {
        single.granted(cost(1), START).unwrap();
    }
    single.learn(&report(5), Some(&first), START);
    assert_eq!((0..9).filter_map(|_| single.granted(cost(1), START)).count(), 2);
}

#[test]
fn headers_are_read_as_the_provider_says_what_they_count() {
    let name = HeaderName::from_static;
    let known = RateLimitHeaders {
        quotas: vec![QuotaHeaders {
            counted: Some(Counted::Tokens),
            limit: Some(name("x-limit")),
            remaining: name("x-remaining"),
            reset: name("x-reset"),
        }],
        utilizations: vec![name("x-used"), name("x-used-too")],
    };
    let heeding = utilization(80);
    let read = |pairs: &[(&'static str, &'static str)]| {
        let headers: HeaderMap =
            pairs.iter().map(|(key, value)| (name(key), HeaderValue::from_static(value))).collect();
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        let heedless: Vec<_> = reports(&headers, &known, Some(&Quota::default()), now).collect();
        assert!(heedless.iter().all(|report| matches!(report, Report::Left(_))), "nobody asked for it");
        reports(&headers, &known, Some(&heeding), now).next()
    };
    let report = |limit, remaining, full_in| {
        Some(Report::Left(Left { counted: Counted::Tokens, limit, remaining, full_in }))
    };
    assert_eq!(
        read(&[("x-limit", "150000"), ("x-remaining", "149984"), ("x-reset", "6ms")]),
        report(Some(150_000), 149_984, Some(Duration::from_millis(6)))
    );
    assert_eq!(
        read(&[("x-remaining", "-5"), ("x-reset", "2026-11-20T10:00:30Z")]),
        report(None, 0, Some(Duration::from_secs(30)))
    );
    assert_eq!(read(&[("x-limit", "5")]), None);
    assert_eq!(read(&[("x-used", "86.5%")]), Some(Report::InUse(865)));
    assert_eq!(read(&[("x-used", "12"), ("x-used-too", "30")]), Some(Report::InUse(300)), "the highest");
    assert_eq!(read(&[("x-used", "some")]), None);
}

/// By what is in use, and nothing else.
fn utilization(batch_percent_max: u32) -> Quota {
    Quota { utilization: Some(UtilizationPolicy { batch_percent_max }), ..Quota::default() }
}

/// Who may call at once by what the last answer said.
fn may_call(told: u64, priority: Priority, later: Duration) -> bool {
    let mut single = Single::new(utilization(80));
    single.learn(&Report::InUse(told), None, START);
    let [credential] = single.credentials.clone();
    let used = single.shaper.used(&cost(1), priority, &[credential], START + later);
    single.priority = priority;
    let is_granted = single.granted(cost(1), START + later).is_some();
    assert_eq!(used < 1000, is_granted, "what routes see is what shapes requests");
    is_granted
}

#[test]
fn batch_waits_from_its_part_on_and_all_others_from_the_whole_on() {
    use Priority::{Batch, Realtime, Standard};
    let at_once = |told| [Batch, Standard, Realtime].map(|priority| may_call(told, priority, Duration::ZERO));
    assert_eq!(at_once(799), [true, true, true]);
    assert_eq!(at_once(800), [false, true, true]);
    assert_eq!(at_once(999), [false, true, true]);
    assert_eq!(at_once(1000), [false, false, false]);
    let later = Duration::from_secs(6) + Duration::from_millis(60);
    assert!(may_call(1100, Standard, later) && !may_call(1100, Batch, later));
}

#[test]
fn balancing_sees_the_part_that_is_in_use() {
    let mut single = Single::new(utilization(80));
    let [credential] = single.credentials.clone();
    let mut used = |told| {
        single.learn(&Report::InUse(told), None, START);
        single.shaper.used(&cost(1), Priority::Standard, std::slice::from_ref(&credential), START)
    };
    assert_eq!([used(0), used(135), used(865), used(1000)], [0, 135, 865, 1000]);
}

#[test]
fn only_what_is_in_use_of_every_credential_is_said_to_be_too_much() {
    let mut shaper = Shaper::<()>::new(Arc::new(utilization(80)));
    let credentials: [CredentialId; 2] = ["p#1".into(), "p#2".into()];
    let mut too_much = |tolds: [u64; 2], priority| {
        for (credential, told) in credentials.iter().zip(tolds) {
            shaper.learn(credential, &Report::InUse(told), None, START);
        }
        shaper.too_much_in_use(priority, &credentials, START)
    };
    assert_eq!(too_much([1042, 1000], Priority::Standard), Some(1000));
    assert_eq!(too_much([1042, 999], Priority::Standard), None);
    assert_eq!(too_much([865, 900], Priority::Batch), Some(865));
    assert_eq!(too_much([0, 900], Priority::Batch), None);
}

proptest! {
    #[test]
    fn whatever_answers_tell_everybody_is_served_within_two_minutes(
        tolds in prop::collection::vec((0_u64..3000, 0_u64..100_000), 1..20),
        batch_percent_max in 1_u32..=100,
        priority in prop_oneof![Just(Priority::Batch), Just(Priority::Standard), Just(Priority::Realtime)],
    ) {
        let mut single = Single::new(utilization(batch_percent_max));
        single.priority = priority;
        let mut now = START;
        for (told, later) in tolds {
            single.learn(&Report::InUse(told), None, now);
            now += Duration::from_millis(later);
            match single.arrive(cost(1), FOREVER, now) {
                Arrival::Go(_) => {}
                Arrival::Waits(ticket) => {
                    let Turn::In(wait) = single.turn(ticket, now) else { panic!("it is the only one") };
                    prop_assert!(wait <= Duration::from_secs(120));
                    now += wait;
                    prop_assert!(matches!(single.turn(ticket, now), Turn::Go(_)));
                }
                Arrival::Refused { .. } => panic!("it has all the time"),
            }
        }
    }
}
