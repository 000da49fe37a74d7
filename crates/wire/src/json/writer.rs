//! Writing JSON into a buffer, member by member: what comes from a source is copied, the rest is escaped.

use super::Text;

/// Writes an object.
pub fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push(b'{');
    write(&mut ObjectWriter { out, is_empty: true });
    out.push(b'}');
}

/// Writes an array.
pub fn array(out: &mut Vec<u8>, write: impl FnOnce(&mut ArrayWriter<'_>)) {
    out.push(b'[');
    write(&mut ArrayWriter { out, is_empty: true });
    out.push(b']');
}

/// An object that is being written. Keys are written as they are given, so they must need no escapes, but for
/// [`ObjectWriter::named`].
#[derive(Debug)]
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl ObjectWriter<'_> {
    /// A string.
    pub fn text(&mut self, key: &str, text: &Text<'_>) {
        text.write(self.key(key));
    }

    /// A string, when there is one.
    pub fn text_if(&mut self, key: &str, text: Option<&Text<'_>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// A string of this program.
    pub fn str(&mut self, key: &str, text: &str) {
        self.text(key, &Text::from(text));
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    /// A value that is JSON already, when there is one.
    pub fn raw_if(&mut self, key: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.raw(key, json);
        }
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, number: u64) {
        write_number(self.key(key), number);
    }

    /// A whole number, when there is one.
    pub fn number_if(&mut self, key: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.number(key, number);
        }
    }

    /// A truth value.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    /// A truth value, when there is one.
    pub fn bool_if(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.bool(key, value);
        }
    }

    /// `null`.
    pub fn null(&mut self, key: &str) {
        self.raw(key, "null");
    }

    /// A string of parts that belong together.
    pub fn joined(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let out = self.key(key);
        out.push(b'"');
        write(out);
        out.push(b'"');
    }

    /// An object.
    pub fn object(&mut self, key: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        object(self.key(key), write);
    }

    /// An object, unless nothing is in it.
    pub fn object_if(&mut self, key: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        let before = (self.out.len(), self.is_empty);
        self.object(key, write);
        if self.out.ends_with(b"{}") {
            self.out.truncate(before.0);
            self.is_empty = before.1;
        }
    }

    /// An array.
    pub fn array(&mut self, key: &str, write: impl FnOnce(&mut ArrayWriter<'_>)) {
        array(self.key(key), write);
    }

    /// A value that is JSON already, under a key of any characters.
    pub fn named(&mut self, key: &str, json: &str) {
        self.separate();
        Text::from(key).write(self.out);
        self.out.push(b':');
        self.out.extend_from_slice(json.as_bytes());
    }

    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
    }
}

/// An array that is being written.
#[derive(Debug)]
pub struct ArrayWriter<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl ArrayWriter<'_> {
    /// A string.
    pub fn text(&mut self, text: &Text<'_>) {
        text.write(self.next());
    }

    /// A string of this program.
    pub fn str(&mut self, text: &str) {
        self.text(&Text::from(text));
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.next().extend_from_slice(json.as_bytes());
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        write_number(self.next(), number);
    }

    /// An object.
    pub fn object(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        object(self.next(), write);
    }

    fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
        self.out
    }
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    // Writing a number into memory cannot fail.
    drop(serde_json::to_writer(out, &number));
}

#[cfg(test)]
mod tests {
    use super::{array, object};
    use crate::json::Text;

    #[test]
    fn members_are_separated_and_escaped() {
        let mut out = Vec::new();
        object(&mut out, |o| {
            o.str("a", "x\"");
            o.text("b", &Text::Source(r#""\u0041""#));
            o.number("c", 7);
            o.bool_if("d", Some(true));
            o.bool_if("e", None);
            o.object("f", |_| {});
            o.array("g", |a| {
                a.raw("1.0");
                a.object(|o| o.null("h"));
                a.str("i");
            });
            o.named("j\n", "[]");
            o.joined("k", |out| out.extend_from_slice(b"lm"));
        });
        let expected =
            r#"{"a":"x\"","b":"\u0041","c":7,"d":true,"f":{},"g":[1.0,{"h":null},"i"],"j\n":[],"k":"lm"}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn an_object_with_nothing_in_it_is_not_there_where_it_need_not_be() {
        let mut out = Vec::new();
        object(&mut out, |o| {
            o.object_if("a", |_| {});
            o.object_if("b", |o| o.object("c", |_| {}));
            o.object_if("d", |o| o.str("e", "{}"));
            o.object_if("f", |_| {});
            o.null("g");
        });
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"b":{"c":{}},"d":{"e":"{}"},"g":null}"#);
    }

    #[test]
    fn an_array_may_be_empty() {
        let mut out = Vec::new();
        array(&mut out, |_| {});
        assert_eq!(out, b"[]");
    }
}
