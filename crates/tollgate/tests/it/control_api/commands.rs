//! The commands that administer a running gateway, run as a person would.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::{Control, chat, control_key, gateway};
use crate::cli::{blocking, complaint, out, tollgate};
use crate::gateway::TestGateway;

/// Runs a command as the owner.
async fn run(gateway: &TestGateway, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = tollgate(folder, arguments);
    command.env("TOLLGATE_URL", format!("http://{}", gateway.address()));
    command.env("TOLLGATE_CONTROL_KEY", control_key(1).reveal());
    blocking(move || command.output().unwrap()).await
}

pub(super) async fn done(gateway: &TestGateway, folder: &Path, arguments: &[&str]) -> String {
    let output = run(gateway, folder, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
    out(&output).to_owned()
}

#[tokio::test]
async fn objects_are_made_shown_changed_and_taken_away() {
    let (gateway, _fake) = gateway(json!({"users": {"ada": {}}})).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("w.yaml"), "models: [p/*]\nteams: { t: }\n").unwrap();
    assert_eq!(
        done(&gateway, folder, &["workspace", "set", "default", "w.yaml"]).await,
        "made workspaces/default, version 1\n"
    );
    std::fs::write(folder.join("w.yaml"), "models: null\n").unwrap();
    let changed = done(&gateway, folder, &["workspace", "set", "default", "w.yaml", "--patch"]).await;
    assert_eq!(changed, "changed workspaces/default, version 2\n");
    let shown: Value =
        serde_json::from_str(&done(&gateway, folder, &["workspace", "get", "default"]).await).unwrap();
    assert_eq!(shown["body"], json!({"teams": {"t": null}}));
    let listed = done(&gateway, folder, &["user", "list"]).await;
    assert!(listed.starts_with("NAME") && listed.contains("ada   file"), "{listed}");

    let made = done(&gateway, folder, &["key", "create", "k"]).await;
    let text = made.lines().next().unwrap().strip_prefix("key ").unwrap().to_owned();
    assert_eq!(chat(&gateway, &text).await, 200);
    done(&gateway, folder, &["key", "disable", "k"]).await;
    assert_eq!(chat(&gateway, &text).await, 401);
    done(&gateway, folder, &["key", "enable", "k"]).await;
    let rotated = done(&gateway, folder, &["key", "rotate", "k", "--overlap", "1h", "--json"]).await;
    let rotated: Value = serde_json::from_str(&rotated).unwrap();
    for text in [&text, rotated["key"].as_str().unwrap()] {
        assert_eq!(chat(&gateway, text).await, 200);
    }
    assert_eq!(done(&gateway, folder, &["key", "delete", "k"]).await, "deleted keys/k\n");
    assert_eq!(chat(&gateway, &text).await, 401);

    assert_eq!(done(&gateway, folder, &["workspace", "create", "w"]).await, "made workspaces/w, version 8\n");
    let again = run(&gateway, folder, &["workspace", "create", "w", "w.yaml"]).await;
    assert_eq!(complaint(&again), "error: `workspaces/w` exists already (TG2019)\n");
    std::fs::write(folder.join("b.yaml"), "{ usd: 0.0000001, window: day }\n").unwrap();
    let made = done(&gateway, folder, &["budget", "create", "b", "b.yaml", "--json"]).await;
    assert!(made.contains(r#""managed_by":"api""#), "{made}");

    let missing = run(&gateway, folder, &["route", "get", "none"]).await;
    assert_eq!(complaint(&missing), "error: there is no route called `none` (TG2016)\n");
    std::fs::write(folder.join("r.yaml"), "target: nobody/m\n").unwrap();
    let wrong = run(&gateway, folder, &["route", "set", "r", "r.yaml"]).await;
    assert!(complaint(&wrong).contains("\n  routes.r.target: "), "{}", complaint(&wrong));
}

#[tokio::test]
async fn a_file_is_planned_applied_and_exported_again() {
    let (gateway, _fake) = gateway(json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |text: &str| std::fs::write(folder.join("team.yaml"), text).unwrap();
    let hash = "1".repeat(64);
    write(&format!(
        "workspaces: {{default: {{}}}}\nroutes: {{fast: {{target: p/m}}}}\nkeys: [{{name: k, hash: 'blake3:{hash}'}}]\n"
    ));
    let plan = done(&gateway, folder, &["plan", "team.yaml"]).await;
    assert!(
        plan.contains("+ routes/fast\n    target: \"p/m\"\n")
            && plan.ends_with("3 to make, 0 to change, 0 to delete\n"),
        "{plan}"
    );
    let control = Control::of(&gateway, 1);
    assert_eq!(control.get("routes").await.json()["objects"], json!([]), "a plan changes nothing");
    assert!(done(&gateway, folder, &["apply", "team.yaml"]).await.ends_with("applied 3 changes\n"));
    assert_eq!(control.get("routes/fast").await.json()["applied_from"], "team.yaml");
    assert_eq!(done(&gateway, folder, &["plan", "team.yaml"]).await, "0 to make, 0 to change, 0 to delete\n");

    let exported = done(&gateway, folder, &["export"]).await;
    std::fs::write(folder.join("tollgate.yaml"), format!("{exported}providers: {{p: {{base_url: 'http://127.0.0.1:1', endpoints: {{chat_completions: /c}}}}}}\n")).unwrap();
    let checked = run(&gateway, folder, &["check"]).await;
    assert!(checked.status.success(), "{exported}{}", complaint(&checked));

    write(
        "budgets: [{name: b, usd: 0.0000001, window: day}, {name: c, usd: 123456789.123456789012, window: day}]\nusers: {u: {}}\n",
    );
    std::fs::rename(folder.join("team.yaml"), folder.join("more.yaml")).unwrap();
    let plan = done(&gateway, folder, &["plan", "more.yaml"]).await;
    assert!(plan.contains("+ users/u\n+ budgets/b\n"), "nothing is said of what says nothing: {plan}");
    done(&gateway, folder, &["apply", "more.yaml"]).await;
    assert_eq!(done(&gateway, folder, &["plan", "more.yaml"]).await, "0 to make, 0 to change, 0 to delete\n");
    let kept = control.get("budgets/c").await.json();
    assert_eq!(kept["body"]["usd"], "123456789.123456789012", "to the last digit");
    std::fs::write(folder.join("exported.yaml"), done(&gateway, folder, &["export"]).await).unwrap();
    let again = done(&gateway, folder, &["plan", "exported.yaml"]).await;
    assert_eq!(again, "0 to make, 0 to change, 0 to delete\n");

    control.put("users/by-hand", json!({})).await;
    write("workspaces: {default: {}}\nroutes: {fast: {target: p/n}}\n");
    let applied = done(&gateway, folder, &["apply", "team.yaml"]).await;
    assert!(applied.contains("~ routes/fast\n    target: \"p/m\" -> \"p/n\"\n- keys/k\n"), "{applied}");
    assert_eq!(control.get("users/by-hand").await.status, 200, "it was not applied from this file");
    write("workspaces: {default: {}}\nroutes: {fast: {target: nobody/n}, slow: {target: p/m}}\n");
    for verb in ["plan", "apply"] {
        let wrong = run(&gateway, folder, &[verb, "team.yaml"]).await;
        assert!(complaint(&wrong).contains("routes.fast.target"), "{}", complaint(&wrong));
    }
    assert_eq!(control.get("routes/slow").await.status, 404, "all of it or nothing");
}
