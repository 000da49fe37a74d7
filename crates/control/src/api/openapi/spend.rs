//! What budgets have spent, as the description has it.

use serde_json::{Map, Value as Json, json};

use super::{API_ROOT, PERMISSION, answers, name, permission, query};
use crate::authority::Action;
use crate::objects::ObjectKind;

/// Where it is asked for.
pub(super) fn paths() -> Map<String, Json> {
    let of_one = json!({
        "parameters": [name()],
        "get": {
            "operationId": "get_budget_spend",
            PERMISSION: permission(&[Action::ReadSpend], ObjectKind::Budget),
            "summary": "Says what a budget has spent; of one with groups, those that have spent most first.",
            "parameters": [
                query("after", "The `next` of the page before.", &json!({"type": "string"})),
                limit("Most groups on the page."),
                query("group", "The only group that is shown: a value for each attribute of `group_by`, in its order; empty for one without.", &json!({"type": "array", "items": {"type": "string"}})),
            ],
            "responses": answers(&[("200", "What it has spent.", Some(&spend()))]),
        },
    });
    let page = json!({
        "type": "object",
        "required": ["budgets"],
        "properties": {
            "budgets": {"type": "array", "items": spend()},
            "next": {"type": "string", "description": "The `after` of the next page; there is none when absent."},
        },
    });
    let of_all = json!({
        "get": {
            "operationId": "list_spend",
            PERMISSION: permission(&[Action::ReadSpend], ObjectKind::Budget),
            "summary": "Says by name what those budgets have spent of which it may be read, and of each with groups the one that has spent most.",
            "parameters": [
                query("after", "The name behind which the page begins.", &json!({"type": "string"})),
                limit("Most budgets on the page."),
            ],
            "responses": answers(&[("200", "A page.", Some(&page))]),
        },
    });
    let paths = [("budgets/{name}/spend", of_one), ("spend", of_all)];
    paths.into_iter().map(|(path, item)| (format!("{API_ROOT}{path}"), item)).collect()
}

fn limit(about: &str) -> Json {
    query("limit", about, &json!({"type": "integer", "minimum": 1, "maximum": 100}))
}

fn amount(about: &str) -> Json {
    json!({"type": ["string", "integer"], "description": about})
}

/// How an account stands.
fn standing() -> Json {
    json!({
        "spent": amount("Dollars as decimal text, tokens as a number."),
        "held": amount("What requests under way may cost at most, and what is granted to other processes."),
        "left": amount("What is neither spent nor held."),
        "percent": {"type": "number", "description": "How much of `limit` is spent, to the hundredth below."},
        "passed": {"type": "array", "items": {"type": "integer"}, "description": "Those of `warn_at` that are reached."},
        "exhausted": {"type": "boolean", "description": "Whether all of `limit` is spent."},
    })
}

fn spend() -> Json {
    let time = || json!({"type": ["string", "null"], "format": "date-time"});
    let (mut group, mut spend) = (standing(), standing());
    group["group"] = json!({
        "type": "array",
        "items": {"type": ["string", "null"]},
        "description": "A value for each attribute of `group_by`; one hash where they are long.",
    });
    let more = json!({
        "budget": {"type": "string"},
        "unit": {"enum": ["usd", "tokens", "input_tokens", "output_tokens"]},
        "span": {"enum": ["hour", "day", "week", "month", "quarter", "once", "rolling"]},
        "time_zone": {"type": "string"},
        "window": {"type": "object", "required": ["start", "end"], "properties": {"start": time(), "end": time()}},
        "limit": amount("What an account has, with the raises in force."),
        "raises": {"type": "array", "description": "Those in force.", "items": {
            "type": "object",
            "required": ["by", "until"],
            "properties": {"by": amount("How much."), "until": {"type": "string", "format": "date-time"}},
        }},
        "warn_at": {"type": "array", "items": {"type": "integer"}},
        "group_by": {"type": "array", "items": {"type": "string"}, "description": "Empty where all requests share. Else `spent` and `held` are sums over the accounts, and the rest is told of each group."},
        "accounts": {"type": "integer"},
        "source": {"enum": ["process", "shared", "last_known"], "description": "By whom it is known: this process, which has the budget for itself; all that share it; or this process, since the others cannot be asked now."},
        "complete": {"type": "boolean", "description": "Whether all accounts were looked at."},
        "at": {"type": "string", "format": "date-time"},
        "groups": {"type": "array", "items": {"type": "object", "properties": group}},
        "next": {"type": "string", "description": "The `after` of the next page of groups; there is none when absent."},
    });
    if let (Json::Object(spend), Json::Object(more)) = (&mut spend, more) {
        spend.extend(more);
    }
    json!({
        "type": "object",
        "required": ["budget", "unit", "span", "time_zone", "window", "limit", "raises", "warn_at", "group_by", "accounts", "spent", "held", "source", "complete", "at"],
        "properties": spend,
    })
}
