//! `GET /api/v1/budgets/{name}/spend` and `GET /api/v1/spend`: what budgets have spent, for those who may read it.

mod told;

use bytes::Bytes;
use domain::ErrorCode;
use domain::allotment::{Allotment, Attribute};
use domain::ports::spend::SpendReader;
use http::{Response, StatusCode};
use serde_json::{Value as Json, json};

use self::told::{Cursor, Page};
use super::problem::Problem;
use super::request::{LIMIT_MAX, limit, parameters};
use super::resource::resource;
use super::shown::{behind, find};
use super::wanted::{not_found, permit};
use super::{Admitted, answer};
use crate::authority::{Action, Kind};
use crate::objects::{ObjectId, ObjectKind};

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Wished {
    after: Option<String>,
    limit: Option<usize>,
    /// The values of the one group that is asked for.
    group: Vec<String>,
}

impl Wished {
    /// Reads a query in which each parameter is known.
    pub(super) fn of(text: Option<&str>) -> Result<Self, Problem> {
        let mut wished = Self::default();
        for parameter in parameters(text) {
            let (name, value) = parameter?;
            match name {
                "after" => wished.after = Some(value.into_owned()),
                "limit" => wished.limit = Some(limit(&value)?),
                "group" => wished.group.push(value.into_owned()),
                _ => return Err(invalid("the query may have `after`, `limit` and `group`")),
            }
        }
        Ok(wished)
    }
}

/// What one budget has spent.
pub(super) async fn of_budget(
    reader: &dyn SpendReader,
    admitted: &Admitted,
    id: &ObjectId,
    wished: Wished,
) -> Result<Response<Bytes>, Problem> {
    let found = find(&admitted.loaded, id).ok_or_else(|| not_found(id))?;
    permit(&admitted.principal, Action::ReadSpend, id, &found.body())?;
    let allotments = &admitted.loaded.snapshot.allotments;
    let allotment = allotments.iter().find(|allotment| allotment.name.as_str() == id.name());
    let allotment = allotment.ok_or_else(|| not_found(id))?;
    let Wished { after, limit, group } = wished;
    check_group(&group, allotment)?;
    let after = after.as_deref().map(Cursor::read).transpose()?;
    let group = (!group.is_empty()).then_some(group.as_slice());
    let spend = reader.read(id.name(), group).await.ok_or_else(|| not_found(id))?;
    let page = Page { after, limit: limit.unwrap_or(LIMIT_MAX) };
    Ok(answer::told(StatusCode::OK, &told::told(spend, &page)))
}

/// What each budget has spent of which somebody may read that, a page of them by name. Of one with groups the group is told that has spent
/// most.
pub(super) async fn of_all(
    reader: &dyn SpendReader,
    admitted: &Admitted,
    wished: Wished,
) -> Result<Response<Bytes>, Problem> {
    let Admitted { principal, loaded, .. } = admitted;
    if !principal.permits_some(Action::ReadSpend, Kind::Budget) {
        let detail = "no role that you hold permits `read_spend`";
        return Err(Problem::new(ErrorCode::NotPermitted, detail).denied());
    }
    if !wished.group.is_empty() {
        return Err(invalid("a `group` is one of a budget's: ask for it at the budget"));
    }
    let limit = wished.limit.unwrap_or(LIMIT_MAX);
    let mut budgets: Vec<Json> = Vec::new();
    let mut last = None;
    for (id, found) in behind(loaded, ObjectKind::Budget, wished.after.as_deref()) {
        if !principal.permits(Action::ReadSpend, &resource(id, &found.body())) {
            continue;
        }
        if budgets.len() == limit {
            return Ok(answer::told(StatusCode::OK, &json!({"budgets": budgets, "next": last})));
        }
        let page = Page { after: None, limit: 1 };
        budgets.extend(reader.read(id.name(), None).await.map(|spend| told::told(spend, &page)));
        last = Some(id.name());
    }
    Ok(answer::told(StatusCode::OK, &json!({ "budgets": budgets })))
}

/// Holds that a group has a value for each attribute that its budget parts requests by.
fn check_group(group: &[String], allotment: &Allotment) -> Result<(), Problem> {
    let by = &allotment.selector.group_by;
    // Of values that are too long there is one hash.
    let is_hash = matches!(group, [only] if !by.is_empty() && only.starts_with("blake3:"));
    if group.is_empty() || group.len() == by.len() || is_hash {
        return Ok(());
    }
    let detail = match by.as_slice() {
        [] => format!("the budget `{}` has no `group_by`, so that there is no group of it", allotment.name),
        by => {
            let names: Vec<_> = by.iter().map(Attribute::name).collect();
            format!("expected a `group` for each of {}, in this order", names.join(", "))
        }
    };
    Err(invalid(&detail))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(ErrorCode::InvalidMember, detail)
}
