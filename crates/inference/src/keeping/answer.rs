//! An answer to a client of the Responses API, written down so that a later request can go on from it.

use std::sync::Arc;

use bytes::Bytes;
use domain::kept::{Continued, KeepRules, KeptResponse, ResponseId, ResponseStatus};
use domain::ports::response_store::StoreError;
use telemetry::events::AnswerNotKept;
use wire::convert::responses::history_items;
use wire::json::{Document, Value};

use super::{Kept, kept, tenant};
use crate::ending::Origin;

/// What is needed to keep the answer to a request.
pub(crate) struct Keeping {
    origin: Origin,
    /// The request without what was put before it.
    request: Document,
    continued: Option<Continued>,
    in_background: bool,
    rules: KeepRules,
}

impl Keeping {
    /// For the answer to a request of the Responses API; none when the client does not want it kept.
    pub(crate) fn of(
        origin: &Origin,
        request: &Document,
        kept: Option<&Kept>,
        rules: KeepRules,
    ) -> Option<Self> {
        let store = request.member("store").ok().flatten();
        if store.is_some_and(|store| store.as_bool() == Some(false)) {
            return None;
        }
        Some(Self {
            origin: origin.clone(),
            request: kept.map_or(request, |kept| &kept.own).clone(),
            continued: kept.and_then(|kept| kept.continued.clone()),
            in_background: kept.is_some_and(|kept| kept.in_background_since.is_some()),
            rules,
        })
    }

    /// Keeps the answer. One that cannot be kept is answered all the same, since it was paid for; the operator is told.
    pub(crate) async fn keep(self, response: Bytes) {
        let gateway = Arc::clone(&self.origin.gateway);
        let in_background = self.in_background;
        let id = self.origin.id.clone();
        let kept = match self.entry(response) {
            Ok(entry) if in_background => gateway.store.finish(entry).await.map(|_| ()),
            Ok(entry) => {
                let id = entry.id.clone();
                // It is no longer the response of the provider that began it.
                gateway.store.begin(entry).await.map(|()| gateway.owners.forget(id.as_str()))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            AnswerNotKept { request_id: id.as_str(), error: &error }.emit(&gateway.telemetry);
        }
    }

    fn entry(self, response: Bytes) -> Result<KeptResponse, StoreError> {
        let body = self.request.body();
        let request = body.contiguous(0..body.len());
        let unreadable = |_| StoreError::Unavailable("the answer cannot be read".to_owned());
        let (exchange, id) = {
            let asked = Value::parse(&request).map_err(unreadable)?;
            let answered = Value::parse(&response).map_err(unreadable)?;
            let id = answered.get("id").and_then(Value::as_str).map(|id| ResponseId::from(&*id));
            (history_items(&asked, &answered), id)
        };
        let (input, output) = (kept(exchange.input), kept(exchange.output));
        let items = input.iter().chain(&output).map(|item| item.json.len()).sum::<usize>();
        if items + response.len() > self.rules.entry_bytes_max {
            let bytes_max = self.rules.entry_bytes_max;
            return Err(StoreError::TooLarge { what: "the response with its items", bytes_max });
        }
        let entry = new_entry(&self.origin, ResponseStatus::Answered, response);
        let id = id.unwrap_or_else(|| entry.id.clone());
        let expires = entry.touched + self.rules.response_lifetime;
        Ok(KeptResponse { id, continued: self.continued, input, output, expires, ..entry })
    }
}

/// The entry of a request's response, without items.
pub(crate) fn new_entry(origin: &Origin, status: ResponseStatus, body: Bytes) -> KeptResponse {
    let now = origin.gateway.wall_clock().into();
    KeptResponse {
        tenant: tenant(origin),
        id: format!("resp_{}", origin.id.digits()).into(),
        status,
        body,
        continued: None,
        input: Vec::new(),
        output: Vec::new(),
        touched: now,
        expires: now,
    }
}
