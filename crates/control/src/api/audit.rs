//! `GET /api/v1/audit`: the records that somebody may read, in their order.

use bytes::Bytes;
use domain::ErrorCode;
use domain::audit::{AuditEntry, AuditFilter};
use domain::ports::audit_log::AuditLog;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::problem::Problem;
use super::request::{LIMIT_MAX, limit, parameters};
use super::{Admitted, answer};
use crate::authority::{Action, Kind, Principal, Resource};

/// Which records are asked for.
#[derive(Debug, Default)]
pub(super) struct Wished {
    after: u64,
    limit: Option<usize>,
    filter: AuditFilter,
}

impl Wished {
    /// Reads a query in which each parameter is known.
    pub(super) fn of(text: Option<&str>) -> Result<Self, Problem> {
        let mut wished = Self::default();
        for parameter in parameters(text) {
            let (name, value) = parameter?;
            let (filter, text) = (&mut wished.filter, || Some(value.as_ref().into()));
            match name {
                "after" => {
                    wished.after = value.parse().map_err(|_| invalid("expected a number as `after`"))?
                }
                "limit" => wished.limit = Some(limit(&value)?),
                "who" => filter.who = text(),
                "act" => filter.act = text(),
                "kind" => filter.kind = text(),
                "name" => filter.name = text(),
                "workspace" => filter.workspace = text(),
                "since" => filter.since_milliseconds = Some(time(&value)?),
                "until" => filter.until_milliseconds = Some(time(&value)?),
                _ => {
                    return Err(invalid(
                        "the query may have `after`, `limit`, `who`, `act`, `kind`, `name`, `workspace`, `since` and `until`",
                    ));
                }
            }
        }
        Ok(wished)
    }
}

fn time(text: &str) -> Result<u64, Problem> {
    let time = text.parse::<Timestamp>().ok().and_then(|time| time.as_millisecond().try_into().ok());
    time.ok_or_else(|| invalid("expected a time such as `2026-12-31T00:00:00Z`"))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(ErrorCode::InvalidMember, detail)
}

/// A page of the records.
pub(super) async fn page(
    log: &dyn AuditLog,
    admitted: &Admitted,
    wished: Wished,
) -> Result<Response<Bytes>, Problem> {
    let principal = &admitted.principal;
    let kinds = [Kind::Organization, Kind::Workspace];
    if !kinds.into_iter().any(|kind| principal.permits_some(Action::ReadAudit, kind)) {
        let detail = "no role that you hold permits `read_audit`";
        return Err(Problem::new(ErrorCode::NotPermitted, detail).denied());
    }
    let unavailable = |error: &dyn std::fmt::Display| {
        tracing::error!(error = %error, "the audit log could not be read");
        Problem::new(ErrorCode::AuditUnavailable, "the audit log cannot be read now; try again")
    };
    let limit = wished.limit.unwrap_or(LIMIT_MAX);
    let page = log.page(wished.after, &wished.filter, limit).await.map_err(|error| unavailable(&error))?;
    let mut shown = Vec::new();
    for record in &page.records {
        if may_read(principal, &record.entry().map_err(|error| unavailable(&error))?) {
            let line = record.to_line().map_err(|error| unavailable(&error))?;
            shown.push(serde_json::from_str::<Json>(&line).map_err(|error| unavailable(&error))?);
        }
    }
    let mut told = json!({ "records": shown });
    if let Some(next) = page.next {
        told["next"] = next.into();
    }
    Ok(answer::told(StatusCode::OK, &told))
}

/// What is in a workspace is for those who may read of it; the rest for those who may read of everything.
fn may_read(principal: &Principal, entry: &AuditEntry) -> bool {
    let workspace = entry.resource.as_ref().and_then(|resource| resource.workspace.as_deref());
    let resource = match workspace {
        Some(workspace) => Resource::of_workspace(Kind::Workspace, workspace),
        None => Resource::of_organization(Kind::Organization),
    };
    principal.permits(Action::ReadAudit, &resource)
}
