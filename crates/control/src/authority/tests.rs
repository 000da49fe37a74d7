//! Who is let in, what the built-in roles let them do, and that nobody sees beyond what their roles are held for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::audit::Who;
use domain::key::Validity;
use domain::{ErrorCode, KeyText};
use proptest::prelude::*;

use super::{
    Action, Authority, BUILT_IN_ROLES, ControlKey, Denied, HeldRole, Kind, People, Permissions, Principal,
    Question, Resource, Stranger,
};

fn held(role: &str, workspace: Option<&str>, environment: Option<&str>) -> HeldRole {
    let role = BUILT_IN_ROLES.into_iter().find(|known| known.name == role).unwrap();
    HeldRole {
        role: role.name.into(),
        permissions: role.permissions().unwrap(),
        workspace: workspace.map(Into::into),
        environment: environment.map(Into::into),
    }
}

fn principal(roles: impl Into<Vec<HeldRole>>) -> Principal {
    Principal { who: Who::ControlKey("ops".into()), user: Some("ada".into()), roles: roles.into() }
}

fn key<'a>(workspace: &'a str, environment: Option<&'a str>, owner: Option<&'a str>) -> Resource<'a> {
    Resource { environment, owner, ..Resource::of_workspace(Kind::Key, workspace) }
}

#[test]
fn whoever_is_let_in_has_a_control_key_that_is_good() {
    let text = KeyText::control_from_random([1; 32]);
    let (now, later) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    let authority = |validity| {
        let key = ControlKey { principal: Arc::new(principal([])), validity };
        Authority::new([(text.hash(), key)].into(), People::default())
    };
    let always = authority(Validity::Always);
    assert_eq!(always.admit(Some(text.reveal()), now).unwrap().who.name(), Some("ops"));
    let (other, client) = (KeyText::control_from_random([2; 32]), KeyText::from_random([1; 32]));
    for (authority, presented, stranger) in [
        (&Authority::default(), Some(text.reveal()), Stranger::NoKeys),
        (&always, None, Stranger::NothingSent),
        (&always, Some(client.reveal()), Stranger::Client),
        (&always, Some(other.reveal()), Stranger::Unknown),
        (&always, Some("tga-short"), Stranger::Unknown),
        (
            &authority(Validity::Until(later)),
            Some(text.reveal()),
            Stranger::Expired(later.try_into().unwrap()),
        ),
        (&authority(Validity::Disabled), Some(text.reveal()), Stranger::Disabled),
    ] {
        let refused = authority.admit(presented, later).unwrap_err();
        assert_eq!((refused, refused.code()), (stranger, ErrorCode::ControlKeyRefused));
        assert!(!presented.is_some_and(|text| refused.to_string().contains(text)));
    }
    assert!(authority(Validity::Until(later)).admit(Some(text.reveal()), now).is_ok());
}

#[test]
fn the_admin_of_a_workspace_sees_nothing_of_another() {
    let admin = principal([held("admin", Some("research"), None)]);
    let (own, other) = (key("research", Some("prod"), None), key("support", Some("prod"), Some("ada")));
    for action in [Action::Create, Action::Read, Action::Update, Action::Delete, Action::Rotate] {
        assert_eq!(admin.authorize(action, &own), Ok(()));
        assert_eq!(admin.authorize(action, &other), Err(Denied::Hidden(Kind::Key)));
    }
    let workspace = |name| Resource::of_workspace(Kind::Workspace, name);
    assert_eq!(admin.authorize(Action::ReadAudit, &workspace("research")), Ok(()));
    assert_eq!(
        admin.authorize(Action::ReadAudit, &workspace("support")),
        Err(Denied::Hidden(Kind::Workspace))
    );
    assert_eq!(
        admin.authorize(Action::Update, &workspace("research")),
        Err(Denied::Forbidden(Action::Update, Kind::Workspace)),
        "or the workspace could allow itself what the organisation did not"
    );
    assert!(!admin.visible(&Resource::of_organization(Kind::Provider)));
    assert!(
        admin.permits_some(Action::Read, Kind::Key) && !admin.permits_some(Action::Create, Kind::Provider)
    );
}

