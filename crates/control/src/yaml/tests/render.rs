//! A tree as YAML text again, in one canonical form: what reading is tested against.

use std::fmt::Write;

use crate::yaml::{Node, Scalar, Style, Value, quote};

/// The tree as block YAML. Texts are quoted as JSON quotes them, what was plain stays plain; comments and anchors are
/// gone. Reading the result gives the same tree but for places.
pub(super) fn render(node: &Node) -> String {
    let mut text = String::new();
    render_at(node, 0, &mut text);
    text
}

fn render_at(node: &Node, depth: usize, text: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => line(text, 0, &scalar_text(scalar)),
        Value::Sequence(items) if items.is_empty() => line(text, 0, "[]"),
        Value::Mapping(entries) if entries.is_empty() => line(text, 0, "{}"),
        Value::Sequence(items) => items.iter().for_each(|item| child("-", item, depth, text)),
        Value::Mapping(entries) => {
            entries
                .iter()
                .for_each(|entry| child(&format!("{}:", quote(&entry.key)), &entry.node, depth, text));
        }
    }
}

/// A list item or a key, with its value on the same line when it has no parts and below it otherwise.
fn child(head: &str, node: &Node, depth: usize, text: &mut String) {
    let has_parts = match &node.value {
        Value::Scalar(_) => false,
        Value::Sequence(items) => !items.is_empty(),
        Value::Mapping(entries) => !entries.is_empty(),
    };
    if has_parts {
        line(text, depth, head);
        render_at(node, depth + 1, text);
    } else {
        let _ = write!(text, "{:indent$}{head} ", "", indent = depth * 2);
        render_at(node, 0, text);
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    let _ = writeln!(text, "{:indent$}{content}", "", indent = depth * 2);
}

fn scalar_text(scalar: &Scalar) -> String {
    match scalar.style {
        Style::Plain => scalar.text.clone(),
        Style::Quoted | Style::Interpolated => quote(&scalar.text),
    }
}
