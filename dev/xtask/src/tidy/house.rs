//! The plan of the house: which crates there are, at which layer, who may import whom, and how large each may grow.
//! `ARCHITECTURE.md` says why; a new row or a new import needs a decision record under `docs/adr`.

/// One crate of the product.
#[derive(Debug)]
pub(crate) struct ProductCrate {
    /// Folder and package name.
    pub(crate) name: &'static str,
    /// Imports go to strictly lower layers.
    pub(crate) layer: u8,
    /// The crates of the product that it may import.
    pub(crate) imports: &'static [&'static str],
    /// Lines of production code.
    pub(crate) lines_max: usize,
    /// Production lines of the largest cycle of modules; 0: none may exist.
    pub(crate) cycle_lines_max: usize,
}

/// The largest cycle of modules where nothing stricter is said, in production lines.
pub(crate) const CYCLE_LINES_MAX: usize = 3_000;

/// Every crate that `crates/` may hold.
pub(crate) const PRODUCT_CRATES: &[ProductCrate] = &[
    product("wire", 0, &[], 32_000).without_cycles(),
    product("domain", 0, &[], 6_250).without_cycles(),
    product("engine", 1, &["domain"], 13_500).without_cycles(),
    product("providers", 1, &["wire", "domain"], 16_500),
    product("identity", 1, &["domain"], 4_000).without_cycles(),
    product("guardrails", 1, &["wire", "domain"], 6_000),
    product("telemetry", 1, &["domain"], 5_000),
    product("store", 1, &["domain"], 10_000),
    product("webhooks", 1, &["domain"], 2_500).without_cycles(),
    product("fleet", 2, &["domain", "engine", "telemetry"], 3_500),
    product(
        "inference",
        3,
        &["wire", "domain", "engine", "providers", "identity", "guardrails", "telemetry", "fleet"],
        15_000,
    ),
    product("agentic", 3, &["wire", "domain", "engine", "guardrails", "telemetry", "fleet"], 12_000),
    product("batch", 3, &["wire", "domain", "engine", "providers", "telemetry", "fleet"], 12_000),
    product("control", 3, &["domain", "engine", "providers", "identity", "telemetry", "webhooks"], 15_700),
    product("simulate", 3, &["domain", "engine", "telemetry"], 5_000).without_cycles(),
    product("tollgate", 4, EVERY_LOWER_CRATE, 6_700),
];

const EVERY_LOWER_CRATE: &[&str] = &[
    "wire",
    "domain",
    "engine",
    "providers",
    "identity",
    "guardrails",
    "telemetry",
    "store",
    "webhooks",
    "fleet",
    "inference",
    "agentic",
    "batch",
    "control",
    "simulate",
];

/// The row of a crate.
pub(crate) fn find(name: &str) -> Option<&'static ProductCrate> {
    PRODUCT_CRATES.iter().find(|row| row.name == name)
}

/// Whether a path is Rust source of a workspace member.
pub(crate) fn is_rust_of_a_crate(path: &str) -> bool {
    path.ends_with(".rs") && (path.starts_with("crates/") || path.starts_with("dev/"))
}

const fn product(
    name: &'static str,
    layer: u8,
    imports: &'static [&'static str],
    lines_max: usize,
) -> ProductCrate {
    ProductCrate { name, layer, imports, lines_max, cycle_lines_max: CYCLE_LINES_MAX }
}

impl ProductCrate {
    const fn without_cycles(self) -> Self {
        Self { cycle_lines_max: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_of_the_plan_goes_down() {
        for row in PRODUCT_CRATES {
            for import in row.imports {
                let imported = find(import).unwrap();
                assert!(imported.layer < row.layer, "{} imports {import}", row.name);
            }
        }
    }

    #[test]
    fn only_sources_of_members_are_checked() {
        assert!(is_rust_of_a_crate("crates/wire/src/lib.rs"));
        assert!(!is_rust_of_a_crate("fuzz/fuzz_targets/sse.rs"));
        assert!(!is_rust_of_a_crate("crates/wire/README.md"));
    }
}
