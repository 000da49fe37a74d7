//! Where each item is kept, by its id.

use std::collections::{BTreeMap, HashMap};

use domain::kept::{ItemId, KeptItem, Tenant};

/// The items of all tenants. Each place of an item has a number; a higher one is later, and none is used again.
#[derive(Debug, Default)]
pub(super) struct ItemIndex {
    places: HashMap<(Tenant, ItemId), BTreeMap<u64, KeptItem>>,
    next: u64,
}

impl ItemIndex {
    /// The number that the next item gets.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Adds items under the next numbers.
    pub(super) fn add<'i>(&mut self, tenant: &Tenant, items: impl IntoIterator<Item = &'i KeptItem>) {
        for item in items {
            let places = self.places.entry((tenant.clone(), item.id.clone())).or_default();
            places.insert(self.next, item.clone());
            self.next += 1;
        }
    }

    pub(super) fn remove(&mut self, tenant: &Tenant, id: &ItemId, number: u64) {
        let name = (tenant.clone(), id.clone());
        let Some(places) = self.places.get_mut(&name) else { return };
        places.remove(&number);
        if places.is_empty() {
            self.places.remove(&name);
        }
    }

    pub(super) fn latest(&self, tenant: &Tenant, id: &ItemId) -> Option<&KeptItem> {
        self.places.get(&(tenant.clone(), id.clone()))?.values().next_back()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}
