//! The responses that can be asked for again: the last few, and only small ones.

use std::collections::VecDeque;

use serde_json::Value;

/// How many responses are kept.
const RESPONSES_MAX: usize = 256;

/// The most bytes of JSON that a kept response and its input have together.
const RESPONSE_BYTES_MAX: usize = 256 * 1024;

/// Responses by id; the oldest goes when there are too many.
#[derive(Debug, Default)]
pub struct ResponseStore(VecDeque<Kept>);

#[derive(Debug)]
struct Kept {
    id: String,
    response: Value,
    input_items: Vec<Value>,
}

impl ResponseStore {
    /// Keeps a response, in place of one with the same id; one that is too large is not kept.
    pub(super) fn keep(&mut self, id: &str, response: Value, input_items: Vec<Value>) {
        self.forget(id);
        let input_bytes: usize = input_items.iter().map(|item| item.to_string().len()).sum();
        if response.to_string().len() + input_bytes > RESPONSE_BYTES_MAX {
            return;
        }
        if self.0.len() == RESPONSES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Kept { id: id.to_owned(), response, input_items });
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.response(id).is_some()
    }

    pub(super) fn response(&self, id: &str) -> Option<&Value> {
        self.0.iter().find(|kept| kept.id == id).map(|kept| &kept.response)
    }

    pub(super) fn response_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|kept| kept.id == id).map(|kept| &mut kept.response)
    }

    pub(super) fn input_items(&self, id: &str) -> Option<&[Value]> {
        self.0.iter().find(|kept| kept.id == id).map(|kept| kept.input_items.as_slice())
    }

    /// Whether it was there.
    pub(super) fn forget(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|kept| kept.id != id);
        self.0.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::{RESPONSE_BYTES_MAX, RESPONSES_MAX, ResponseStore};
    use serde_json::json;

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut store = ResponseStore::default();
        for number in 0..=RESPONSES_MAX {
            store.keep(&format!("resp_{number}"), json!({}), Vec::new());
        }
        assert!(!store.contains("resp_0"));
        assert!(store.contains("resp_1"));
        assert!(store.contains(&format!("resp_{RESPONSES_MAX}")));
    }

    #[test]
    fn a_large_response_is_not_kept() {
        let mut store = ResponseStore::default();
        store.keep("resp_1", json!({}), vec![json!("x".repeat(RESPONSE_BYTES_MAX))]);
        assert!(!store.contains("resp_1"));
    }
}
