//! The objects of the control API in memory: gone with the process.

use std::collections::BTreeMap;
use std::future::ready;

use domain::ports::registry::{Change, Pending, Register, Registered, Registry};
use parking_lot::Mutex;

/// Keeps objects in memory.
#[derive(Debug, Default)]
pub struct MemoryRegistry(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    revision: u64,
    /// By kind and name.
    objects: BTreeMap<(Box<str>, Box<str>), Registered>,
}

impl Registry for MemoryRegistry {
    fn revision(&self) -> Pending<'_, u64> {
        Box::pin(ready(Ok(self.0.lock().revision)))
    }

    fn read(&self) -> Pending<'_, Register> {
        let shelf = self.0.lock();
        let register =
            Register { revision: shelf.revision, objects: shelf.objects.values().cloned().collect() };
        Box::pin(ready(Ok(register)))
    }

    fn change<'a>(&'a self, seen: u64, changes: &'a [Change]) -> Pending<'a, bool> {
        Box::pin(ready(Ok(self.0.lock().change(seen, changes))))
    }
}

impl Shelf {
    fn change(&mut self, seen: u64, changes: &[Change]) -> bool {
        if self.revision != seen {
            return false;
        }
        self.revision += 1;
        for Change { kind, name, value } in changes {
            self.objects.remove(&(kind.clone(), name.clone()));
            let value = value.clone();
            let registered = value.map(|value| Registered {
                kind: kind.clone(),
                name: name.clone(),
                revision: self.revision,
                value,
            });
            self.objects.extend(registered.map(|object| ((kind.clone(), name.clone()), object)));
        }
        true
    }
}
