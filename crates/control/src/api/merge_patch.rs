//! JSON merge patch (RFC 7396): what is there is put in place, what is null is taken out.

use serde_json::{Map, Value as Json};

/// Applies a patch to an object.
pub(super) fn merge_patch(target: &mut Map<String, Json>, patch: Map<String, Json>) {
    for (name, value) in patch {
        match value {
            Json::Null => drop(target.remove(&name)),
            Json::Object(patch) => {
                let member = target.entry(name).or_insert_with(|| Json::Object(Map::new()));
                if !member.is_object() {
                    *member = Json::Object(Map::new());
                }
                if let Json::Object(member) = member {
                    merge_patch(member, patch);
                }
            }
            value => drop(target.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, Map, merge_patch};
    use serde_json::json;

    fn object(json: &Json) -> Map<String, Json> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn the_examples_of_the_standard_hold() {
        // RFC 7396 appendix A, as far as both are objects.
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut patched = object(&target);
            merge_patch(&mut patched, object(&patch));
            assert_eq!(Json::Object(patched), result);
        }
    }
}
