//! What is fetched, what is remembered, and what a configuration does with it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{
    BTreeMap, ExposeSecret, FetchSecrets, Mutex, REFERENCES_MAX, Renewed, SecretReference, SecretString,
    UpstreamSettings, Vaults,
};
use crate::environment::DiskEnvironment;
use crate::load::{Loaded, Loader};
use crate::problem::ConfigErrors;

/// A vault that a test fills.
#[derive(Default)]
struct Filled {
    values: Mutex<BTreeMap<String, String>>,
    rounds: Mutex<usize>,
}

impl FetchSecrets for Filled {
    fn fetch(
        &self,
        _: &Vaults,
        _: &UpstreamSettings,
        references: &[SecretReference],
    ) -> Vec<Result<SecretString, String>> {
        *self.rounds.lock() += 1;
        let values = self.values.lock();
        let value = |reference: &SecretReference| {
            let value = values.get(reference.as_str()).cloned();
            value.map(SecretString::from).ok_or_else(|| "it is not there".to_owned())
        };
        references.iter().map(value).collect()
    }
}

struct Case {
    vault: Arc<Filled>,
    loader: Loader,
}

impl Case {
    fn new() -> Self {
        let vault = Arc::new(Filled::default());
        let environment = Arc::new(DiskEnvironment(|_: &str| None));
        let loader = Loader::new(PathBuf::from("t.yaml"), environment).with_vaults(Arc::clone(&vault) as _);
        Self { vault, loader }
    }

    fn put(&self, reference: &str, value: &str) {
        self.vault.values.lock().insert(reference.to_owned(), value.to_owned());
    }

    fn rounds(&self) -> usize {
        *self.vault.rounds.lock()
    }

    fn load(&self, text: &str) -> Result<Loaded, ConfigErrors> {
        self.loader.load_text(text, 1)
    }

    fn told(&self, text: &str) -> String {
        self.load(text).unwrap_err().to_string()
    }

    fn renew(&self, loaded: &Loaded) -> Renewed {
        self.loader.secrets().renew(&loaded.secrets.vaults, &loaded.upstream, &loaded.references)
    }
}

fn provider(credential: &str) -> String {
    format!(
        "providers: {{ p: {{ base_url: 'https://p', endpoints: {{ models: /m }}, credentials: ['{credential}'] }} }}\n"
    )
}

fn credential(loaded: &Loaded) -> String {
    let secret = loaded.snapshot.providers[0].credentials[0].secret.as_ref();
    secret.unwrap().expose_secret().to_owned()
}

const KEY: &str = "vault:kv/llm/openai#key";

fn referring() -> String {
    provider(&format!("${{{KEY}}}"))
}

#[test]
fn a_reference_is_fetched_once_and_put_in() {
    let case = Case::new();
    case.put(KEY, "sk-one");
    let loaded = case.load(&referring()).unwrap();
    assert_eq!(credential(&loaded), "sk-one");
    assert_eq!(loaded.references.iter().map(ToString::to_string).collect::<Vec<_>>(), [KEY]);
    assert_eq!(credential(&case.load(&referring()).unwrap()), "sk-one");
    assert_eq!(case.rounds(), 1, "what is known is not asked for again");
}

#[test]
fn a_missing_one_is_a_problem_with_its_line_and_without_any_value() {
    let case = Case::new();
    case.put("awssm:b", "sk-canary");
    let route = "routes: { r: { target: p/m, api_key: '${awssm:b}', retry: sk-canary } }\n";
    let told = case.told(&(referring() + route));
    let missing = format!("providers.p.credentials[0]: `{KEY}` cannot be read: it is not there");
    assert!(told.contains("t.yaml:1:") && told.contains(&missing), "{told}");
    assert!(!told.contains("canary"), "{told}");
    for (wrong, part) in [
        ("${vault:kv/openai}", "written as `${vault:mount/path#field}`"),
        ("${azkv:x}", "written as `${azkv:vault-name/secret}`"),
    ] {
        assert!(case.told(&provider(wrong)).contains(part), "{wrong}");
    }
}

#[test]
fn how_vaults_are_reached_is_known_before_they_are() {
    let case = Case::new();
    case.put(KEY, "sk-one");
    let told = case.told(&format!("secrets: {{ key: '${{{KEY}}}' }}\n"));
    assert!(told.contains("secrets.key: `vault:kv/llm/openai#key` cannot stand here"), "{told}");
    let told = case.told(&(referring() + "secrets: { vault: { address: nowhere, token: t } }\n"));
    assert!(told.contains("secrets.vault.address: it must start with"), "{told}");
    assert_eq!(case.rounds(), 0);
}

#[test]
fn what_changes_is_told_and_what_cannot_be_had_stays() {
    let case = Case::new();
    case.put(KEY, "sk-one");
    let loaded = case.load(&referring()).unwrap();
    let renewed = case.renew(&loaded);
    assert!(!renewed.changed && renewed.failed.is_empty());
    case.put(KEY, "sk-two");
    assert!(case.renew(&loaded).changed);
    assert!(!case.renew(&loaded).changed);
    case.vault.values.lock().clear();
    let renewed = case.renew(&loaded);
    assert!(!renewed.changed);
    assert_eq!(renewed.failed[0].1, "it is not there");
    assert_eq!(credential(&case.load(&referring()).unwrap()), "sk-two", "the last value stays");
}

#[test]
fn what_was_read_from_another_vault_is_no_answer() {
    let case = Case::new();
    case.put(KEY, "sk-one");
    for address in ["a", "b", "a"] {
        let vault = format!("secrets: {{ vault: {{ address: 'https://{address}', token: t }} }}\n");
        case.load(&(referring() + &vault)).unwrap();
    }
    assert_eq!(case.rounds(), 2);
}

#[test]
fn a_configuration_has_no_more_references_than_can_be_read() {
    let case = Case::new();
    let many: Vec<_> = (0..=REFERENCES_MAX).map(|number| format!("'${{awssm:s{number}}}'")).collect();
    let told = case.told(&format!("server: {{ trusted_proxies: [{}] }}\n", many.join(",")));
    assert!(told.contains("more than 1000 references"), "{told}");
    assert_eq!(case.rounds(), 0);
}
