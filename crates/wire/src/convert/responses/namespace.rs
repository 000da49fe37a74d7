//! Tools in groups. A client of Responses may put tools into a namespace, and a call says of which namespace its tool is.
//! No other format has groups, so such a tool goes by both names joined, and in the answer its call has them apart again.
//! Codex declares every MCP server as a namespace, and knows no tool by a joined name.

use crate::convert::client::ClientContext;
use crate::json::{ObjectWriter, Text, Value};

/// The namespace of the tools that are in no other (Codex): they keep their names.
const UNNAMED: &str = "functions";
/// Between the names of a namespace and of a tool, as Codex itself joins them for providers without namespaces.
const SEPARATOR: &str = "__";

/// What a tool of a namespace is called where there are none.
pub(super) fn joined(namespace: &str, name: &str) -> String {
    match namespace {
        UNNAMED => name.to_owned(),
        namespace if namespace.ends_with(SEPARATOR) => format!("{namespace}{name}"),
        namespace => format!("{namespace}{SEPARATOR}{name}"),
    }
}

/// The tools of a request that are in a namespace.
#[derive(Debug, Default)]
pub(super) struct Namespaces(Vec<Grouped>);

#[derive(Debug)]
struct Grouped {
    joined: String,
    namespace: String,
    name: String,
}

impl Namespaces {
    /// Those that the client's request declares.
    pub(super) fn of(client: &ClientContext) -> Self {
        let Some((_, tools)) = client.echoed.iter().find(|(name, _)| name == "tools") else {
            return Self::default();
        };
        let Ok(tools) = Value::parse(tools.as_bytes()) else { return Self::default() };
        Self(tools.elements().iter().flat_map(grouped).collect())
    }

    /// Writes the name of a tool, and its namespace when it has one.
    pub(super) fn write(&self, call: &mut ObjectWriter<'_>, name: &Text<'_>) {
        let plain = name.plain();
        match self.0.iter().find(|grouped| grouped.joined == plain) {
            Some(grouped) => {
                call.str("name", &grouped.name);
                call.str("namespace", &grouped.namespace);
            }
            None => call.text("name", name),
        }
    }
}

fn grouped(namespace: &Value<'_>) -> Vec<Grouped> {
    let is_namespace = namespace.get("type").and_then(Value::as_str).as_deref() == Some("namespace");
    let Some(group) = namespace.get("name").and_then(Value::as_str).filter(|_| is_namespace) else {
        return Vec::new();
    };
    let tools = namespace.present("tools").map(Value::elements).unwrap_or_default();
    let names = tools.iter().filter_map(|tool| tool.get("name")?.as_str());
    names
        .map(|name| Grouped {
            joined: joined(&group, &name),
            namespace: group.clone().into_owned(),
            name: name.into_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::object;

    fn written(tools: &str, name: &str) -> String {
        let client = ClientContext {
            echoed: vec![("tools".to_owned(), tools.to_owned())],
            ..ClientContext::default()
        };
        let mut out = Vec::new();
        object(&mut out, |call| Namespaces::of(&client).write(call, &Text::from(name)));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_joined_name_finds_its_namespace_again() {
        let tools = r#"[{"type":"namespace","name":"mcp__git","tools":[{"type":"function","name":"log"}]},
            {"type":"namespace","name":"mcp__web__","tools":[{"type":"custom","name":"get"}]},
            {"type":"namespace","name":"functions","tools":[{"type":"function","name":"exec"}]},
            {"type":"function","name":"mcp__git__show"}]"#;
        for (namespace, name) in [("mcp__git", "log"), ("mcp__web__", "get"), ("functions", "exec")] {
            let expected = format!(r#"{{"name":"{name}","namespace":"{namespace}"}}"#);
            assert_eq!(written(tools, &joined(namespace, name)), expected);
        }
        assert_eq!(joined("mcp__web__", "get"), "mcp__web__get");
        assert_eq!(written(tools, "mcp__git__show"), r#"{"name":"mcp__git__show"}"#);
    }

    #[test]
    fn without_namespaces_a_name_stays_whole() {
        for tools in ["[]", "null", "{", r#"[{"type":"namespace"},{"type":"namespace","name":"a"}]"#] {
            assert_eq!(written(tools, "a__b"), r#"{"name":"a__b"}"#);
        }
    }
}
