//! One command per file.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod changelog;
pub(crate) mod matrix;
pub(crate) mod prices;
pub(crate) mod test;
pub(crate) mod tidy;
pub(crate) mod up;
