//! What budgets have spent: exactly, for those who may read it, and on a fleet whoever is asked.

use serde_json::{Value, json};
use testkit::{Answer, Client, DatabaseServer, EventStream, FakeProvider, Script, scripts, within};

use super::commands::done;
use super::{Control, assert_refused, held};
use crate::configuration::{key_entry, provider};
use crate::gateway::TestGateway;

/// An answer that costs as much as `COST` says: seven tokens of input and eleven of output.
fn answer() -> Script {
    let mut answer = scripts::answer(EventStream::Chat, "hi");
    answer["usage"] = json!({"prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18});
    scripts::json(&answer)
}

const COST: &str = "0.000117000007";

/// A gateway before `p` with budgets, a control key 1 of an owner, one 2 of an analyst of the workspace `a`, and one 3 of an auditor.
fn configuration(p: &FakeProvider, budgets: &Value) -> Value {
    let prices = json!({"standard": {"input": "1.000001", "output": "10"}});
    json!({
        "providers": {"p": provider(p.base_url())},
        "catalog": {"overrides": [{"provider": "p", "model": "m", "prices": prices, "output_tokens": 100}]},
        "workspaces": {"a": {}, "b": {}},
        "keys": [key_entry(1, json!({"workspace": "a"})), key_entry(2, json!({"workspace": "b"}))],
        "control": {"keys": [held(1, "owner", None), held(2, "analyst", Some("a")), held(3, "auditor", None)]},
        "budgets": budgets,
    })
}

async fn start(budgets: Value) -> TestGateway {
    // The provider lives as long as the runtime that serves it.
    let p = Box::leak(Box::new(FakeProvider::always(answer()).await));
    TestGateway::start(configuration(p, &budgets)).await
}

async fn ask(client: &Client, customer: Option<&str>) -> Answer {
    let body = json!({"model": "p/m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 20});
    let call = client.post("/v1/chat/completions", body.to_string());
    let metadata = customer.map(|customer| json!({ "customer": customer }).to_string());
    let call = match metadata {
        Some(metadata) => call.header("x-tollgate-metadata", &metadata),
        None => call,
    };
    let answer = call.answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

async fn spend(gateway: &TestGateway, path: &str) -> Value {
    let answer = Control::of(gateway, 1).get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn of_customers() -> Value {
    json!([{"name": "c", "usd": "0.002", "window": "month", "warn_at": ["10%", "80%"], "group_by": ["metadata.customer"]}])
}

#[tokio::test]
async fn what_requests_cost_is_told_to_the_last_digit() {
    let gateway = start(json!([
        {"name": "m", "usd": 0.001, "window": "month", "time_zone": "Europe/Zurich", "warn_at": ["20%", "90%"],
         "raises": [{"usd": "0.001", "until": "2999-01-01T00:00:00Z"}, {"usd": 1, "until": "2001-01-01T00:00:00Z"}]},
        {"name": "t", "tokens": 1000, "window": "once"},
    ]))
    .await;
    let before = spend(&gateway, "budgets/m/spend").await;
    assert_eq!(
        (&before["spent"], &before["left"], &before["percent"]),
        (&json!("0"), &json!("0.002"), &json!(0.0))
    );
    for _ in 0..4 {
        ask(&gateway.client(), None).await;
    }
    let m = spend(&gateway, "budgets/m/spend").await;
    assert_eq!(
        [
            "unit",
            "limit",
            "spent",
            "held",
            "left",
            "percent",
            "passed",
            "exhausted",
            "source",
            "complete",
            "accounts"
        ]
        .map(|name| m[name].clone()),
        [
            json!("usd"),
            json!("0.002"),
            json!("0.000468000028"),
            json!("0"),
            json!("0.001531999972"),
            json!(23.4),
            json!([20]),
            json!(false),
            json!("process"),
            json!(true),
            json!(1),
        ],
        "{m}"
    );
    assert_eq!(m["raises"], json!([{"by": "0.001", "until": "2999-01-01T01:00:00+01:00"}]));
    let start = m["window"]["start"].as_str().unwrap();
    assert!(start.contains("-01T00:00:00+0"), "midnight in Zurich: {start}");
    let t = spend(&gateway, "budgets/t/spend").await;
    assert_eq!(["limit", "spent", "left"].map(|name| t[name].clone()), [1000, 72, 928].map(Value::from));
    assert_eq!(t["window"], json!({"start": null, "end": null}));
    let all = spend(&gateway, "spend").await;
    let names = all["budgets"].as_array().unwrap().iter().map(|budget| budget["budget"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["m", "t"]);
    assert_eq!(all["budgets"][0]["spent"], m["spent"]);
    let first = spend(&gateway, "spend?limit=1").await;
    assert_eq!((&first["budgets"][0]["budget"], &first["next"]), (&json!("m"), &json!("m")));
    let second = spend(&gateway, "spend?limit=1&after=m").await;
    assert_eq!((&second["budgets"][0]["budget"], second.get("next")), (&json!("t"), None));
}

#[tokio::test]
async fn those_who_have_spent_most_come_first_page_by_page() {
    let gateway = start(of_customers()).await;
    for customer in [Some("acme"), Some("globex"), None, Some("globex"), Some("hooli & co"), Some("globex")] {
        ask(&gateway.client(), customer).await;
    }
    let mut seen = Vec::new();
    let mut path = "budgets/c/spend?limit=2".to_owned();
    loop {
        let page = spend(&gateway, &path).await;
        assert_eq!((&page["accounts"], &page["spent"]), (&json!(4), &json!("0.000702000042")));
        let groups = page["groups"].as_array().unwrap().clone();
        seen.extend(groups.into_iter().map(|group| (group["group"][0].clone(), group["spent"].clone())));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("budgets/c/spend?limit=2&after={next}");
    }
    let of = |customer: Value, spent: &str| (customer, json!(spent));
    let most = of(json!("globex"), "0.000351000021");
    assert_eq!(seen, [most, of(Value::Null, COST), of(json!("acme"), COST), of(json!("hooli & co"), COST)]);
    let one = spend(&gateway, "budgets/c/spend?group=globex").await;
    let expected = json!([{
        "group": ["globex"], "spent": "0.000351000021", "held": "0", "left": "0.001648999979", "percent": 17.55,
        "passed": [10], "exhausted": false,
    }]);
    assert_eq!(one["groups"], expected);
    assert_eq!(spend(&gateway, "budgets/c/spend?group=").await["groups"][0]["group"], json!([null]));
    assert_eq!(spend(&gateway, "budgets/c/spend?group=nobody").await["groups"], json!([]));
    let all = spend(&gateway, "spend").await;
    assert_eq!(all["budgets"][0]["groups"][0], expected[0], "the one that has spent most");
    for wrong in ["?group=a&group=b", "?limit=0", "?after=x", "?grup=a"] {
        let answer = Control::of(&gateway, 1).get(&format!("budgets/c/spend{wrong}")).await;
        assert_refused(&answer, 400, "TG1002");
    }
}

#[tokio::test]
async fn an_analyst_of_a_workspace_sees_what_it_spends_and_nothing_else() {
    let gateway = start(json!([
        {"name": "of-a", "usd": 1, "window": "day", "match": {"workspace": ["a"]}},
        {"name": "of-b", "usd": 1, "window": "day", "match": {"workspace": ["b"]}},
        {"name": "of-all", "usd": 1, "window": "day"},
    ]))
    .await;
    for number in [1, 2] {
        ask(&gateway.client_of(number), None).await;
    }
    assert_eq!(spend(&gateway, "budgets/of-all/spend").await["spent"], "0.000234000014");
    let analyst = Control::of(&gateway, 2);
    assert_eq!(analyst.get("budgets/of-a/spend").await.json()["spent"], COST);
    for name in ["of-b", "of-all", "none"] {
        let answer = analyst.get(&format!("budgets/{name}/spend")).await;
        assert_refused(&answer, 404, "TG2016");
        assert_eq!(answer.json()["detail"], format!("there is no budget called `{name}`"));
    }
    let all = analyst.get("spend").await.json();
    assert_eq!((all["budgets"].as_array().unwrap().len(), &all["budgets"][0]["budget"]), (1, &json!("of-a")));
    let auditor = Control::of(&gateway, 3);
    for path in ["budgets/of-a/spend", "spend"] {
        assert_refused(&auditor.get(path).await, 403, "TG2031");
    }
}

#[tokio::test]
async fn a_process_that_served_nothing_says_what_the_others_have_spent_and_the_last_it_knew_without_them() {
    let p = FakeProvider::always(answer()).await;
    let mut server = DatabaseServer::redis_on_socket();
    let mut configuration = configuration(&p, &of_customers());
    configuration["budgets"].as_array_mut().unwrap().push(json!({"name": "m", "usd": 1, "window": "month"}));
    configuration["state"] = json!({"shared": {"url": server.url()}});
    let (one, other) =
        (TestGateway::start(configuration.clone()).await, TestGateway::start(configuration).await);
    for customer in ["acme", "globex", "acme"] {
        ask(&one.client(), Some(customer)).await;
    }
    let own = spend(&one, "budgets/m/spend").await;
    assert_eq!((&own["spent"], &own["source"]), (&json!("0.000351000021"), &json!("shared")));
    within("what one has spent to be told to all", async {
        while spend(&other, "budgets/c/spend").await["spent"] != "0.000351000021" {}
    })
    .await;
    let of_other = spend(&other, "budgets/c/spend").await;
    assert_eq!((&of_other["accounts"], &of_other["source"]), (&json!(2), &json!("shared")));
    assert_eq!(of_other["groups"][0]["group"], json!(["acme"]));
    assert_eq!(of_other["groups"][0]["spent"], "0.000234000014");
    let acme = spend(&other, "budgets/c/spend?group=acme").await;
    assert_eq!(acme["groups"][0]["spent"], "0.000234000014");
    server.stop();
    let known = spend(&one, "budgets/m/spend").await;
    assert_eq!((&known["spent"], &known["source"]), (&json!("0.000351000021"), &json!("last_known")));
    let known = spend(&other, "budgets/m/spend").await;
    assert_eq!((&known["spent"], &known["source"]), (&json!("0"), &json!("last_known")));
}

#[tokio::test]
async fn the_command_tells_it_in_a_table_and_as_json() {
    let mut budgets = of_customers();
    budgets.as_array_mut().unwrap().push(json!({"name": "t", "tokens": 1000, "window": "once"}));
    let gateway = start(budgets).await;
    for customer in ["acme", "globex", "acme"] {
        ask(&gateway.client(), Some(customer)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let table = done(&gateway, folder, &["budget", "spend"]).await;
    let rows: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..4], ["BUDGET", "GROUP", "UNIT", "LIMIT"]);
    assert_eq!(rows[1][..7], ["c", "acme", "usd", "0.002", "0.000234000014", "0", "0.001765999986"]);
    assert_eq!(rows[2], ["t", "-", "tokens", "1000", "54", "0", "946", "5.4", "-", "-"]);
    let table = done(&gateway, folder, &["budget", "spend", "c"]).await;
    assert_eq!(table.lines().count(), 3, "{table}");
    let one = done(&gateway, folder, &["budget", "spend", "c", "--group", "globex", "--json"]).await;
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!((&one["accounts"], &one["groups"][0]["spent"]), (&json!(1), &json!(COST)));
    let all: Value =
        serde_json::from_str(&done(&gateway, folder, &["budget", "spend", "--json"]).await).unwrap();
    assert_eq!(all[1]["spent"], 54);
}