#[test]
fn a_role_that_is_held_for_an_environment_ends_there() {
    let developer =
        principal([held("developer", None, Some("dev")), held("analyst", Some("research"), None)]);
    let (dev, prod) = (key("research", Some("dev"), None), key("research", Some("prod"), None));
    assert_eq!(developer.authorize(Action::Delete, &dev), Ok(()));
    assert_eq!(developer.authorize(Action::Delete, &prod), Err(Denied::Forbidden(Action::Delete, Kind::Key)));
    assert_eq!(developer.authorize(Action::Update, &key("support", Some("dev"), None)), Ok(()));
    assert!(!developer.visible(&key("support", None, None)), "what belongs to no environment is beyond");
}

#[test]
fn what_is_ones_own_is_so_by_its_user() {
    let developer = principal([held("developer", Some("research"), None)]);
    assert_eq!(developer.authorize(Action::Rotate, &key("research", None, Some("ada"))), Ok(()));
    for other in [Some("eve"), None] {
        let denied = developer.authorize(Action::Rotate, &key("research", None, other));
        assert_eq!(denied, Err(Denied::Forbidden(Action::Rotate, Kind::Key)));
    }
    let nobody = Principal { user: None, ..developer };
    assert!(!nobody.permits(Action::Rotate, &key("research", None, None)), "nobody owns what nobody owns");
}

#[test]
fn each_built_in_role_may_do_less_than_the_owner_and_no_two_are_the_same() {
    let all: Vec<_> = BUILT_IN_ROLES.map(|role| role.permissions().unwrap()).into();
    for (place, role) in all.iter().enumerate() {
        assert_eq!(*role & !all[0], Permissions::default(), "{}", BUILT_IN_ROLES[place].name);
        assert!(!all[..place].contains(role));
    }
    let changing = Permissions::of(|question| {
        matches!(question.action, Action::Create | Action::Update | Action::Delete | Action::Rotate)
    });
    for name in ["analyst", "auditor", "agent"] {
        assert_eq!(held(name, None, None).permissions & changing, Permissions::default(), "{name}");
    }
}

/// One of a few names, or none: few, so that they often meet.
fn place() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["a", "b"]))
}

fn any_held() -> impl Strategy<Value = HeldRole> {
    let role = prop::sample::select(BUILT_IN_ROLES.map(|role| role.name).to_vec());
    (role, place(), place()).prop_map(|(role, workspace, environment)| held(role, workspace, environment))
}

proptest! {
    #[test]
    fn a_principal_may_do_what_one_of_their_roles_permits_within_its_bounds(
        roles in prop::collection::vec(any_held(), 0..4),
        question in prop::sample::select(Question::all().collect::<Vec<_>>()),
        (workspace, environment, owner) in (place(), place(), place()),
    ) {
        let principal = Principal { user: Some("a".into()), ..principal(roles.clone()) };
        let resource = Resource { kind: question.kind, workspace, environment, owner };
        let expected = roles.iter().any(|role| {
            let covers = |bound: Option<&str>, place| bound.is_none() || bound == place;
            let level = super::Level::ALL[usize::from(role.workspace.is_some()).max(2 * usize::from(role.environment.is_some()))];
            covers(role.workspace.as_ref().map(|name| name.as_str()), workspace)
                && covers(role.environment.as_ref().map(|name| name.as_str()), environment)
                && role.permissions.permit(Question { level, own: owner == Some("a"), ..question })
        });
        prop_assert_eq!(principal.permits(question.action, &resource), expected);
        prop_assert_eq!(principal.authorize(question.action, &resource).is_ok(), expected);
        prop_assert!(!expected || principal.permits_some(question.action, question.kind));
        if principal.authorize(question.action, &resource) == Err(Denied::Hidden(question.kind)) {
            prop_assert!(!principal.visible(&resource));
        }
    }
}
