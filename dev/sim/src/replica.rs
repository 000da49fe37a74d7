//! A replica: the real ledger, and the course of exchanges as `inference/src/allotted/leases.rs` makes them.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Money;
use domain::allotment::Attribute;
use engine::credentials::Tried;
use engine::ledger::{
    Actual, Asked, Asking, Bound, Candidate, Claims, Described, Ledger, Moment, Named, PassedOver, Proposal,
    Reservation, Shared, Tokens, Why,
};
use jiff::{SignedDuration, Timestamp};

use crate::scenario::{CREDENTIALS, KEYS, allotments};
use crate::store::{Answer, Ask, STORE_AHEAD, Store};

/// When the course begins: 20 seconds before an hour of the clock is over.
const BEGINS: i64 = 1_700_002_780;
/// How long a request waits for what others may give back, and an exchange for the store.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(1);
pub(crate) const STORE_WAIT_MAX: Duration = Duration::from_secs(2);
/// What requests ask for.
const MODEL: &str = "p/m";
/// How often a change is made anew because another replica was faster.
const ROUNDS_MAX: u32 = 16;

/// A request of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) key: &'static str,
    /// What it costs at most, and what it costs.
    pub(crate) most: i128,
    pub(crate) cost: i128,
    pub(crate) lasts: Duration,
    /// Which of the credentials is tried first.
    pub(crate) first: usize,
}

impl Request {
    /// One that costs so much, whoever sends it.
    fn of(most: i128, cost: i128) -> Self {
        Self { key: KEYS[0], most, cost, lasts: Duration::ZERO, first: 0 }
    }

    /// The credential that it is sent with, of those that it does not pass over.
    fn credential(&self, passed_over: Tried) -> Option<&'static str> {
        let turns = (0..CREDENTIALS.len()).map(|turn| (self.first + turn) % CREDENTIALS.len());
        turns.filter(|index| !passed_over.has(*index)).find_map(|index| CREDENTIALS.get(index).copied())
    }
}

/// Where requests go: one target with all credentials but those that are passed over.
fn candidates(passed_over: Tried) -> [Candidate<'static>; 1] {
    let credentials = CREDENTIALS.into_iter().enumerate().filter(|(index, _)| !passed_over.has(*index));
    [Candidate { place: "", provider: "p", model: MODEL.to_owned(), credentials: credentials.collect() }]
}

fn named(credential: &str) -> Named<'_> {
    Named { provider: "p", model: Some(MODEL), credential: Some(credential) }
}

impl Described for Request {
    fn value(&self, attribute: &Attribute) -> Option<&str> {
        matches!(attribute, Attribute::Key).then_some(self.key)
    }
}

/// For how long a request waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The others were not asked yet.
    Fresh,
    /// They were.
    Waits,
    /// It waits no longer.
    Over,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// With which credential.
    Served(Box<Reservation>, &'static str),
    /// It is short of what the others may give.
    Short(Vec<Shared>),
    Refused,
}

/// A request that is served.
#[derive(Debug)]
pub(crate) struct Open {
    /// Its number in the audit.
    pub(crate) known: usize,
    pub(crate) request: Request,
    pub(crate) credential: &'static str,
    pub(crate) held: Box<Reservation>,
}

/// An exchange that is under way.
#[derive(Debug)]
struct Exchange {
    account: Shared,
    asked: Duration,
    /// The message whose answer is waited for.
    message: u64,
    rounds: u32,
    proposal: Option<Proposal>,
}

/// A message to the store.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) key: Box<str>,
    pub(crate) ask: Ask,
}

/// A replica.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) ledger: Ledger,
    /// Its name, which no other start of a replica has.
    holder: String,
    /// How far its clock is ahead.
    ahead: SignedDuration,
    exchanges: BTreeMap<Box<str>, Exchange>,
    messages: u64,
    /// Whether it ends once its requests have.
    pub(crate) is_leaving: bool,
    /// Whether it has begun to give back what was granted to it.
    pub(crate) has_left: bool,
    /// Requests that are served.
    pub(crate) open: BTreeMap<u64, Open>,
    /// Requests that wait for what others may give back, and until when.
    pub(crate) waiting: BTreeMap<u64, (Request, Duration)>,
}

