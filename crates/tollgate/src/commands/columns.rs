//! Rows in columns, as people read them.

use std::ops::Range;

/// A line for each row. The columns of `figures` stand to the right, the others to the left, and the last one is as long as it is.
pub(super) fn columns<const COUNT: usize>(rows: &[[String; COUNT]], figures: &Range<usize>) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COUNT] = std::array::from_fn(width);
    let cell = |(column, cell): (usize, &String)| {
        let width = widths[column];
        match (figures.contains(&column), column + 1 == COUNT) {
            (true, _) => format!("{cell:>width$}"),
            (false, true) => cell.clone(),
            (false, false) => format!("{cell:<width$}"),
        }
    };
    let line = |row: &[String; COUNT]| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect()
}
