//! What the tree keeps of a text, and what is refused.

mod render;

use super::{DEPTH_MAX, NODES_MAX, Node, Position, Resolved, Scalar, Style, Value, read, resolve};
use proptest::prelude::*;
use render::render;

fn tree(text: &str) -> Node {
    let (root, problems) = read(text);
    assert_eq!(problems, []);
    root.unwrap()
}

fn problems(text: &str) -> Vec<String> {
    read(text).1.iter().map(ToString::to_string).collect()
}

fn text_of<'a>(node: &'a Node, key: &str) -> &'a str {
    match &node.get(key).unwrap().node.value {
        Value::Scalar(scalar) => &scalar.text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_key_and_value_knows_its_place() {
    let root = tree("# comment\nserver:\n  listen: here\nlist: [1, {a: b}]\n");
    let server = root.get("server").unwrap();
    assert_eq!(server.position, Position { line: 2, column: 1 });
    let listen = server.node.get("listen").unwrap();
    assert_eq!(listen.position, Position { line: 3, column: 3 });
    assert_eq!(listen.node.position, Position { line: 3, column: 11 });
    let Value::Sequence(items) = &root.get("list").unwrap().node.value else { panic!("a list") };
    assert_eq!(items[1].position, Position { line: 4, column: 11 });
}

#[test]
fn json_is_read_too_and_an_empty_text_is_an_empty_mapping() {
    assert_eq!(text_of(&tree("{\"a\": \"b\", \"c\": [1, 2]}"), "a"), "b");
    for text in ["", "# only a comment\n", "---\n"] {
        let root = tree(text);
        assert!(root.entries().is_empty(), "{text:?}");
    }
}

#[test]
fn a_key_that_occurs_twice_is_reported_with_both_lines_and_the_rest_is_still_read() {
    let (root, problems) = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n");
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "5:3: the key `c` occurs twice; it stands in line 3 already",
            "6:1: the key `a` occurs twice; it stands in line 1 already",
        ]
    );
    assert_eq!(text_of(&root.unwrap(), "a"), "1");
}

#[test]
fn anchors_repeat_and_merge_keys_fill_in_what_is_not_written() {
    let root = tree(
        "base: &base {x: 1, y: 2}\nuse:\n  <<: *base\n  y: 3\nlate:\n  y: 4\n  <<: [*base]\ncopy: *base\n",
    );
    assert_eq!(text_of(&root.get("use").unwrap().node, "x"), "1");
    assert_eq!(text_of(&root.get("use").unwrap().node, "y"), "3");
    assert_eq!(text_of(&root.get("late").unwrap().node, "y"), "4");
    assert_eq!(text_of(&root.get("copy").unwrap().node, "x"), "1");
    assert_eq!(problems("a:\n  <<: text\n"), ["2:3: `<<` merges a mapping, or a list of mappings"]);
}

#[test]
fn repetition_through_anchors_is_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let previous = format!("*a{},", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
    }
    let (root, problems) = read(&bomb);
    assert_eq!(root, None);
    assert!(problems[0].message.contains(&NODES_MAX.to_string()), "{problems:?}");
    let itself = &problems_of_recursion()[0];
    assert!(itself.contains("within what it repeats"), "{itself}");
}

fn problems_of_recursion() -> Vec<String> {
    problems("a: &a [1, *a]\n")
}

#[test]
fn nesting_is_bounded_without_using_the_stack() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(problems(&deep).len(), 1);
    let allowed = format!("a: {}1{}", "[".repeat(DEPTH_MAX - 2), "]".repeat(DEPTH_MAX - 2));
    tree(&allowed);
}

#[test]
fn what_would_be_ignored_or_ambiguous_is_refused() {
    assert_eq!(
        problems("a: 1\n---\nb: 2\n"),
        ["2:1: there is a second document; a configuration is one document"]
    );
    assert_eq!(problems("a: !secret x\n"), ["1:12: the tag `!secret` is not supported; remove it"]);
    assert_eq!(problems("? [a]\n: b\n"), ["1:3: a key must be a text"]);
    assert_eq!(problems("a: !!str 5\n"), Vec::<String>::new());
    for broken in ["a: [1", "a: \"x", "a:\n\t- b", "*nobody", "%FOO\n---\n"] {
        assert_eq!(problems(broken).len(), 1, "{broken:?}");
    }
}