impl Replica {
    pub(crate) fn start(number: u64, ahead: SignedDuration) -> Self {
        Self {
            ledger: Ledger::shared(&allotments(), None),
            holder: number.to_string(),
            ahead,
            exchanges: BTreeMap::new(),
            messages: number << 32,
            is_leaving: false,
            has_left: false,
            open: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Now, by its clocks.
    pub(crate) fn moment(&self, now: Duration) -> Moment {
        let begins = Timestamp::from_second(BEGINS).unwrap_or_default();
        Moment { steady: now, wall: begins + now + self.ahead }
    }

    /// Holds what a request costs at most. It passes over credentials that have too little left, and those that others may give something to, once
    /// they were asked.
    pub(crate) fn reserve(&self, request: &Request, patience: Patience, now: Duration) -> Verdict {
        let most = Bound { tokens: None, money: Some(Money::from_pico_usd(request.most)) };
        let thought = tokens(request.most);
        let asked = Asked { most, thought, ..Asked::default() };
        let moment = self.moment(now);
        let (mut passed_over, mut may_be_given_back) = (PassedOver::default(), Vec::new());
        loop {
            let left = passed_over.credentials_at("");
            let Some(credential) = request.credential(left) else {
                return if may_be_given_back.is_empty() {
                    Verdict::Refused
                } else {
                    Verdict::Short(may_be_given_back)
                };
            };
            let claims = self.claims(request, left);
            let denials = match self.ledger.reserve_or_tell(&claims, &asked, moment) {
                Ok(held) => return Verdict::Served(Box::new(held), credential),
                Err(denials) => denials,
            };
            if matches!(denials.first().why, Why::Unleased(_)) && patience != Patience::Over {
                let short = self.ledger.short(&claims, moment);
                if patience == Patience::Fresh || !denials.are_by_target() {
                    return Verdict::Short(short);
                }
                may_be_given_back.extend(short);
            }
            if !denials.are_by_target() || passed_over.pass(&candidates(left), &denials, request).is_none() {
                return Verdict::Refused;
            }
        }
    }

    fn claims(&self, request: &Request, passed_over: Tried) -> Claims {
        let candidates = candidates(passed_over);
        let named: Vec<_> = candidates.iter().flat_map(Candidate::named).map(|(_, named)| named).collect();
        self.ledger.claims(request, &named)
    }

    /// A request has ended that was sent with a credential.
    pub(crate) fn ends(&self, Open { request, credential, held, .. }: Open, now: Duration) {
        self.settle(&request, Some(credential), *held, now);
    }

    fn settle(&self, request: &Request, credential: Option<&str>, held: Reservation, now: Duration) {
        let money = Some(Money::from_pico_usd(request.cost));
        let actual = Actual { tokens: Some(tokens(request.cost)), money };
        held.settle(&actual, request, credential.map(named).as_ref(), self.moment(now));
    }

    /// Begins to exchange an account, if that is not under way.
    pub(crate) fn begin(&mut self, account: Shared, now: Duration) -> Option<Message> {
        let key = account.key();
        if self.exchanges.contains_key(&key) {
            return None;
        }
        let message = self.next_message();
        let exchange = Exchange { account, asked: now, message, rounds: 0, proposal: None };
        self.exchanges.insert(key.clone(), exchange);
        Some(Message { number: message, key, ask: Ask::Read })
    }

    /// The store has answered, at a time by its clock. What is asked next; none where the exchange is over.
    pub(crate) fn answered(
        &mut self,
        message: &Message,
        answer: Answer,
        store_time: Duration,
        now: Duration,
    ) -> Option<Message> {
        let exchange = self.exchanges.get(&message.key);
        if exchange.is_none_or(|exchange| exchange.message != message.number) {
            return None;
        }
        let Exchange { account, asked, rounds, proposal, .. } = self.exchanges.remove(&message.key)?;
        let moment = self.moment(now);
        let found = match (answer, proposal) {
            (Answer::Found(found), _) => found,
            (Answer::Done, proposal) => {
                account.agree(&proposal?, moment);
                return None;
            }
        };
        let asking = Asking { holder: &self.holder, is_leaving: self.has_left, asked, store_time };
        let (version, value) = found.unzip();
        let proposal = account.propose(value.as_deref(), &asking, moment).ok()??;
        let Some(value) = proposal.value.clone() else {
            account.agree(&proposal, moment);
            return None;
        };
        if rounds == ROUNDS_MAX {
            return None;
        }
        let ask = Ask::Replace { replaces: version, value, kept_for: proposal.kept_for };
        let (number, key) = (self.next_message(), message.key.clone());
        let (rounds, proposal) = (rounds + 1, Some(proposal));
        self.exchanges
            .insert(key.clone(), Exchange { account, asked: now, message: number, rounds, proposal });
        Some(Message { number, key, ask })
    }

    /// An answer of the store was waited for long enough.
    pub(crate) fn give_up(&mut self, message: &Message) {
        let exchange = self.exchanges.get(&message.key);
        if exchange.is_some_and(|exchange| exchange.message == message.number) {
            self.exchanges.remove(&message.key);
        }
    }

    /// Whether the store is asked about nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Whether so much of what all requests may cost can still be held, or those with a credential, when the store answers at once.
    pub(crate) fn spends(
        &self,
        credential: Option<&str>,
        amount: i128,
        store: &mut Store,
        now: Duration,
    ) -> bool {
        let most = Bound { tokens: None, money: Some(Money::from_pico_usd(amount)) };
        let asked = Asked { most, ..Asked::default() };
        let held = match credential {
            Some(credential) => self.fits(("credential", credential), &asked, store, now),
            None => self.fits(("total", ""), &asked, store, now),
        };
        held.is_some_and(|held| {
            self.settle(&Request::of(amount, 0), None, held, now);
            true
        })
    }

    /// How many requests can be under way, and how many can begin, when the store answers at once.
    pub(crate) fn begins(&self, store: &mut Store, now: Duration) -> (usize, usize) {
        let request = Request::of(1, 1);
        let asked = Asked { thought: tokens(request.most), ..Asked::default() };
        let under_way: Vec<_> = std::iter::from_fn(|| self.fits(("pace", ""), &asked, store, now)).collect();
        let mut begun = under_way.len();
        for held in under_way {
            self.settle(&request, None, held, now);
        }
        let at_once = begun;
        while let Some(held) = self.fits(("pace", ""), &asked, store, now) {
            self.settle(&request, None, held, now);
            begun += 1;
        }
        (at_once, begun)
    }

    /// Holds something of one account.
    fn fits(
        &self,
        (name, group): (&str, &str),
        asked: &Asked,
        store: &mut Store,
        now: Duration,
    ) -> Option<Reservation> {
        let moment = self.moment(now);
        let place = allotments().iter().position(|allotment| allotment.name.as_str() == name)?;
        let claims = self.claims(&Request::of(0, 0), Tried::default());
        let is_meant = |(claimed, of): &(usize, Box<str>)| *claimed == place && &**of == group;
        let claims: Claims = claims.into_iter().filter(is_meant).collect();
        for _ in 0..2 {
            if let Ok(held) = self.ledger.reserve(&claims, asked, moment) {
                return Some(held);
            }
            for account in self.ledger.short(&claims, moment) {
                let (replaces, value) = store.find(&account.key(), now).unzip();
                let store_time = now + STORE_AHEAD;
                let asking = Asking { holder: &self.holder, is_leaving: false, asked: now, store_time };
                let proposal = account.propose(value.as_deref(), &asking, moment).ok()??;
                if let Some(value) = proposal.value.clone() {
                    let ask = Ask::Replace { replaces, value, kept_for: proposal.kept_for };
                    store.answer(&account.key(), ask, now)?;
                }
                account.agree(&proposal, moment);
            }
        }
        None
    }

    fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }
}

fn tokens(amount: i128) -> Tokens {
    Tokens { input: u64::try_from(amount).unwrap_or_default(), output: 0 }
}
