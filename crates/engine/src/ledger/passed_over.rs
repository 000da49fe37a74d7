//! What a request does not call because too little is left for it there: credentials of its targets, as if they rested, and targets of which
//! none is left.

use std::sync::Arc;

use smallvec::SmallVec;

use super::claims::{Described, Named};
use super::denied::{Denials, Denied};
use crate::credentials::Tried;

/// A target that a request may go to.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// Its place in the route.
    pub place: &'a str,
    /// Its provider.
    pub provider: &'a str,
    /// `provider/model`.
    pub model: String,
    /// The credentials that it may be called with: the place of each among the target's, and its id.
    pub credentials: SmallVec<[(usize, &'a str); 2]>,
}

impl Candidate<'_> {
    /// It as it is called with each of its credentials.
    pub fn named(&self) -> impl Iterator<Item = (usize, Named<'_>)> {
        let Self { provider, model, credentials, .. } = self;
        credentials.iter().map(|(index, credential)| {
            (*index, Named { provider, model: Some(model), credential: Some(credential) })
        })
    }

    /// It as it is called with any of its credentials.
    #[must_use]
    pub fn with_any(&self) -> Named<'_> {
        Named { provider: self.provider, model: Some(&self.model), credential: None }
    }
}

/// What a request does not call.
#[derive(Debug, Clone, Default)]
pub struct PassedOver(Vec<OfTarget>);

/// What of one target is not called.
#[derive(Debug, Clone)]
struct OfTarget {
    place: Box<str>,
    credentials: Tried,
    reasons: Vec<(usize, Arc<Denied>)>,
}

impl PassedOver {
    /// Whether that is nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The credentials that the target at a place is not called with.
    #[must_use]
    pub fn credentials_at(&self, place: &str) -> Tried {
        self.at(place).map_or_else(Tried::default, |of| of.credentials)
    }

    /// The same, each with what denies it.
    pub fn reasons_at(&self, place: &str) -> impl Iterator<Item = (usize, &Denied)> {
        let reasons = self.at(place).map(|of| of.reasons.as_slice()).unwrap_or_default();
        reasons.iter().map(|(index, denied)| (*index, &**denied))
    }

    /// All that deny anything, each once.
    #[must_use]
    pub fn reasons(&self) -> Vec<&Denied> {
        let mut distinct: Vec<&Denied> = Vec::new();
        for (_, denied) in self.0.iter().flat_map(|of| &of.reasons) {
            if !distinct.iter().any(|known| known.is_same_account(denied)) {
                distinct.push(denied);
            }
        }
        distinct
    }

    /// Passes over the credentials of these targets that were denied. The places of the targets that are left without one are told; `None` where
    /// nothing is denied of these targets that was not before.
    #[must_use]
    pub fn pass<'c>(
        &mut self,
        candidates: &[Candidate<'c>],
        denials: &Denials,
        request: &dyn Described,
    ) -> Option<Vec<&'c str>> {
        let denials: Vec<_> = denials.iter().map(|denied| Arc::new(denied.clone())).collect();
        let (mut lost, mut is_more) = (Vec::new(), false);
        for candidate in candidates {
            let mut is_left = false;
            for (index, named) in candidate.named() {
                match denials.iter().find(|denied| denied.is_for(request, &named)) {
                    Some(denied) => {
                        self.add(candidate.place, index, denied);
                        is_more = true;
                    }
                    None => is_left = true,
                }
            }
            if !is_left {
                lost.push(candidate.place);
            }
        }
        is_more.then_some(lost)
    }

    fn add(&mut self, place: &str, index: usize, denied: &Arc<Denied>) {
        let found = self.0.iter().position(|of| &*of.place == place).unwrap_or_else(|| {
            let place = place.into();
            self.0.push(OfTarget { place, credentials: Tried::default(), reasons: Vec::new() });
            self.0.len() - 1
        });
        if let Some(of) = self.0.get_mut(found) {
            of.credentials.add(index);
            of.reasons.push((index, Arc::clone(denied)));
        }
    }

    fn at(&self, place: &str) -> Option<&OfTarget> {
        self.0.iter().find(|of| &*of.place == place)
    }
}
