//! Lists of items in pages, as OpenAI's API has them (API reference, "List input items").

use domain::kept::{ItemPage, KeptItem};
use http::{Response, StatusCode};
use providers::percent;
use wire::json::object;

use crate::answer::{AnswerBody, json_response};
use crate::ingress::query;
use crate::refusal::Refusal;

/// Items in a page when the client does not say.
const USUAL: usize = 20;
/// Most items in a page.
const ITEMS_MAX: usize = 100;

/// What a client asks for in its query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    items: usize,
    page: ItemPage,
}

impl ListQuery {
    /// Reads `limit`, `order` and `after`; anything else says nothing here.
    ///
    /// # Errors
    /// 400 when one is not what it may be.
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Refusal> {
        let limit = parameter(query, "limit");
        let items = limit.as_deref().map_or(Some(USUAL), |limit| limit.parse().ok());
        let items = items
            .filter(|items| (1..=ITEMS_MAX).contains(items))
            .ok_or_else(|| Refusal::of_member("limit", &format!("must be from 1 to {ITEMS_MAX}")))?;
        let newest_first = match parameter(query, "order").as_deref() {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => return Err(Refusal::of_member("order", "must be `asc` or `desc`")),
        };
        let after = parameter(query, "after").map(|id| id.as_str().into());
        Ok(Self { items, page: ItemPage { after, newest_first, items_max: items + 1 } })
    }

    /// What to ask the store for: one more than the client gets, to know whether there are more.
    pub(super) fn page(&self) -> &ItemPage {
        &self.page
    }

    /// The page as the client gets it.
    pub(super) fn response(&self, items: &[KeptItem]) -> Response<AnswerBody> {
        let shown = items.get(..self.items).unwrap_or(items);
        list(shown, items.len() > shown.len())
    }
}

/// A list of items.
pub(super) fn list(items: &[KeptItem], has_more: bool) -> Response<AnswerBody> {
    let mut body = Vec::new();
    object(&mut body, |list| {
        list.str("object", "list");
        list.array("data", |data| {
            items.iter().for_each(|item| data.raw(std::str::from_utf8(&item.json).unwrap_or("null")));
        });
        let ends = [("first_id", items.first()), ("last_id", items.last())];
        for (name, item) in ends {
            match item {
                Some(item) => list.str(name, item.id.as_str()),
                None => list.null(name),
            }
        }
        list.bool("has_more", has_more);
    });
    json_response(StatusCode::OK, body)
}

/// The value of a parameter of a query, decoded.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    percent::decode(query::parameter(query?, name)?).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::{ItemPage, ListQuery};

    #[test]
    fn a_page_is_the_newest_twenty_unless_the_client_says_otherwise() {
        let usual = ListQuery::parse(None).unwrap();
        assert_eq!(usual.page, ItemPage { after: None, newest_first: true, items_max: 21 });
        let asked = ListQuery::parse(Some("include[]=x&order=asc&limit=3&after=msg_%31")).unwrap();
        let page = ItemPage { after: Some("msg_1".into()), newest_first: false, items_max: 4 };
        assert_eq!(asked, ListQuery { items: 3, page });
    }

    #[test]
    fn a_wrong_page_is_refused_by_the_parameters_name() {
        for (query, param) in
            [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("order=up", "order")]
        {
            assert_eq!(ListQuery::parse(Some(query)).unwrap_err().param.as_deref(), Some(param), "{query}");
        }
    }
}
