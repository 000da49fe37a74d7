//! Sets the readings of all rounds against the floor's, and writes them as Markdown.

mod figures;
pub(crate) mod machine;

use std::fmt::Write;

pub(crate) use figures::median;
use figures::{Spread, compared, digits, format_value};

use crate::cases::{Compare, Reading, Unit};

/// The server that everything is set against.
pub(crate) const FLOOR: &str = "floor";

/// Every reading of a run, in the order of the table.
#[derive(Debug, Default)]
pub(crate) struct Results {
    rows: Vec<Row>,
    /// What limits the worth of readings, once each.
    warnings: Vec<String>,
    /// Cases that a server has failed.
    failures: Vec<String>,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    name: String,
    unit: Unit,
    compare: Compare,
    values: Vec<Value>,
}

/// One server's figure of one round.
#[derive(Debug)]
struct Value {
    server: &'static str,
    round: usize,
    value: f64,
}

/// What stands above and below the table.
#[derive(Debug)]
pub(crate) struct Heading<'a> {
    /// The day of the run.
    pub(crate) date: &'a str,
    /// Processor, cores, kernel.
    pub(crate) machine: &'a str,
    /// How the tool was called.
    pub(crate) command_line: &'a str,
    /// Rounds that the medians are taken over.
    pub(crate) rounds: usize,
    /// Name and description of each server, in the order of the columns.
    pub(crate) servers: &'a [(&'static str, String)],
    /// What else a reader has to know.
    pub(crate) notes: &'a [String],
}

impl Results {
    /// Keeps one reading.
    pub(crate) fn add(&mut self, case: &str, server: &'static str, round: usize, reading: &Reading) {
        let name = format!("{case}: {}", reading.name);
        let value = Value { server, round, value: reading.value };
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => self.insert(
                case,
                Row { name, unit: reading.unit, compare: reading.compare, values: vec![value] },
            ),
        }
    }

    /// Keeps a warning, unless the same was said before about the same case and server.
    pub(crate) fn warn(&mut self, case: &str, server: &str, warning: &str) {
        let line = format!("{case}, {server}: {warning}");
        let subject =
            line.split(|character: char| character.is_ascii_digit()).next().unwrap_or_default().to_owned();
        if !self.warnings.iter().any(|known| known.starts_with(&subject)) {
            self.warnings.push(line);
        }
    }

    /// Keeps a failure.
    pub(crate) fn fail(&mut self, case: &str, server: &str, failure: &str) {
        self.failures.push(format!("{case}, {server}: {failure}"));
    }

    /// Whether any server has failed any case.
    pub(crate) fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    /// A row stands behind the last of its case, wherever a server that came later has added it.
    fn insert(&mut self, case: &str, row: Row) {
        let prefix = format!("{case}: ");
        let at = self
            .rows
            .iter()
            .rposition(|known| known.name.starts_with(&prefix))
            .map_or(self.rows.len(), |last| last + 1);
        self.rows.insert(at, row);
    }

    /// The whole page.
    pub(crate) fn markdown(&self, heading: &Heading<'_>) -> String {
        let mut page = String::new();
        let servers: Vec<&'static str> = heading.servers.iter().map(|(name, _)| *name).collect();
        page.push_str("# Benchmark\n\n");
        for (name, text) in [
            ("Date", heading.date),
            ("Machine", heading.machine),
            ("Command", &format!("`{}`", heading.command_line)),
        ] {
            line(&mut page, format_args!("- {name}: {text}"));
        }
        line(
            &mut page,
            format_args!("- Rounds: {}, interleaved; each figure is the median over them", heading.rounds),
        );
        for (name, description) in heading.servers {
            line(&mut page, format_args!("- {name}: {description}"));
        }
        page.push_str(
            "\nThe first columns set a server against the floor of the same round, with the smallest and largest of all rounds in \
brackets: `×` divides by the floor, `+` is what comes on top of it. The last columns are absolute.\n\n",
        );
        self.write_table(&mut page, &servers);
        section(&mut page, "Notes", heading.notes);
        section(&mut page, "Doubts", &self.warnings);
        section(&mut page, "Failures", &self.failures);
        page
    }

    fn write_table(&self, page: &mut String, servers: &[&'static str]) {
        let compared_servers: Vec<_> = servers.iter().filter(|server| **server != FLOOR).collect();
        let mut head = String::from("| measure |");
        let mut rule = String::from("|---|");
        for server in &compared_servers {
            head.push_str(&format!(" {server} |"));
            rule.push_str("---:|");
        }
        for server in servers {
            head.push_str(&format!(" <sub>{server}</sub> |"));
            rule.push_str("---:|");
        }
        line(page, format_args!("{head}\n{rule}"));
        for row in &self.rows {
            let mut cells = format!("| {} |", row.name);
            for server in &compared_servers {
                cells.push_str(&format!(" {} |", row.compared(server).unwrap_or_else(|| "–".to_owned())));
            }
            for server in servers {
                cells.push_str(&format!(
                    " <sub>{}</sub> |",
                    row.absolute(server).unwrap_or_else(|| "–".to_owned())
                ));
            }
            line(page, format_args!("{cells}"));
        }
    }
}

impl Row {
    fn absolute(&self, server: &str) -> Option<String> {
        median(&self.of(server).map(|(_, value)| value).collect::<Vec<_>>())
            .map(|value| format_value(value, self.unit))
    }

    fn compared(&self, server: &str) -> Option<String> {
        let pairs: Vec<(f64, f64)> = self
            .of(server)
            .filter_map(|(round, value)| {
                self.of(FLOOR).find(|(other, _)| *other == round).map(|(_, floor)| (value, floor))
            })
            .collect();
        let Spread { median, least, most } = compared(&pairs, self.compare)?;
        Some(match self.compare {
            Compare::Added => {
                let added = |value: f64| {
                    format!("{}{}", if value < 0.0 { "−" } else { "+" }, format_value(value.abs(), self.unit))
                };
                format!("{} ({} to {})", added(median), added(least), added(most))
            }
            Compare::Ratio | Compare::Alone => {
                format!("{} × ({}–{})", digits(median), digits(least), digits(most))
            }
        })
    }

    fn of(&self, server: &str) -> impl Iterator<Item = (usize, f64)> {
        self.values.iter().filter(move |value| value.server == server).map(|value| (value.round, value.value))
    }
}

fn section(page: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        line(page, format_args!("\n## {title}\n"));
        for text in lines {
            line(page, format_args!("- {}", text.replace('\n', " ")));
        }
    }
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    writeln!(page, "{text}").unwrap_or_default();
}

#[cfg(test)]
mod tests;
