//! Calling providers: one attempt after another until one is committed or nothing is left to try.

mod allowance;
mod call_once;
mod chosen;
mod consider;
mod counting;
mod deadline;
mod deliver;
mod dispatch;
mod encode;
mod exchange;
mod failed;
mod fitness;
mod gather;
mod give_up;
mod hedge;
mod hold;
mod interpreter;
mod leg;
mod media;
mod mirror;
mod place;
mod prefix;
mod quota;
mod resume;
mod retrieval;
mod translate;
mod upgrade;
mod view;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::byte_budget::Hold;
use domain::route::Target;
use domain::{Endpoint, Route};
use engine::ledger::{Candidate, PassedOver};
use engine::{Prefix, estimated_tokens};
use http::{HeaderMap, Uri};
use wire::formats::RequestFacts;
use wire::json::Document;

use chosen::usable;
use fleet::allotted::{Admitted, Sent};
use fleet::canaries::Enrolled;

use crate::ending::Origin;
use crate::ingress::SentForm;
use crate::keeping::Kept;
use crate::pinned::Pinned;
use crate::response_owners::Owner;

pub(crate) use chosen::untried;
pub(crate) use consider::{foreseen, not_explained};
pub(crate) use deadline::Deadlines;
pub(crate) use dispatch::dispatch;
pub(crate) use encode::speaks_clients_format;
pub(crate) use translate::client_context;
pub(crate) use upgrade::Opened;

/// A request that is authorised and ready to be sent to a provider.
pub(crate) struct Call {
    pub(crate) origin: Origin,
    pub(crate) pinned: Arc<Pinned>,
    pub(crate) endpoint: Endpoint,
    /// Its URL, as the client wrote it.
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// The client's query, such as `beta=true` of Anthropic's SDKs.
    pub(crate) query: Option<Box<str>>,
    /// The request as JSON; of a form, its fields.
    pub(crate) document: Document,
    /// The request as it came, where that was a form.
    pub(crate) form: Option<SentForm>,
    pub(crate) facts: RequestFacts,
    /// The route as it was named, before the request's facts decided anything in it.
    pub(crate) named: Option<Arc<Route>>,
    /// The trials of canaries that it takes part in.
    pub(crate) enrolled: Enrolled,
    /// Who holds the conversation that the request continues, when that is known.
    pub(crate) owner: Option<Arc<Owner>>,
    /// What Tollgate keeps of it itself, whatever its target speaks.
    pub(crate) kept: Option<Kept>,
    /// What was said in answer before a stream broke off, for whoever goes on with it.
    pub(crate) said: Option<Box<str>>,
    /// What is held for it of limits and budgets, until it is called.
    pub(crate) admitted: Option<Box<Admitted>>,
    /// Where its calls are noted, for what is held.
    pub(crate) sent: Option<Sent>,
    /// The body's share of the byte budget, given back when the request is dropped.
    pub(crate) hold: Hold,
    /// How long the client took to send its body.
    pub(crate) waited: Duration,
    /// The beginnings of its prompt, from when they are asked for.
    pub(crate) prefix: OnceLock<Prefix>,
}

impl Call {
    /// A request about which nothing is decided yet.
    pub(crate) fn new(
        origin: Origin,
        pinned: Arc<Pinned>,
        endpoint: Endpoint,
        (uri, headers): (Uri, HeaderMap),
        (document, facts): (Document, RequestFacts),
        hold: Hold,
    ) -> Self {
        Self {
            origin,
            pinned,
            endpoint,
            uri,
            headers,
            query: None,
            document,
            form: None,
            facts,
            named: None,
            enrolled: Enrolled::default(),
            owner: None,
            kept: None,
            said: None,
            admitted: None,
            sent: None,
            hold,
            waited: Duration::ZERO,
            prefix: OnceLock::new(),
        }
    }

    /// About how many tokens it is, by the length of its body.
    pub(crate) fn estimated_tokens(&self) -> u64 {
        estimated_tokens(u64::try_from(self.document.body().len()).unwrap_or(u64::MAX))
    }

    /// The model that the client named; empty where the endpoint lets it name none.
    pub(crate) fn client_model(&self) -> &str {
        self.facts.model.as_deref().unwrap_or_default()
    }

    /// The model that a target is asked for: its own, else the client's.
    pub(crate) fn model_at<'c>(&'c self, target: &'c Target) -> &'c str {
        target.model.as_ref().map_or(self.client_model(), |model| model.as_str())
    }

    /// `provider/model` of a target, as limits and budgets know it.
    fn model_name(&self, target: &Target) -> String {
        format!("{}/{}", target.provider.name, self.model_at(target))
    }

    /// The targets of a route, with the credentials that are left for them; none where no limit and no budget is for some of them only.
    fn candidates_left<'r>(&self, route: &'r Route) -> Vec<Candidate<'r>> {
        match &self.sent {
            Some(sent) if self.pinned.ledger.is_by_target() => self.candidates(route, &sent.passed_over()),
            _ => Vec::new(),
        }
    }

    /// The targets of a route, with the credentials that may be used there but for those that are passed over.
    pub(crate) fn candidates<'r>(&self, route: &'r Route, passed_over: &PassedOver) -> Vec<Candidate<'r>> {
        let mut candidates = Vec::new();
        route.root.for_each_target(&mut |target| {
            let credentials = usable(self, target, passed_over.credentials_at(&target.path)).collect();
            candidates.push(Candidate {
                place: &target.path,
                provider: target.provider.name.as_str(),
                model: self.model_name(target),
                credentials,
            });
        });
        candidates
    }

    /// The beginnings of its prompt. Most routes do not ask, and then nothing is read.
    pub(crate) fn prefix(&self) -> &Prefix {
        self.prefix.get_or_init(|| prefix::of(&self.document))
    }

    /// The request as the client sent it.
    pub(crate) fn own_document(&self) -> &Document {
        self.kept.as_ref().map_or(&self.document, |kept| &kept.own)
    }
}
