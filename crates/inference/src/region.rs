//! Where a request may be served: what its key allows, narrowed by what the request asks for itself.

use domain::{ApiKey, ErrorCode, Pattern, RegionName};
use http::{HeaderMap, HeaderName};

use crate::refusal::Refusal;

/// A region, or a pattern with `*`, that the request must not leave.
const REGION_HEADER: HeaderName = HeaderName::from_static("x-tollgate-region");
/// The longest of those; more than any cloud has.
const REGION_BYTES_MAX: usize = 64;

/// The region, or the pattern, that a request with this head asks for; none, too, where it is no region.
pub(crate) fn asked(headers: &HeaderMap) -> Option<&str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*');
    let text = headers.get(REGION_HEADER)?.to_str().ok()?;
    (!text.is_empty() && text.len() <= REGION_BYTES_MAX && text.bytes().all(legal)).then_some(text)
}

/// What a request is bound to.
pub(crate) struct Residence<'a> {
    key: &'a ApiKey,
    asked: Option<Pattern>,
}

impl<'a> Residence<'a> {
    /// What a request with this head and key is bound to.
    ///
    /// # Errors
    /// When the header is no region.
    pub(crate) fn of(headers: &HeaderMap, key: &'a ApiKey) -> Result<Self, Refusal> {
        if !headers.contains_key(REGION_HEADER) {
            return Ok(Self { key, asked: None });
        }
        let Some(text) = asked(headers) else {
            let message =
                format!("`{REGION_HEADER}` names a region, such as `eu-west-1`, or several: `eu-*`");
            return Err(Refusal::new(ErrorCode::InvalidHeader, message));
        };
        Ok(Self { key, asked: Some(Pattern::from(text)) })
    }

    /// Whether it may be served anywhere.
    pub(crate) fn is_free(&self) -> bool {
        self.key.allows_region(None) && self.asked.as_ref().is_none_or(|asked| asked.matches(""))
    }

    /// Whether it may be served in a region, or in one that nobody named.
    pub(crate) fn permits(&self, region: Option<&RegionName>) -> bool {
        let name = region.map_or("", RegionName::as_str);
        self.key.allows_region(region) && self.asked.as_ref().is_none_or(|asked| asked.matches(name))
    }

    /// The refusal when nothing that it may be sent to is left of `whole`, with the rule that forbids the rest.
    pub(crate) fn refusal(&self, whole: &str) -> Refusal {
        let mut rules = Vec::new();
        let workspace = &self.key.subject.workspace;
        for (whose, name, scope) in [
            ("key", self.key.name.as_str(), &self.key.scope),
            ("workspace", workspace.name.as_str(), &workspace.scope),
        ] {
            if !scope.allows_region(None) {
                rules.push(format!("the {whose} `{name}` is bound to {}", listed(&scope.regions)));
            }
        }
        if let Some(asked) = &self.asked {
            rules.push(format!("the request to `{}` by `{REGION_HEADER}`", asked.as_str()));
        }
        let message = format!("{whole} has no target there: {}", rules.join(", and "));
        Refusal::new(ErrorCode::RegionRefused, message)
    }
}

fn listed(regions: &[Pattern]) -> String {
    let regions: Vec<_> = regions.iter().map(|region| format!("`{}`", region.as_str())).collect();
    if regions.is_empty() { "no region".to_owned() } else { regions.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, HeaderMap, Pattern, RegionName, Residence};
    use crate::resolve::tests::key;
    use domain::ApiKey;
    use domain::Scope;
    use http::HeaderValue;

    fn bound(regions: &[&str]) -> ApiKey {
        let regions = regions.iter().copied().map(Pattern::from).collect();
        ApiKey { scope: Scope { regions, ..Scope::default() }, ..key(&["*"], &["*"]) }
    }

    fn asking(region: &str) -> HeaderMap {
        [(http::HeaderName::from_static("x-tollgate-region"), HeaderValue::from_str(region).unwrap())]
            .into_iter()
            .collect()
    }

    #[test]
    fn a_request_narrows_what_its_key_allows_and_never_widens_it() {
        let places = ["eu-west-1", "eu-north-1", "us-east-1"];
        for (regions, asked, permitted) in [
            (&["*"][..], None, &places[..]),
            (&["eu-*"], None, &["eu-west-1", "eu-north-1"]),
            (&["eu-*"], Some("eu-north-1"), &["eu-north-1"]),
            (&["eu-*"], Some("*"), &["eu-west-1", "eu-north-1"]),
            (&["eu-*"], Some("us-*"), &[]),
            (&["*"], Some("us-*"), &["us-east-1"]),
            (&[], None, &[]),
        ] {
            let key = bound(regions);
            let headers = asked.map(asking).unwrap_or_default();
            let residence = Residence::of(&headers, &key).unwrap();
            let found: Vec<_> = places
                .into_iter()
                .filter(|place| residence.permits(Some(&RegionName::from(*place))))
                .collect();
            assert_eq!(found, permitted, "{regions:?} {asked:?}");
            let is_free = regions == ["*"] && asked.is_none();
            assert_eq!((residence.is_free(), residence.permits(None)), (is_free, is_free), "{regions:?}");
        }
    }

    #[test]
    fn a_header_that_names_no_region_is_refused() {
        let key = bound(&["*"]);
        for wrong in ["", "eu west", "a/b", &"x".repeat(65)] {
            let refused = Residence::of(&asking(wrong), &key).err().unwrap();
            assert_eq!(refused.code, ErrorCode::InvalidHeader, "{wrong}");
        }
    }

    #[test]
    fn a_refusal_names_every_rule() {
        let key = bound(&["eu-*", "ch"]);
        let headers = asking("us-east-1");
        let refused = Residence::of(&headers, &key).unwrap().refusal("the route `r`");
        assert_eq!(
            refused.message,
            "the route `r` has no target there: the key `k` is bound to `eu-*`, `ch`, and the request to `us-east-1` by \
             `x-tollgate-region`"
        );
    }
}
