//! The page that says what each translation loses, made from the tables that decide it.

use std::fmt::Write as _;

use super::Format;
use super::feature::{Carriage, Feature};

const HEAD: &str = "\
# What translation carries

A request that goes to a provider of another format is read into one form and written from it. This page is made from the
tables that the code decides with: `crates/wire/src/convert/*.rs`.

- **yes**: carried as it was said.
- a sentence: carried with this change, or left out for this reason.
- **–**: the format cannot say it.

What changes or is left out is named in the answer's header `x-tollgate-dropped`, or refused with 400 when the route says
`strict: true`. What is marked **\\*** would change the meaning of the request: it is never left out, but refused.
Members of a request that no row names are left out and named.

";

/// The page, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    page.push_str("| what a request says |");
    for format in Format::ALL {
        let _ = write!(page, " to {} |", format.title());
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(Format::ALL.len()));
    page.push('\n');
    for feature in Feature::ALL {
        let mark = if feature.is_essential() { " **\\***" } else { "" };
        let _ = write!(page, "| {}{mark} |", feature.about());
        for format in Format::ALL {
            let _ = write!(page, " {} |", cell(*feature, format));
        }
        page.push('\n');
    }
    page.push_str("\n## By what member a client says it\n\n| |");
    for format in Format::ALL {
        let _ = write!(page, " {} |", format.title());
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(Format::ALL.len()));
    page.push('\n');
    for feature in Feature::ALL {
        let _ = write!(page, "| {} |", feature.about());
        for format in Format::ALL {
            let entry = format.codec().features().iter().find(|entry| entry.feature == *feature);
            let member = entry.map_or_else(String::new, |entry| format!("`{}`", entry.member));
            let _ = write!(page, " {member} |");
        }
        page.push('\n');
    }
    page
}

fn cell(feature: Feature, format: Format) -> &'static str {
    let entry = format.codec().features().iter().find(|entry| entry.feature == feature);
    match entry.map(|entry| entry.carriage) {
        Some(Carriage::Whole) => "yes",
        Some(Carriage::Changed(how)) => how,
        Some(Carriage::Lost(why)) => why,
        None => "–",
    }
}
