//! What Tollgate makes of policies, against what Cedar's own authoriser says.

#![cfg(test)]

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression};
use control::authority::{Action, BUILT_IN_ROLES, Kind, Level, Permissions, Policies, Question};
use proptest::prelude::*;

/// What Cedar permits.
fn by_cedar(policies: &PolicySet) -> Permissions {
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let uid = |text: String| text.parse::<EntityUid>().unwrap();
    Permissions::of(|question| {
        let Question { action, kind, level, own } = question;
        let context = Context::from_pairs([
            ("level".to_owned(), RestrictedExpression::new_string(level.name().to_owned())),
            ("own".to_owned(), RestrictedExpression::new_bool(own)),
        ]);
        let request = Request::new(
            uid(r#"Principal::"somebody""#.to_owned()),
            uid(format!("Action::\"{}\"", action.name())),
            uid(format!("{}::\"something\"", kind.name())),
            context.unwrap(),
            None,
        );
        let answer = authorizer.is_authorized(&request.unwrap(), policies, &entities);
        assert_eq!(answer.diagnostics().errors().count(), 0, "nothing that is read can fail");
        action.applies_to(kind) && answer.decision() == Decision::Allow
    })
}

fn by_tollgate(text: &str) -> Option<Permissions> {
    let mut policies = Policies::default();
    policies.read(text).ok()?;
    Some(policies.permissions())
}

/// One of the names, as it is written in a policy.
fn any_action() -> impl Strategy<Value = String> {
    prop::sample::select(Action::ALL.to_vec()).prop_map(|action| format!("Action::\"{}\"", action.name()))
}

fn any_actions() -> impl Strategy<Value = String> {
    let list = prop::collection::vec(any_action(), 1..4).prop_map(|names| format!("[ {} ]", names.join(" , ")));
    prop_oneof![any_action(), list]
}

fn any_kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(Kind::ALL.map(Kind::name).to_vec())
}

/// Something that is true or false, in words that are apart.
fn any_truth() -> impl Strategy<Value = String> {
    let level = prop::sample::select(Level::ALL.map(Level::name).to_vec());
    let equality = || prop::sample::select(vec!["==", "!="]);
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("context.own".to_owned()),
        any_kind().prop_map(|kind| format!("resource is {kind}")),
        any_actions().prop_map(|actions| format!("action in {actions}")),
        (any_action(), equality()).prop_map(|(action, sign)| format!("action {sign} {action}")),
        (any_action(), equality()).prop_map(|(action, sign)| format!("{action} {sign} action")),
        (level.clone(), equality()).prop_map(|(level, sign)| format!("context.level {sign} \"{level}\"")),
        (level, equality()).prop_map(|(level, sign)| format!("\"{level}\" {sign} context.level")),
    ];
    leaf.prop_recursive(4, 16, 2, move |inner| {
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            pair().prop_map(|(one, other)| format!("{one} && {other}")),
            pair().prop_map(|(one, other)| format!("{one} || {other}")),
            (pair(), equality()).prop_map(|((one, other), sign)| format!("( {one} ) {sign} ( {other} )")),
            (inner.clone(), 1..4_usize).prop_map(|(one, count)| format!("{} ( {one} )", "! ".repeat(count))),
            inner.clone().prop_map(|one| format!("( {one} )")),
        ]
    })
}

fn any_policy() -> impl Strategy<Value = String> {
    let effect = prop::sample::select(vec!["permit", "permit", "forbid"]);
    let action = prop_oneof![
        Just("action".to_owned()),
        any_action().prop_map(|action| format!("action == {action}")),
        any_actions().prop_map(|actions| format!("action in {actions}")),
    ];
    let resource = prop_oneof![
        Just("resource".to_owned()),
        any_kind().prop_map(|kind| format!("resource is {kind}")),
    ];
    let condition = (prop::sample::select(vec!["when", "unless"]), any_truth());
    let condition = condition.prop_map(|(word, truth)| format!(" {word} {{ {truth} }}"));
    (effect, action, resource, prop::collection::vec(condition, 0..3)).prop_map(
        |(effect, action, resource, conditions)| {
            format!("{effect} ( principal , {action} , {resource} ){} ;", conditions.concat())
        },
    )
}

#[test]
fn every_built_in_role_permits_what_cedar_permits() {
    for role in BUILT_IN_ROLES {
        let policies: PolicySet = role.policies.parse().unwrap();
        assert_eq!(role.permissions().unwrap(), by_cedar(&policies), "{}", role.name);
    }
}

proptest! {
    #[test]
    fn policies_permit_what_cedar_permits(policies in prop::collection::vec(any_policy(), 1..4)) {
        let text = policies.join("\n");
        let permitted = by_tollgate(&text);
        prop_assert!(permitted.is_some(), "{}", text);
        prop_assert_eq!(permitted.unwrap(), by_cedar(&text.parse().unwrap()));
    }

    #[test]
    fn whatever_is_read_is_a_policy_to_cedar_and_means_the_same(
        policy in any_policy(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3), 1..3),
    ) {
        let mut words: Vec<_> = policy.split(' ').collect();
        for (place, other, kind) in damages {
            let (place, other) = (place.index(words.len()), other.index(words.len()));
            match kind {
                0 if words.len() > 1 => drop(words.remove(place)),
                1 => words.swap(place, other),
                _ => words.insert(place, words[other]),
            }
        }
        let text = words.join(" ");
        if let Some(permitted) = by_tollgate(&text) {
            let policies = text.parse::<PolicySet>();
            prop_assert!(policies.is_ok(), "{}: {:?}", text, policies.err());
            prop_assert_eq!(permitted, by_cedar(&policies.unwrap()));
        }
    }
}
