//! What the registry is told, and what it tells.

use domain::ports::key_encryption::DataKey;
use serde_json::json;

use super::{
    Arc, Bytes, Change, NotOpened, Object, ObjectId, ObjectKind, Objects, Register, Registered, Timestamp,
};
use crate::sealing::{KeyRing, LocalKey, NotSealed};

fn ring(seals: Option<u8>, previous: &[u8]) -> KeyRing {
    let key = |byte: u8| LocalKey::new(DataKey::new([byte; 32]));
    let previous: Vec<_> = previous.iter().map(|byte| key(*byte)).collect();
    KeyRing::of_local(seals.map(key).as_ref(), &previous, || Some([9; 32]))
}

fn provider(name: &str) -> ObjectId {
    ObjectId::new(ObjectKind::Provider, name).unwrap()
}

fn object(id: &ObjectId, secret: &str) -> Object {
    let body = json!({"credentials": [secret, "${env:A}"], "base_url": "https://a"});
    let object = Object::new(id, body.as_object().unwrap(), None, Timestamp::UNIX_EPOCH).unwrap();
    Object { applied_from: Some("tollgate.yaml".to_owned()), ..object }
}

fn kept(changes: Vec<Change>) -> Register {
    let registered = |change: Change| Registered {
        kind: change.kind,
        name: change.name,
        revision: 1,
        value: change.value.unwrap(),
    };
    Register { revision: 1, objects: changes.into_iter().map(registered).collect() }
}

/// What the registry has once one object with a secret was put there.
async fn sealed(secret: &str) -> Register {
    let id = provider("p");
    let objects = Objects::default().changed([(id.clone(), Some(object(&id, secret)))]);
    kept(objects.changes([&id], &ring(Some(1), &[])).await.unwrap())
}

#[tokio::test]
async fn what_is_told_to_the_registry_reads_back_as_it_was_and_shows_no_secret_there() {
    let ids = [provider("a"), provider("b")];
    let ring = ring(Some(1), &[]);
    let objects =
        Objects::default().changed(ids.clone().map(|id| (id.clone(), Some(object(&id, "sk-canary")))));
    let register = kept(objects.changes(&ids, &ring).await.unwrap());
    for registered in &register.objects {
        let text = std::str::from_utf8(&registered.value).unwrap();
        assert!(!text.contains("canary") && text.contains("(hidden /credentials/0)"), "{text}");
    }
    let read = Objects::open(&register, &Objects::default(), &ring).await.unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", objects.sealed(&ids, &ring)));
    assert_eq!(read.get(&ids[0]).unwrap().whole()["credentials"], json!(["sk-canary", "${env:A}"]));
    assert!(!format!("{read:?}").contains("canary"));
}

#[tokio::test]
async fn what_is_sealed_opens_for_its_own_object_and_place_and_with_its_own_key_only() {
    let register = sealed("sk-canary").await;
    let open =
        async |register: &Register, ring: &KeyRing| Objects::open(register, &Objects::default(), ring).await;
    assert!(open(&register, &ring(Some(2), &[1])).await.is_ok(), "a previous key opens");
    assert!(matches!(
        open(&register, &ring(Some(2), &[])).await,
        Err(NotOpened::Sealed(_, NotSealed::UnknownKey(_)))
    ));
    let mut moved = register.clone();
    moved.objects[0].name = "q".into();
    let damaged = |from: &str, to: &str| {
        let text = std::str::from_utf8(&register.objects[0].value).unwrap().replace(from, to);
        let mut damaged = register.clone();
        damaged.objects[0].value = Bytes::from(text);
        damaged
    };
    let attacks = [
        moved,
        damaged("\"values\":{\"/credentials/0\"", "\"values\":{\"/credentials/1\""),
        damaged("\"data_key\":\"", "\"data_key\":\"AAAA"),
        damaged("\"/credentials/0\":\"", "\"/credentials/0\":\"AAAA"),
    ];
    for attack in attacks {
        assert_ne!(attack, register);
        let told = open(&attack, &ring(Some(1), &[])).await.unwrap_err().to_string();
        assert!(told.contains("cannot be opened") && told.contains("damaged"), "{told}");
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_sealed() {
    let id = provider("p");
    let objects = Objects::default().changed([(id.clone(), Some(object(&id, "sk-canary")))]);
    assert_eq!(objects.changes([&id], &ring(None, &[])).await, Err(NotSealed::NoKey));
    let reference = Object::new(
        &id,
        json!({"credentials": ["${env:A}"]}).as_object().unwrap(),
        None,
        Timestamp::UNIX_EPOCH,
    );
    let objects = Objects::default().changed([(id.clone(), reference.ok())]);
    assert!(objects.changes([&id], &ring(None, &[])).await.is_ok(), "a reference is no secret");
}

#[tokio::test]
async fn what_an_earlier_version_left_in_the_open_is_taken_from_what_is_shown() {
    let value =
        r#"{"body":{"credentials":["sk-canary"]},"changed_at":"2026-01-01T00:00:00Z","applied_from":null}"#;
    let registered =
        Registered { kind: "providers".into(), name: "p".into(), revision: 1, value: Bytes::from(value) };
    let register = Register { revision: 1, objects: vec![registered] };
    let objects = Objects::open(&register, &Objects::default(), &ring(None, &[])).await.unwrap();
    let object = objects.get(&provider("p")).unwrap();
    assert_eq!(object.body.get(), r#"{"credentials":["(hidden /credentials/0)"]}"#);
    assert_eq!((object.whole()["credentials"][0].as_str(), &object.sealed_by), (Some("sk-canary"), &None));
}

#[tokio::test]
async fn what_is_known_is_not_opened_again() {
    let register = sealed("sk-canary").await;
    let known = Objects::open(&register, &Objects::default(), &ring(Some(1), &[])).await.unwrap();
    let again = Objects::open(&register, &known, &ring(None, &[])).await.unwrap();
    let (id, shared) = (provider("p"), Arc::strong_count(&known.get(&provider("p")).unwrap().secrets));
    assert_eq!((shared, again.get(&id).unwrap().version), (2, 1));
}

#[tokio::test]
async fn a_change_counts_and_marks_what_it_changed() {
    let (a, b) = (provider("a"), provider("b"));
    let one =
        Objects::default().changed([(a.clone(), Some(object(&a, "x"))), (b.clone(), Some(object(&b, "x")))]);
    let two = one.changed([(b.clone(), Some(object(&b, "x")))]);
    let three = two.changed([(a.clone(), None)]);
    let versions = |objects: &Objects| objects.iter().map(|(_, object)| object.version).collect::<Vec<_>>();
    assert_eq!([versions(&one), versions(&two), versions(&three)], [vec![1, 1], vec![1, 2], vec![2]]);
    assert_eq!(three.revision(), 3);
    assert_eq!(three.changes([&a], &ring(None, &[])).await.unwrap()[0].value, None);
}

#[tokio::test]
async fn what_a_newer_version_has_written_is_refused() {
    let register = |kind: &str, value: &'static str| Register {
        revision: 1,
        objects: vec![Registered {
            kind: kind.into(),
            name: "a".into(),
            revision: 1,
            value: Bytes::from_static(value.as_bytes()),
        }],
    };
    for (kind, value) in [("agents", "{}"), ("keys", "{}"), ("keys", "x")] {
        let error = Objects::open(&register(kind, value), &Objects::default(), &ring(None, &[])).await;
        let error = error.unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{kind}/a` in the registry")), "{error}");
    }
}
