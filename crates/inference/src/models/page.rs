//! Pages of the list, for the clients that ask for them; the others get all of it at once.

use std::collections::BTreeMap;
use std::ops::Bound;

use domain::endpoint::ClientShape;
use providers::percent;

use super::Stands;
use crate::ingress::query;
use crate::refusal::Refusal;

/// How a vendor's clients ask for pages.
struct Paging {
    size: &'static str,
    token: &'static str,
    /// Where the answer has the token of the page after it.
    next: &'static str,
    size_usual: usize,
    size_max: usize,
}

/// Gemini API reference, "Models".
const GOOGLE: Paging =
    Paging { size: "pageSize", token: "pageToken", next: "nextPageToken", size_usual: 50, size_max: 1_000 };

/// Cohere API reference, "List models".
const COHERE: Paging = Paging {
    size: "page_size",
    token: "page_token",
    next: "next_page_token",
    size_usual: 20,
    size_max: 1_000,
};

/// A part of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<'a> {
    pub(super) names: Vec<(&'a str, Stands<'a>)>,
    /// The member with the token of the next page, if there is one. The token is the last name of this one, so that a page
    /// goes on where it should whatever the configuration has become since.
    pub(super) next: Option<(&'static str, &'a str)>,
}

/// The page that a query asks for.
///
/// # Errors
/// 400 when its size is no number, or the token is no text.
pub(super) fn of<'a>(
    names: &'a BTreeMap<String, Stands<'a>>,
    shape: ClientShape,
    query: &str,
) -> Result<Page<'a>, Refusal> {
    let paging = match shape {
        ClientShape::Google => GOOGLE,
        ClientShape::Cohere => COHERE,
        ClientShape::OpenAi | ClientShape::Anthropic | ClientShape::Amazon | ClientShape::Voyage => {
            return Ok(Page { names: names.iter().map(listed).collect(), next: None });
        }
    };
    let size = match parameter(query, paging.size)?.as_deref() {
        None | Some("" | "0") => paging.size_usual,
        Some(size) => {
            let size = size.parse::<usize>().map_err(|_| Refusal::of_member(paging.size, NO_SIZE))?;
            size.min(paging.size_max)
        }
    };
    let after = parameter(query, paging.token)?.filter(|token| !token.is_empty());
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = names.range::<str, _>((start.as_ref().map(String::as_str), Bound::Unbounded)).map(listed);
    let names: Vec<_> = rest.by_ref().take(size).collect();
    let last = names.last().map(|(name, _)| *name).filter(|_| rest.next().is_some());
    Ok(Page { names, next: last.map(|name| (paging.next, name)) })
}

fn listed<'a>((name, stands): (&'a String, &Stands<'a>)) -> (&'a str, Stands<'a>) {
    (name, *stands)
}

/// The value of a parameter; forms write a space as `+`, but no name has one.
fn parameter(query: &str, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = query::parameter(query, name) else { return Ok(None) };
    let text = percent::decode(value).map(|text| Some(text.into_owned()));
    text.ok_or_else(|| Refusal::of_member(name, "must be text"))
}

const NO_SIZE: &str = "must be a number that is not negative";

#[cfg(test)]
mod tests {
    use super::{BTreeMap, ClientShape, Stands, of};

    fn names(count: usize) -> BTreeMap<String, Stands<'static>> {
        (0..count).map(|number| (format!("p/model {number:04}"), Stands::Route)).collect()
    }

    /// How long each page is when a client follows the tokens.
    fn sizes(count: usize, shape: ClientShape, size: &str, token: &str) -> Vec<usize> {
        let names = names(count);
        let (mut sizes, mut seen, mut query) = (Vec::new(), Vec::new(), size.to_owned());
        loop {
            let page = of(&names, shape, &query).unwrap();
            sizes.push(page.names.len());
            seen.extend(page.names.iter().map(|(name, _)| (*name).to_owned()));
            let Some((_, next)) = page.next else { break };
            query = format!("{size}&{token}={}", providers::percent::encode(next));
        }
        assert_eq!(seen, names.into_keys().collect::<Vec<_>>(), "all of them, in order, once");
        sizes
    }

    #[test]
    fn pages_follow_each_other_until_all_is_listed() {
        let google = |count, size| sizes(count, ClientShape::Google, size, "pageToken");
        assert_eq!(google(7, "pageSize=3"), [3, 3, 1]);
        assert_eq!(google(6, "key=x&pageSize=3"), [3, 3]);
        assert_eq!(google(0, ""), [0]);
        assert_eq!(google(120, ""), [50, 50, 20]);
        assert_eq!(google(60, "pageSize=0"), [50, 10]);
        assert_eq!(google(1_200, "pageSize=5000"), [1_000, 200]);
        assert_eq!(sizes(50, ClientShape::Cohere, "endpoint=chat", "page_token"), [20, 20, 10]);
    }

    #[test]
    fn other_clients_get_all_at_once() {
        let names = names(300);
        let page = of(&names, ClientShape::OpenAi, "pageSize=3").unwrap();
        assert_eq!((page.names.len(), page.next), (300, None));
    }

    #[test]
    fn a_wrong_size_or_token_is_refused_by_its_name() {
        let names = names(3);
        for (query, param) in
            [("pageSize=many", "pageSize"), ("pageSize=-1", "pageSize"), ("pageToken=%ff", "pageToken")]
        {
            assert_eq!(of(&names, ClientShape::Google, query).unwrap_err().param.as_deref(), Some(param));
        }
    }

    #[test]
    fn a_page_goes_on_behind_a_name_that_is_gone() {
        let mut names = names(3);
        names.remove("p/model 0001");
        let page = of(&names, ClientShape::Google, "pageToken=p%2Fmodel%200001").unwrap();
        assert_eq!(page.names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["p/model 0002"]);
    }
}
