//! What somebody signs in with, against those who may. It is as much work for a name that there is not as for one that there is, so that the
//! time it takes tells no names.

use std::time::SystemTime;

use domain::ErrorCode;
use identity::{OneTimeSecret, PasswordHash};
use serde_json::{Map, Value as Json};

use crate::api::problem::Problem;
use crate::authority::{LocalAdmin, People};

/// What somebody signs in with.
pub(super) struct Credentials {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) code: String,
}

impl Credentials {
    pub(super) fn of(mut body: Map<String, Json>) -> Result<Self, Problem> {
        let mut text = |name| match body.remove(name) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        };
        let read = (text("name"), text("password"), text("code"));
        match (read, body.is_empty()) {
            ((Some(name), Some(password), Some(code)), true) => Ok(Self { name, password, code }),
            _ => {
                let detail = "expected the texts `name`, `password` and `code`, and nothing else";
                Err(Problem::new(ErrorCode::InvalidMember, detail))
            }
        }
    }

    /// Whose they are, and in which step the code was shown. Whichever of them is wrong, `compare` is asked once about the password, and the code
    /// is compared once. Nobody is where there are no such people at all.
    pub(super) async fn owner<'p, E>(
        &self,
        people: &'p People,
        now: SystemTime,
        compare: impl AsyncFnOnce(PasswordHash) -> Result<bool, E>,
    ) -> Result<Option<(&'p LocalAdmin, u64)>, E> {
        let known = people.local_admins.get(self.name.as_str());
        let Some(admin) = known.or_else(|| people.local_admins.values().next()) else { return Ok(None) };
        let hash = if known.is_some() { admin.password.clone() } else { admin.password.decoy() };
        let fits = compare(hash).await?;
        let decoy = OneTimeSecret::from_random([0; 20]);
        let secret = known.map_or(&decoy, |admin| &admin.code);
        let step = secret.step_of(&self.code, now);
        Ok(known.zip(step).filter(|(admin, _)| fits && !admin.disabled))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use domain::audit::Who;
    use futures_util::FutureExt;
    use identity::{OneTimeSecret, PasswordHash};

    use super::{Credentials, LocalAdmin, People};
    use crate::authority::Principal;

    const PASSWORD: &str = "correct horse";

    fn admin(disabled: bool) -> LocalAdmin {
        let who = Who::ControlKey("k".into());
        LocalAdmin {
            principal: Arc::new(Principal { who, user: None, roles: Vec::new() }),
            password: PasswordHash::new(PASSWORD, [7; 16]).unwrap(),
            code: OneTimeSecret::from_random([9; 20]),
            proof: "".into(),
            disabled,
        }
    }

    /// The algorithm with its costs and the salt: all but what the password was made to.
    fn work(hash: &PasswordHash) -> String {
        hash.reveal().rsplit_once('$').unwrap().0.to_owned()
    }

    #[test]
    fn whoever_signs_in_costs_one_comparison_whether_or_not_there_is_such_a_name() {
        let people = People {
            local_admins: [("ada".into(), admin(false)), ("bob".into(), admin(true))].into(),
            ..People::default()
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let code = OneTimeSecret::from_random([9; 20]).code(1_000_000 / 30);
        let mut works = Vec::new();
        for name in ["ada", "bob", "eve", "ad", "ADA", "", &"x".repeat(4_000)] {
            for (password, code) in
                [(PASSWORD, code.as_str()), (PASSWORD, "000000"), ("wrong horse", &code), ("", "")]
            {
                let said = Credentials { name: name.into(), password: password.into(), code: code.into() };
                let compared = RefCell::new(Vec::new());
                let compare = async |hash: PasswordHash| {
                    let fits = hash.is_of(password);
                    compared.borrow_mut().push((work(&hash), fits));
                    Ok::<_, Infallible>(fits)
                };
                let owner = said.owner(&people, now, compare).now_or_never().unwrap().unwrap();
                let compared = compared.into_inner();
                assert_eq!(compared.len(), 1, "{name:?} {password:?}");
                let is_known = ["ada", "bob"].contains(&name);
                assert_eq!(compared[0].1, is_known && password == PASSWORD, "no password fits a decoy");
                let comes_in = name == "ada" && password == PASSWORD && code != "000000";
                assert_eq!(owner.is_some(), comes_in, "{name:?} {password:?} {code:?}");
                works.extend(compared.into_iter().map(|(work, _)| work));
            }
        }
        works.dedup();
        assert_eq!(works.len(), 1, "{works:?}");
    }
}
