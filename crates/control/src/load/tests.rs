//! From text to snapshot: what comes out, in which order, and every mistake with its line.

use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use domain::Scope;
use domain::kept::KeepRules;
use domain::provider::Proof;
use domain::route::RouteNode;
use engine::route::ProviderDirectory;
use providers::definition::ProviderDefinition;

use super::Loader;
use crate::authority::{Action, Kind, Resource};
use crate::environment::Environment;
use crate::settings::{LogFormat, LogRequests, ProxyChoice, StatePlace, StateSettings};

/// Variables as given, and one file.
struct Fake(&'static [(&'static str, &'static str)]);

impl Environment for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    fn file(&self, path: &FilePath, _: u64) -> io::Result<String> {
        match path.to_str() {
            Some("/etc/tollgate/groq.secret") => Ok("gsk-from-file\n".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fn loader(variables: &'static [(&'static str, &'static str)]) -> Loader {
    Loader::new("/etc/tollgate/tollgate.yaml", Arc::new(Fake(variables)))
}

fn errors(text: &str) -> String {
    loader(&[("TOKEN", "sk-from-env-secret")]).load_text(text, 1).unwrap_err().to_string()
}

const HASH: &str = "blake3:00000000000000000000000000000000000000000000000000000000000000aa";

#[test]
fn nothing_at_all_is_a_configuration() {
    let loaded = loader(&[]).load_text("", 7).unwrap();
    assert_eq!(loaded.snapshot.generation, 7);
    assert!(loaded.snapshot.providers.is_empty());
    assert_eq!(loaded.snapshot.limits, domain::Limits::default());
    assert_eq!(loaded.server.listen.to_string(), "127.0.0.1:8080");
    assert!(loaded.server.http2 && loaded.server.tls.is_none());
    assert_eq!(loaded.upstream.proxy, ProxyChoice::Environment);
    assert_eq!((loaded.log.format, loaded.log.requests), (LogFormat::Text, LogRequests::Failures));
}

/// A provider of the process, as the scripted one is.
fn of_process(title: &str) -> ProviderDefinition {
    ProviderDefinition {
        title: Some(title.to_owned()),
        base_url: Some("http://127.0.0.1:9".to_owned()),
        live: Some(providers::definition::Live::Always),
        auth: providers::definition::Auth { optional: Some(true), ..Default::default() },
        endpoints: [(domain::Endpoint::Models, "/models".to_owned())].into_iter().collect(),
        ..ProviderDefinition::default()
    }
}

#[test]
fn a_configured_provider_is_laid_over_that_of_the_process_and_others_are_like_it() {
    let text = "
providers:
  scripted: {endpoints: {models: '', embeddings: /embeddings}}
  another: {like: scripted, endpoints: {messages: /messages}}
";
    let loaded = loader(&[]).with_provider("scripted", of_process("Scripted")).load_text(text, 1).unwrap();
    let serves = |name, endpoint| {
        let provider = loaded.snapshot.provider(name).unwrap();
        assert_eq!(provider.base.to_string(), "http://127.0.0.1:9");
        provider.serves(endpoint)
    };
    use domain::Endpoint::{Embeddings, Messages, Models};
    assert!(serves("scripted", Embeddings) && !serves("scripted", Models));
    assert!(serves("another", Messages) && serves("another", Models) && !serves("another", Embeddings));
}

#[test]
fn providers_come_as_configured_then_as_added_then_as_the_environment_has_them() {
    let variables = &[
        ("GROQ_API_KEY", "g"),
        ("OPENAI_API_KEY", "o"),
        ("ANTHROPIC_API_KEY", "a"),
        ("MISTRAL_API_KEY", "m"),
    ];
    let text = "
providers:
  zzz: &mine {base_url: 'http://127.0.0.1:1', auth: {scheme: none}, endpoints: {models: /models}}
  groq: {}
  aaa: {<<: *mine, base_url: 'http://127.0.0.1:2'}
";
    let loaded = loader(variables)
        .with_provider("scripted", of_process("Scripted"))
        .with_provider("zzz", of_process("replaced"))
        .load_text(text, 1)
        .unwrap();
    let names: Vec<_> = loaded.snapshot.provider_names().map(ToString::to_string).collect();
    assert_eq!(names, ["zzz", "groq", "aaa", "scripted", "openai", "anthropic", "mistral"]);
    assert_eq!(loaded.snapshot.provider("zzz").unwrap().base.to_string(), "http://127.0.0.1:1");
}

#[test]
fn a_configured_provider_is_laid_over_the_built_in_one() {
    let text = "providers:\n  groq:\n    credentials: ['${file:groq.secret}']\n    models: [my-*]\n";
    let loaded = loader(&[]).load_text(text, 1).unwrap();
    let groq = loaded.snapshot.provider("groq").unwrap();
    assert_eq!(groq.base.authority.as_str(), "api.groq.com");
    assert!(groq.knows_model("my-model") && !groq.knows_model("llama-3.3-70b-versatile"));
    assert_eq!(loaded.files, [FilePath::new("/etc/tollgate/groq.secret")]);
}

#[test]
fn a_second_account_of_a_vendor_is_like_the_built_in_provider() {
    let text = "
providers:
  bedrock-eu:
    like: bedrock
    variables: {region: {value: eu-central-1}}
  bedrock-us:
    like: bedrock
    variables: {region: {value: us-east-1}}
    credentials: [{aws: {access_key_id: AKIAUS, secret_access_key: s}}, bedrock-api-key]
";
    let variables = &[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let loaded = loader(variables).load_text(text, 1).unwrap();
    let provider = |name: &str| loaded.snapshot.provider(name).unwrap();
    assert_eq!(provider("bedrock-eu").base.authority.as_str(), "bedrock-runtime.eu-central-1.amazonaws.com");
    assert!(provider("bedrock-eu").serves(domain::Endpoint::Converse));
    let [signed, bearer] = &*provider("bedrock-us").credentials else { panic!("two") };
    assert!(matches!(signed.proof, Proof::SignIn(_)) && matches!(bearer.proof, Proof::Header(..)));
    assert!(
        errors("providers: {mine: {like: bedrok}}\n").contains(
            "providers.mine.like: no built-in provider is called `bedrok`; did you mean `bedrock`?"
        )
    );
}

#[test]
fn a_sign_in_that_did_not_change_is_kept_by_the_next_configuration() {
    let loader =
        loader(&[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "r")]);
    let proof = |text: &str| {
        let loaded = loader.load_text(text, 1).unwrap();
        (loaded.snapshot.provider("bedrock").unwrap().credentials[0].proof.clone(), loaded)
    };
    let (first, _first) = proof("");
    let (same, _same) = proof("limits: {headers_max: 60}\n");
    let (other, _other) =
        proof("providers: {bedrock: {sign_in: {aws: {assume_role_arn: 'arn:aws:iam::1:role/r'}}}}\n");
    assert!(first.is_same(&same));
    assert!(!first.is_same(&other));
}

#[test]
fn a_provider_without_a_credential_is_a_warning_and_an_error_where_a_route_needs_it() {
    let loaded = loader(&[]).load_text("providers: {groq: {}}\n", 1).unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "provider `groq` cannot be called: set GROQ_API_KEY in the environment, or write what it needs under `providers.groq`"
        ]
    );
    assert_eq!(
        errors("routes:\n  fast:\n    target: groq/x\n"),
        "/etc/tollgate/tollgate.yaml:3:13: routes.fast.target: provider `groq` cannot be called: set GROQ_API_KEY in the \
         environment, or write what it needs under `providers.groq`\n1 problem in /etc/tollgate/tollgate.yaml (TG5001)"
    );
}

#[test]
fn a_route_may_bring_a_credential_to_any_provider_and_always_gets_the_same_one() {
    let loaded = loader(&[]).load_text("routes: {fast: {target: groq/x, api_key: gsk-mine}}\n", 1).unwrap();
    let RouteNode::Target(target) = &loaded.snapshot.routes["fast"].root else { panic!("a target") };
    let Proof::Header(_, value) = &target.credentials[0].proof else { panic!("{target:?}") };
    assert_eq!((value.to_str().unwrap(), value.is_sensitive()), ("Bearer gsk-mine", true));
    assert!(loaded.snapshot.providers.is_empty());
    let again = loaded.directory.bare("groq").unwrap();
    assert!(Arc::ptr_eq(&again, &target.provider));
    assert!(loaded.directory.bare("nobody").is_none());
}

#[test]
fn a_server_of_the_operators_own_that_nobody_set_up_is_not_reached_by_bringing_a_credential() {
    let loaded = loader(&[]).load_text("", 1).unwrap();
    assert!(loaded.directory.bare("vllm").is_none());
    assert!(loaded.directory.absence("vllm").unwrap().contains("VLLM_BASE_URL"));
    let loaded = loader(&[]).load_text("providers: {vllm: {}}\n", 1).unwrap();
    assert!(loaded.directory.bare("vllm").is_some());
}

#[test]
fn every_built_in_provider_can_be_called_with_a_credential_that_a_route_brings_unless_it_lacks_an_address() {
    let loaded = loader(&[]).load_text("", 1).unwrap();
    let lacking: Vec<_> =
        loaded.directory.names().into_iter().filter(|name| loaded.directory.bare(name).is_none()).collect();
    assert!(loaded.directory.names().len() > 30);
    for name in &lacking {
        let absence = loaded.directory.absence(name).unwrap();
        assert!(absence.contains("set "), "{absence}");
    }
    assert!(
        !lacking.iter().any(|name| ["openai", "anthropic", "groq"].contains(&name.as_str())),
        "{lacking:?}"
    );
}

#[test]
fn settings_reach_their_places() {
    let text = format!(
        "server: {{listen: 'localhost:0', http2: false, tls: {{certificate: a.crt, private_key: /abs.key}}}}\n\
         upstream: {{ca_files: [ca.pem], proxy: none, idle_timeout: 1s, idle_connections_max: 3, dns_ttl: 0s, custom_host_from_requests: true}}\n\
         limits: {{body_bytes_max: 1MiB, head_bytes_max: 16KiB, headers_max: 50, json_depth_max: 20, sse_frame_bytes_max: 1MiB, held_answer_bytes_max: 0, \
         connections_max: 7, in_flight_bytes_max: 1GB, head_read_timeout: 1s, body_idle_timeout: 2s, drain_timeout: 0s}}\n\
         defaults: {{idle_timeout: 9s, retry: {{attempts: 2}}}}\n\
         state: {{kind: sqlite, path: kept.db, bytes_max: 1GiB, audit_records_max: 7, responses: {{keep: 1d, entry_bytes_max: 1MiB, history_bytes_max: 2MiB}}}}\n\
         log: {{format: json, requests: none}}\n\
         keys: [{{name: a, hash: '{HASH}', models: ['x/*'], providers: [], passthrough: true, inline_config: true}}]\n"
    );
    let loaded = loader(&[]).load_text(&text, 1).unwrap();
    let tls = loaded.server.tls.as_ref().unwrap();
    assert_eq!(loaded.server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(tls.certificate, FilePath::new("/etc/tollgate/a.crt"));
    assert_eq!(tls.private_key, FilePath::new("/abs.key"));
    assert_eq!(loaded.upstream.ca_files, [FilePath::new("/etc/tollgate/ca.pem")]);
    assert_eq!((loaded.upstream.proxy, loaded.upstream.idle_connections_max), (ProxyChoice::None, 3));
    assert_eq!(
        (loaded.upstream.idle_timeout, loaded.upstream.dns_ttl),
        (Duration::from_secs(1), Duration::ZERO)
    );
    let place = StatePlace::Sqlite(FilePath::new("/etc/tollgate/kept.db").to_owned());
    let state = StateSettings { place, bytes_max: 1 << 30, audit_records_max: 7, shared: None };
    assert_eq!(loaded.state, state);
    let snapshot = &loaded.snapshot;
    let KeepRules { response_lifetime, entry_bytes_max, history_bytes_max } = snapshot.keep_rules;
    assert_eq!(response_lifetime, Duration::from_secs(24 * 3600));
    assert_eq!((entry_bytes_max, history_bytes_max), (1 << 20, 2 << 20));
    assert!(snapshot.request_policy.custom_host);
    assert_eq!((snapshot.limits.body_bytes_max, snapshot.limits.head_bytes_max), (1 << 20, 16 << 10));
    assert_eq!((snapshot.limits.headers_max, snapshot.limits.json_depth_max), (50, 20));
    assert_eq!((snapshot.limits.connections_max, snapshot.limits.in_flight_bytes_max), (7, 1_000_000_000));
    assert_eq!(snapshot.limits.drain_timeout, Duration::ZERO);
    assert_eq!(
        (snapshot.route_defaults.retry.attempts, snapshot.route_defaults.timeouts.idle),
        (2, Some(Duration::from_secs(9)))
    );
    assert_eq!((loaded.log.format, loaded.log.requests), (LogFormat::Json, LogRequests::None));
    let key = &snapshot.keys[&HASH.parse().unwrap()].key;
    assert!(key.allows_name("x/y") && !key.allows_provider("openai") && key.passthrough && key.inline_config);
}

#[test]
fn state_is_in_memory_unless_a_database_is_asked_for() {
    let state = |text: &str| {
        let loaded = loader(&[]).load_text(text, 1).unwrap();
        (loaded.state.place, loaded.state.bytes_max, loaded.snapshot.keep_rules)
    };
    assert_eq!(state(""), (StatePlace::Memory, 256 << 20, KeepRules::default()));
    let file = FilePath::new("/etc/tollgate/tollgate.db").to_owned();
    assert_eq!(state("state: {kind: sqlite}\n"), (StatePlace::Sqlite(file), 16 << 30, KeepRules::default()));
    let (_, bytes_max, rules) = state("state: {bytes_max: 2MiB}\n");
    assert_eq!((bytes_max, rules.entry_bytes_max), (2 << 20, 2 << 20), "none is larger than all");
}

#[test]
fn a_server_that_replicas_share_is_told_by_its_url_which_nobody_sees() {
    let text = "state: {shared: {url: 'postgres://u:${env:PASSWORD}@host/d', timeout: 500ms}}\n";
    let state = loader(&[("PASSWORD", "hunter2")]).load_text(text, 1).unwrap().state;
    let shared = state.shared.as_ref().unwrap();
    assert_eq!(shared.url.expose(), "postgres://u:hunter2@host/d");
    assert_eq!((&*shared.namespace, shared.timeout), ("tollgate", Duration::from_millis(500)));
    assert!(!format!("{state:?}").contains("hunter2"));
    let refused = errors("state: {shared: {url: 'mysql://u:hunter2@host/d', namespace: 1-a, timeout: 3s}}\n");
    for key in ["url", "namespace", "timeout"] {
        assert!(refused.contains(&format!("state.shared.{key}: expected")), "{refused}");
    }
    assert!(!refused.contains("hunter2"), "{refused}");
    assert!(errors("state: {shared: {}}\n").contains("url"));
}

#[test]
fn replicas_with_a_database_on_a_server_share_by_it_unless_told_otherwise() {
    let text = |more: &str| {
        format!(
            "state: {{kind: postgres, url: 'postgres://u:${{env:PASSWORD}}@host/d', namespace: blue{more}}}\n"
        )
    };
    let load = |more: &str| loader(&[("PASSWORD", "hunter2")]).load_text(&text(more), 1).unwrap().state;
    let state = load("");
    let StatePlace::Postgres { server, snapshot_path } = &state.place else { panic!("{state:?}") };
    assert_eq!(snapshot_path, FilePath::new("/etc/tollgate/tollgate.snapshot"));
    assert_eq!((server.url.expose(), &*server.namespace), ("postgres://u:hunter2@host/d", "blue"));
    assert_eq!(server.timeout, Duration::from_secs(5));
    let shared = state.shared.as_ref().unwrap();
    assert_eq!(
        (&shared.url, &*shared.namespace, shared.timeout),
        (&server.url, "blue", Duration::from_secs(1))
    );
    assert_eq!((state.bytes_max, state.audit_records_max), (16 << 30, 1_000_000));
    assert!(!format!("{state:?}").contains("hunter2"));
    assert_eq!(load(", timeout: 300ms").shared.unwrap().timeout, Duration::from_millis(300));
    let other = load(", shared: {url: 'redis://cache/0'}").shared.unwrap();
    assert_eq!((other.url.expose(), &*other.namespace), ("redis://cache/0", "tollgate"));
}

#[test]
fn a_database_on_a_server_that_cannot_be_meant_is_refused_without_its_url() {
    for (state, expected) in [
        ("kind: postgres", "state.url: expected a URL"),
        ("kind: postgres, url: 'redis://u:hunter2@host/0'", "state.url: expected a URL"),
        (
            "kind: postgres, url: 'postgres://u:hunter2@host/d', path: kept.db",
            "state.path: a database on a server",
        ),
        ("kind: postgres, url: 'postgres://u:hunter2@host/d', namespace: 1-a", "state.namespace: expected"),
        ("kind: postgres, url: 'postgres://u:hunter2@host/d', timeout: 31s", "state.timeout: expected"),
        ("kind: postgres, url: 'postgres://u:hunter2@host/d', timeout: 0s", "state.timeout: expected"),
        ("kind: sqlite, url: 'postgres://u:hunter2@host/d'", "state.url: it is for a database on a server"),
        ("namespace: blue", "state.namespace: it is for a database on a server"),
        ("timeout: 1s", "state.timeout: it is for a database on a server"),
        ("snapshot_path: x", "state.snapshot_path: it is for a database on a server"),
        (
            "kind: postgres, url: 'postgres://u@host/d', snapshot_path: x",
            "state.snapshot_path: the file is sealed",
        ),
        (
            "kind: postgres, url: 'postgres://u:hunter2@host/d', snapshot_path: ''",
            "state.snapshot_path: expected the name",
        ),
    ] {
        let refused = errors(&format!("state: {{{state}}}\n"));
        assert!(refused.contains(expected) && !refused.contains("hunter2"), "{state}: {refused}");
    }
}

#[test]
fn state_that_cannot_be_meant_is_refused_with_its_lines() {
    let text = "\
state:
  path: kept.db
  bytes_max: 10KiB
  responses:
    keep: 0s
    entry_bytes_max: 20KiB
    history_bytes_max: 0
";
    insta::assert_snapshot!(errors(text));
    assert!(errors("state: {kind: mongo}\n").contains("state.kind"));
}

#[test]
fn ten_mistakes_of_structure_come_as_ten_lines() {
    let text = "\
server:
  listen: [1]
  lisen: x
limits:
  body_bytes_max: 64mb
  headers_max: 5000
routes:
  fast:
    stratgy: {mode: fallback}
    cache: {mode: simple}
    retry: {attempts: many}
providers:
  openai:
    credentials: ['${env:NOBODY}']
keys:
  - name: me
log: {format: xml}
log: {}
";
    insta::assert_snapshot!(errors(text));
}

#[test]
fn ten_mistakes_of_meaning_come_as_ten_lines() {
    let text = format!(
        "\
server: {{listen: nowhere}}
limits: {{head_bytes_max: 1KiB, body_bytes_max: 2GiB, head_read_timeout: 0s}}
providers:
  mine: {{base_url: 'ftp://x', auth: {{scheme: none}}}}
  b/d: {{base_url: 'http://x', auth: {{scheme: none}}}}
routes:
  openai: {{target: anthropic/x, api_key: sk-ant}}
  a/b: {{target: openai/x, api_key: sk-o}}
  fast:
    strategy: {{mode: fallback}}
    targets:
      - provider: opnai
      - target: openai/gpt-4o
        api_key: sk-o
        retry: {{attempts: 3, on_status_codes: [429, 599]}}
        forward_headers: [authorization]
defaults: {{retry: {{backoff_first: 1m}}}}
keys:
  - {{name: a, hash: '{HASH}', models: ['']}}
  - {{name: a, hash: '{HASH}'}}
  - {{name: 'b c', hash: sha256:00}}
"
    );
    insta::assert_snapshot!(errors(&text));
}

#[test]
fn text_that_is_no_yaml_and_a_file_that_is_not_there_are_said_so() {
    assert!(errors("a: [1\n").contains("not valid YAML"));
    let missing = loader(&[]).load(1).unwrap_err().to_string();
    assert!(missing.starts_with("/etc/tollgate/tollgate.yaml: the file cannot be read: "), "{missing}");
    assert!(errors("- a\n").contains("expected keys with values, found a list"));
    assert!(errors("just a text\n").contains("expected keys with values, found a text"));
}

#[test]
fn secrets_never_show_in_what_is_loaded_or_refused() {
    let text = format!(
        "providers:\n  openai: {{credentials: ['${{env:TOKEN}}', sk-literal-secret], headers: {{default: {{x-a: '${{env:TOKEN}}'}}}}}}\n\
         routes: {{fast: {{target: openai/x, api_key: sk-literal-secret}}}}\nkeys: [{{name: a, hash: '{HASH}'}}]\n"
    );
    let loaded = loader(&[("TOKEN", "sk-from-env-secret")]).load_text(&text, 1).unwrap();
    let shown = format!("{loaded:?}");
    assert!(shown.contains("openai#1"));
    // A default header is no credential; the operator decided to write a value there.
    assert!(!shown.contains("sk-literal-secret"), "{shown}");

    for wrong in [
        "server: {listen: '${env:TOKEN}'}",
        "log: {format: '${env:TOKEN}'}",
        "limits: {body_bytes_max: '${env:TOKEN}'}",
        "routes: {'x': {target: '${env:TOKEN}'}}",
        "routes: {'x': {provider: '${env:TOKEN}', custom_host: '${env:TOKEN}', drop_params: ['${env:TOKEN}..']}}",
        "providers: {mine: {base_url: '${env:TOKEN}', auth: {scheme: header, header: '${env:TOKEN} x'}}}",
        "keys: [{name: '${env:TOKEN} x', hash: '${env:TOKEN}'}]",
    ] {
        let message = errors(wrong);
        assert!(!message.contains("from-env-secret"), "{message}");
    }
}

#[test]
fn values_from_outside_become_what_the_schema_asks_for() {
    let variables = &[("ATTEMPTS", "4"), ("ON", "true"), ("DIGITS", "12345")];
    let text = "server: {http2: '${env:ON}'}\nproviders: {groq: {credentials: ['${env:DIGITS}']}}\n\
                routes: {fast: {target: groq/x, retry: {attempts: '${env:ATTEMPTS}'}, override_params: {user: '${env:DIGITS}'}}}\n";
    let loaded = loader(variables).load_text(text, 1).unwrap();
    let RouteNode::Target(target) = &loaded.snapshot.routes["fast"].root else { panic!("a target") };
    assert_eq!(target.retry.attempts, 4);
    assert_eq!(target.parameters.overrides, [("user".to_owned(), b"\"12345\"".to_vec())]);
    let wrong = loader(&[("ATTEMPTS", "many")])
        .load_text("routes: {f: {target: a/b, retry: {attempts: '${env:ATTEMPTS}'}}}", 1);
    assert!(wrong.unwrap_err().to_string().contains("expected a whole number"));
}

#[test]
fn what_tenants_refer_to_has_to_be_there() {
    let text = "\
organization: {name: 'a b', metadata: {'x y': 1}}
routes:
  chat: {target: scripted/echo}
  open: {provider: scripted}
workspaces:
  research:
    default_route: chta
    endpoints: [chat_completion, 'audio_*']
    metadata_schema: {type: objekt}
    teams: {vision: {}}
  sales: {environments: [live]}
users:
  ada: {teams: [research/vison]}
  'b c': {}
  bob: {teams: [research/vision]}
keys:
  - {name: a, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000001'}
  - {name: b, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000002', workspace: reserch}
  - {name: c, workspace: research, team: visoin, user: adda, environment: production}
  - {name: d, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000003', workspace: research, team: vision, user: ada}
  - {name: e, hashes: [{hash: x}, {hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000004', until: soon}], workspace: sales}
  - {name: f, hash: x, hashes: [{hash: y}], expires: 2026-13-01, workspace: sales, networks: [10.0.0.1/8, here], default_route: open}
server: {trusted_proxies: [proxy]}
";
    let problems =
        loader(&[]).with_provider("scripted", of_process("Scripted")).load_text(text, 1).unwrap_err();
    insta::assert_snapshot!(problems.to_string());
}

#[test]
fn keys_without_a_workspace_belong_to_the_one_called_default() {
    let key = |more: &str| {
        let text = format!("{more}\nkeys: [{{name: k, hash: '{HASH}', metadata: {{app: 7, tier: own}}}}]");
        let loaded = loader(&[]).load_text(&text, 1).unwrap();
        let subject = Arc::clone(&loaded.snapshot.keys[&HASH.parse().unwrap()].key.subject);
        let labels: Vec<_> = subject.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (
            subject.organization.to_string(),
            subject.workspace.name.to_string(),
            subject.workspace.scope.clone(),
            labels,
        )
    };
    let (organization, workspace, scope, labels) = key("");
    assert_eq!((organization.as_str(), workspace.as_str(), scope), ("default", "default", Scope::default()));
    assert_eq!(labels, ["app=7", "tier=own"]);
    let (organization, workspace, scope, labels) = key(
        "organization: {name: acme, metadata: {tier: basic, company: acme}}\nworkspaces: {default: {providers: [p], metadata: {tier: gold}}}",
    );
    assert_eq!((organization.as_str(), workspace.as_str()), ("acme", "default"));
    assert!(scope.allows_provider("p") && !scope.allows_provider("q"));
    assert_eq!(labels, ["app=7", "company=acme", "tier=own"]);
}

#[test]
fn a_probe_that_would_never_be_made_is_a_mistake() {
    for (probes, problem) in [
        ("{targets: [opnai/m]}", "there is no provider `opnai`; did you mean `openai`?"),
        ("{targets: [m]}", "write it as `provider/model`"),
        ("{every: 1ms}", "expected at least 100 milliseconds"),
    ] {
        let found = errors(&format!("defaults: {{active_probes: {probes}}}\n"));
        assert!(found.contains("defaults.active_probes") && found.contains(problem), "{found}");
    }
    let without_credential = "defaults: {active_probes: {targets: [openai/gpt-4o-mini]}}\n";
    assert!(loader(&[]).load_text(without_credential, 1).is_ok());
}

#[test]
fn what_control_keys_and_roles_refer_to_has_to_be_there() {
    let text = "\
workspaces:
  research: {environments: [live]}
  sales: {}
users:
  ada: {}
roles:
  owner: {policies: ['permit (principal, action, resource);']}
  'b c': {policies: ['permit (principal, action, resource);', 'permit (principal, action == Action::\"raed\", resource);']}
control:
  keys:
  - {name: a, hash: x, roles: [{role: admni}, {role: admin, workspace: reserch}, {role: admin, environment: live, workspace: sales}]}
  - {name: a, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000001', roles: []}
  - {name: b, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000001', user: adda, expires: soon, roles: [{role: admin, environment: production}]}
";
    insta::assert_snapshot!(errors(text));
}

#[test]
fn a_control_key_holds_its_roles_where_they_were_given() {
    let text = format!(
        "workspaces: {{research: {{}}, sales: {{}}}}
users: {{ada: {{}}}}
roles:
  rotator:
    policies:
      - permit (principal, action in [Action::\"read\", Action::\"rotate\"], resource is Key);
      - forbid (principal, action == Action::\"rotate\", resource) unless {{ context.own }};
control:
  keys:
    - name: ops
      hash: {}
      user: ada
      roles: [{{role: rotator, workspace: research}}]",
        domain::KeyHash::of("tga-test")
    );
    let authority = loader(&[]).load_text(&text, 1).unwrap().authority;
    let principal = authority.admit(Some("tga-test"), std::time::SystemTime::UNIX_EPOCH).unwrap();
    let key = |workspace, owner| Resource { owner, ..Resource::of_workspace(Kind::Key, workspace) };
    assert!(principal.permits(Action::Rotate, &key("research", Some("ada"))));
    assert!(!principal.permits(Action::Rotate, &key("research", None)));
    assert!(principal.visible(&key("research", None)) && !principal.visible(&key("sales", Some("ada"))));
}

#[test]
fn issuers_of_tokens_are_whole_and_their_rules_give_what_is_there() {
    let text = "\
workspaces: {research: {teams: {vision: {}}}}
keys: [{name: k, hash: 'blake3:0000000000000000000000000000000000000000000000000000000000000001', workspace: research}]
token_issuers:
  - {name: a/b, issuer: https://a.example, audiences: [], jwks_url: http://a.example/keys, rules: []}
  - {name: c, issuer: https://a.example, audiences: [x], jwks_url: https://a.example/keys, jwks_file: b, algorithms: [], leeway: 10m, rules: [{}]}
  - name: c
    issuer: https://b.example
    audiences: ['']
    jwks_file: keys.json
    rules: [{workspace: research}]
  - name: d
    issuer: https://d.example
    audiences: [x]
    jwks_url: https://d.example/keys
    algorithms: [HS256]
    rules: []
";
    insta::assert_snapshot!("issuers_of_tokens_have_a_form", errors(text));
    let text = text.replace("[HS256]", "[ES256]").replace(
        "ES256]\n    rules: []",
        "ES256]
    rules:
      - {workspace: reserch}
      - {when: {groups: [], a..b: [x]}, workspace: research, team: visoin, environment: moon, user: 'a b'}
      - {workspace: research, user: '${a..b}', team: '${x}', metadata: {'x y': '${}'}, may: {endpoints: [chat], networks: [here]}}
      - {workspace: '${w}', team: anything, metadata: {'x y': ok}}
      - {}",
    );
    insta::assert_snapshot!("issuers_of_tokens_have_sense", errors(&text));
}

#[test]
fn keys_of_an_issuer_are_fetched_in_clear_text_from_this_machine_alone() {
    let with = |url: &str, more: &str| {
        let issuer =
            format!("{{name: a, issuer: i, audiences: [x], rules: [{{}}], jwks_url: '{url}'{more}}}");
        loader(&[]).load_text(&format!("token_issuers: [{issuer}]"), 1).is_ok()
    };
    for url in ["https://a.example/k", "http://127.0.0.1:1/k", "http://localhost/k", "http://[::1]:8/k"] {
        assert!(with(url, ""), "{url}");
    }
    for url in [
        "http://a.example/k",
        "http://10.0.0.1/k",
        "http://localhost.a.example/k",
        "a.example/k",
        "/k",
        "ftp://a/k",
    ] {
        assert!(!with(url, ""), "{url}");
    }
    assert!(with("http://a.example/k", ", allow_insecure: true"));
    assert!(!with("ftp://a.example/k", ", allow_insecure: true"));
}

#[test]
fn a_control_plane_in_clear_text_that_others_reach_is_warned_of() {
    let warnings = |server: &str| loader(&[]).load_text(&format!("server: {server}"), 1).unwrap().warnings;
    for listen in ["0.0.0.0:4100", "10.0.0.1:0", "[::]:4100", "[2001:db8::1]:4100"] {
        let warnings = warnings(&format!("{{control: {{listen: '{listen}'}}}}"));
        let [warning] = warnings.as_slice() else { panic!("{listen}: {warnings:?}") };
        assert!(warning.starts_with("the control plane is served in clear text at "), "{warning}");
        assert!(warning.contains("server.control.tls"), "{warning}");
    }
    for server in [
        "{}",
        "{listen: '0.0.0.0:8080'}",
        "{control: {listen: '127.0.0.1:4100'}}",
        "{control: {listen: '127.8.0.1:4100'}}",
        "{control: {listen: '[::1]:4100'}}",
        "{control: {listen: '[::ffff:127.0.0.1]:4100'}}",
        "{control: {listen: '0.0.0.0:4100', tls: {certificate: c, private_key: k}}}",
        "{tls: {certificate: c, private_key: k}, control: {listen: '0.0.0.0:4100'}}",
    ] {
        assert_eq!(warnings(server), Vec::<String>::new(), "{server}");
    }
}
