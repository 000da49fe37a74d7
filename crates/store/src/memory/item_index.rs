//! Where each item is kept, by its id.

use std::collections::HashMap;

use domain::kept::{ItemId, KeptItem, Tenant};

/// The items of all tenants. One that is in several places is in the list several times, the latest last.
#[derive(Debug, Default)]
pub(super) struct ItemIndex(HashMap<(Tenant, ItemId), Vec<KeptItem>>);

impl ItemIndex {
    pub(super) fn add(&mut self, tenant: &Tenant, items: &[KeptItem]) {
        for item in items {
            self.0.entry((tenant.clone(), item.id.clone())).or_default().push(item.clone());
        }
    }

    pub(super) fn remove(&mut self, tenant: &Tenant, items: &[KeptItem]) {
        for item in items {
            let name = (tenant.clone(), item.id.clone());
            let Some(places) = self.0.get_mut(&name) else { continue };
            if let Some(place) = places.iter().position(|known| known == item) {
                places.remove(place);
            }
            if places.is_empty() {
                self.0.remove(&name);
            }
        }
    }

    pub(super) fn latest(&self, tenant: &Tenant, id: &ItemId) -> Option<&KeptItem> {
        self.0.get(&(tenant.clone(), id.clone()))?.last()
    }
}