#[test]
fn plain_texts_mean_what_the_core_schema_says() {
    let plain = |text: &str| Scalar { text: text.to_owned(), style: Style::Plain };
    for (text, meaning) in [
        ("", Resolved::Nothing),
        ("~", Resolved::Nothing),
        ("True", Resolved::Truth(true)),
        ("no", Resolved::Text("no")),
        ("-12", Resolved::Whole(-12)),
        ("+12", Resolved::Whole(12)),
        ("0o17", Resolved::Whole(15)),
        ("0xfF", Resolved::Whole(255)),
        ("0x-1", Resolved::Text("0x-1")),
        ("18446744073709551615", Resolved::Large(u64::MAX)),
        ("1.5", Resolved::Decimal(1.5)),
        (".5e1", Resolved::Decimal(5.0)),
        ("1e999", Resolved::Text("1e999")),
        (".nan", Resolved::Text(".nan")),
        ("1.2.3", Resolved::Text("1.2.3")),
        ("127.0.0.1:80", Resolved::Text("127.0.0.1:80")),
        ("-", Resolved::Text("-")),
        (".", Resolved::Text(".")),
        ("1e", Resolved::Text("1e")),
    ] {
        assert_eq!(resolve(&plain(text)), meaning, "{text:?}");
    }
    assert_eq!(resolve(&Scalar { text: "5".to_owned(), style: Style::Quoted }), Resolved::Text("5"));
}

#[test]
fn debug_leaves_texts_out() {
    assert!(!format!("{:?}", tree("a: sk-secret\nb: [sk-secret]")).contains("sk-secret"));
}

/// The tree without its places.
fn shape(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => format!("{:?}{:?}", scalar.style, scalar.text),
        Value::Sequence(items) => format!("{:?}", items.iter().map(shape).collect::<Vec<_>>()),
        Value::Mapping(entries) => {
            format!("{:?}", entries.iter().map(|entry| (&entry.key, shape(&entry.node))).collect::<Vec<_>>())
        }
    }
}

fn any_node() -> impl Strategy<Value = Node> {
    let node = |value| Node { position: Position::START, value };
    let plain = "[a-z0-9]{1,6}".prop_map(|text| Scalar { text, style: Style::Plain });
    let quoted = any::<String>().prop_map(|text| Scalar { text, style: Style::Quoted });
    let scalar = prop_oneof![plain, quoted].prop_map(move |scalar| node(Value::Scalar(scalar)));
    scalar.prop_recursive(4, 40, 5, move |inner| {
        let key = "[ -~]{0,8}".prop_filter("`<<` merges", |key| key != "<<");
        let entries = prop::collection::btree_map(key, inner.clone(), 0..5).prop_map(|entries| {
            entries
                .into_iter()
                .map(|(key, node)| super::Entry { key, position: Position::START, node })
                .collect()
        });
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(move |items| node(Value::Sequence(items))),
            entries.prop_map(move |entries| node(Value::Mapping(entries))),
        ]
    })
}

proptest! {
    #[test]
    fn any_tree_that_is_written_reads_back_as_itself(node in any_node()) {
        let text = render(&node);
        let (again, problems) = read(&text);
        prop_assert_eq!(problems, vec![]);
        let again = again.unwrap();
        prop_assert_eq!(shape(&again), shape(&node));
        prop_assert_eq!(render(&again), text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let (root, problems) = read(&text);
        prop_assert!(root.is_some() || !problems.is_empty());
    }

    #[test]
    fn no_punctuation_makes_the_reader_panic(text in "[-:?\\[\\]{}&*a!|>'\"%# \n]{0,60}") {
        let (root, problems) = read(&text);
        prop_assert!(root.is_some() || !problems.is_empty());
    }
}
