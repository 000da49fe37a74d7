//! `tollgate budget spend`.

use clap::Args;
use control::objects::ObjectKind;
use serde_json::Value as Json;

use crate::commands::columns::columns;
use crate::commands::gateway::{Call, Gateway, Server, escaped, path_of};
use crate::commands::surroundings::say;

/// Says what budgets have spent.
#[derive(Debug, Args)]
pub struct Spend {
    /// Of one budget, with all its groups; else of each whose spend may be read, with the group that has spent most.
    name: Option<String>,
    /// Only of the group with this value; once for each attribute of `group_by`, in its order.
    #[arg(long, value_name = "VALUE", requires = "name")]
    group: Vec<String>,
    #[command(flatten)]
    server: Server,
    /// Prints JSON: the answer about one budget, or an array of them.
    #[arg(long)]
    json: bool,
}

/// The columns of the table.
const COLUMNS: [&str; 10] =
    ["BUDGET", "GROUP", "UNIT", "LIMIT", "SPENT", "HELD", "LEFT", "PERCENT", "STATE", "UNTIL"];
/// Those with amounts.
const AMOUNTS: std::ops::Range<usize> = 3..8;

impl Spend {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let gateway = self.server.gateway()?;
        let answer = match &self.name {
            Some(name) => one(&gateway, name, &self.group)?,
            None => pages(&gateway, "spend?limit=100", "budgets")?.1.into(),
        };
        if self.json {
            say(&answer.to_string());
            return Ok(());
        }
        let budgets = match answer {
            Json::Array(budgets) => budgets,
            budget => vec![budget],
        };
        lines(&budgets).iter().for_each(|line| say(line));
        remarks(&budgets).iter().for_each(|remark| say(remark));
        Ok(())
    }
}

/// A budget with all of its groups, or the one that is asked for.
fn one(gateway: &Gateway, name: &str, group: &[String]) -> anyhow::Result<Json> {
    let path = format!("{}/spend?limit=100", path_of(ObjectKind::Budget, name));
    let group = group.iter().map(|value| format!("&group={}", escaped(value)));
    let (mut budget, groups) = pages(gateway, &(path + &group.collect::<String>()), "groups")?;
    if budget["groups"].is_array() {
        budget["groups"] = groups.into();
    }
    Ok(budget)
}

/// The first page without what it says of others, and what all pages have of `what`.
fn pages(gateway: &Gateway, path: &str, what: &str) -> anyhow::Result<(Json, Vec<Json>)> {
    let (mut first, mut all, mut after) = (None, Vec::new(), String::new());
    loop {
        let page = gateway.call(&Call { path: &format!("{path}{after}"), ..Call::default() })?;
        all.extend(page[what].as_array().into_iter().flatten().cloned());
        let next = page["next"].as_str().map(|next| format!("&after={}", escaped(next)));
        let first = first.get_or_insert(page);
        let Some(next) = next else {
            if let Json::Object(first) = first {
                first.remove("next");
            }
            return Ok((first.take(), all));
        };
        after = next;
    }
}

/// A line for each account under a heading, in columns.
fn lines(budgets: &[Json]) -> Vec<String> {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    for budget in budgets {
        match budget["groups"].as_array() {
            Some(groups) => rows.extend(groups.iter().map(|group| row(budget, group))),
            None => rows.push(row(budget, budget)),
        }
    }
    columns(&rows, &AMOUNTS)
}

fn row(budget: &Json, account: &Json) -> [String; 10] {
    [
        text(&budget["budget"]),
        group(account),
        text(&budget["unit"]),
        text(&budget["limit"]),
        text(&account["spent"]),
        text(&account["held"]),
        text(&account["left"]),
        text(&account["percent"]),
        state(account),
        text(&budget["window"]["end"]),
    ]
}

fn text(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whose an account is, as in messages and the log: its values, or `-` for one that there is not.
fn group(account: &Json) -> String {
    let values = account["group"].as_array().map(|values| values.iter().map(text).collect::<Vec<_>>());
    values.map_or_else(|| "-".to_owned(), |values| values.join(", "))
}

fn state(account: &Json) -> String {
    let passed = account["passed"].as_array().and_then(|passed| passed.last()).map(text);
    match (account["exhausted"].as_bool(), passed) {
        (Some(true), _) => "exhausted".to_owned(),
        (_, Some(percent)) => format!("passed {percent}%"),
        _ => "-".to_owned(),
    }
}

/// What has to be known beside the figures.
fn remarks(budgets: &[Json]) -> Vec<String> {
    let mut remarks = Vec::new();
    if budgets.iter().any(|budget| budget["source"] == "last_known") {
        remarks.push(
            "the processes that share budgets cannot be asked: this is what one of them knew last".to_owned(),
        );
    }
    for budget in budgets.iter().filter(|budget| budget["complete"] == false) {
        remarks.push(format!("`{}` has more accounts than are looked through", text(&budget["budget"])));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::{lines, remarks};
    use serde_json::json;

    #[test]
    fn accounts_stand_in_columns() {
        let window = json!({"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"});
        let budgets = [
            json!({
                "budget": "search", "unit": "usd", "limit": "20", "window": window, "source": "shared", "complete": true,
                "groups": [
                    {"group": ["acme", null], "spent": "20.000000000001", "held": "0", "left": "0", "percent": 100.0, "passed": [50], "exhausted": true},
                    {"group": ["b", "c"], "spent": "0.5", "held": "0.03", "left": "19.47", "percent": 2.5, "passed": [], "exhausted": false},
                ],
            }),
            json!({
                "budget": "t", "unit": "tokens", "limit": 300, "window": {"start": null, "end": null}, "spent": 150, "held": 0,
                "left": 150, "percent": 50.0, "passed": [50], "exhausted": false, "source": "last_known", "complete": true,
            }),
        ];
        let table = "\
BUDGET  GROUP    UNIT    LIMIT            SPENT  HELD   LEFT  PERCENT  STATE       UNTIL
search  acme, -  usd        20  20.000000000001     0      0    100.0  exhausted   2026-12-01T00:00:00Z
search  b, c     usd        20              0.5  0.03  19.47      2.5  -           2026-12-01T00:00:00Z
t       -        tokens    300              150     0    150     50.0  passed 50%  -";
        assert_eq!(lines(&budgets).join("\n"), table);
        assert_eq!(remarks(&budgets).len(), 1);
        assert!(remarks(&budgets[..1]).is_empty());
    }
}
