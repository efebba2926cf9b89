//! `cargo xtask doc-tables`: every row of a table in `docs/dialects/` that has a `test` column is
//! complete, and names tests that exist.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::tools::{read, root, rust_files};

/// The heading of the column that names tests.
const COLUMN: &str = "test";

/// Reads all tables.
///
/// # Errors
/// A row has an empty cell, or names a test that does not exist.
pub fn run() -> Result<()> {
    let root = root();
    let mut tests = BTreeSet::new();
    for source in rust_files(&root)? {
        tests.extend(test_names(&read(&source)?));
    }
    let folder = root.join("docs/dialects");
    let mut mistakes = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = path.strip_prefix(&root).unwrap_or(&path).display();
        let checked = check(&read(&path)?, &tests);
        count += checked.rows;
        let found = checked.mistakes.into_iter();
        mistakes.extend(found.map(|(line, what)| format!("{page}:{line}: {what}")));
    }
    if !mistakes.is_empty() {
        mistakes.sort();
        bail!("tables that are not true\n{}", mistakes.join("\n"));
    }
    eprintln!("{count} rows name tests that exist");
    Ok(())
}

/// What was found on a page.
#[derive(Debug, Default, PartialEq, Eq)]
struct Checked {
    /// Rows of tables that name tests.
    rows: usize,
    /// Line numbers, and what is wrong there.
    mistakes: Vec<(usize, String)>,
}

/// Checks the tables of a page that have a `test` column.
fn check(page: &str, tests: &BTreeSet<String>) -> Checked {
    let mut checked = Checked::default();
    let mut is_code = false;
    let mut before: Option<Vec<String>> = None;
    let mut table: Option<Table> = None;
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let Some(cells) = cells(line).filter(|_| !is_code) else {
            (before, table) = (None, None);
            continue;
        };
        if let Some(table) = &table {
            checked.rows += 1;
            let wrong = table.mistakes(&cells, tests).into_iter();
            checked.mistakes.extend(wrong.map(|what| (index + 1, what)));
        } else if is_rule(&cells) {
            table = before.take().and_then(Table::of);
        } else {
            before = Some(cells);
        }
    }
    checked
}

/// A table with a column of tests.
struct Table {
    heads: Vec<String>,
    column: usize,
}

impl Table {
    fn of(heads: Vec<String>) -> Option<Self> {
        let column = heads
            .iter()
            .position(|head| head.eq_ignore_ascii_case(COLUMN))?;
        Some(Self { heads, column })
    }

    fn mistakes(&self, cells: &[String], tests: &BTreeSet<String>) -> Vec<String> {
        if cells.len() != self.heads.len() {
            return vec![format!(
                "the row has {} cells, the table {}",
                cells.len(),
                self.heads.len()
            )];
        }
        let mut mistakes: Vec<String> = self
            .heads
            .iter()
            .zip(cells)
            .filter(|(_, cell)| cell.is_empty())
            .map(|(head, _)| format!("nothing is said under `{head}`"))
            .collect();
        let names = cells.get(self.column).map(|cell| names(cell));
        let names = names.unwrap_or_default();
        if names.is_empty() && mistakes.is_empty() {
            mistakes.push("no test is named: write `its_name`".to_owned());
        }
        mistakes.extend(
            names
                .into_iter()
                .filter(|name| !tests.contains(*name))
                .map(|name| format!("there is no test `{name}`")),
        );
        mistakes
    }
}

/// The cells of a table's row; none if the line is no row.
fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim().strip_prefix('|')?;
    let line = line.strip_suffix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for c in line.chars() {
        match (c, cells.last_mut()) {
            ('|', _) if !is_escaped => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    Some(cells.iter().map(|cell| cell.trim().to_owned()).collect())
}

/// Whether a row is the rule between a table's heading and its body.
fn is_rule(cells: &[String]) -> bool {
    cells
        .iter()
        .all(|cell| cell.contains('-') && cell.chars().all(|c| "-: ".contains(c)))
}

/// The names in a cell: what stands in backticks, without the modules before it.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(|name| name.rsplit("::").next().unwrap_or(name).trim())
        .filter(|name| !name.is_empty())
        .collect()
}

/// The names of the test functions in a source: those with an attribute that ends in `test`.
fn test_names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if let Some(attribute) = line.strip_prefix("#[") {
            let path = attribute.split(['(', ']']).next().unwrap_or_default();
            is_test |= path == "test" || path.ends_with("::test");
        } else if let Some(name) = function(line) {
            if is_test {
                names.push(name.to_owned());
            }
            is_test = false;
        }
    }
    names
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_word = |word: &str| {
        let word = word.split('(').next().unwrap_or_default();
        matches!(word, "pub" | "async" | "const" | "unsafe")
    };
    let name = after.split(['(', '<']).next()?.trim();
    (before.split_whitespace().all(is_word) && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
        fn helper() {}\n\
        #[test]\n    fn one() {}\n\
        #[tokio::test(flavor = \"multi_thread\")]\n#[ignore]\npub(crate) async fn two() {}\n\
        let text = \"fn three()\";\n";

    fn check(page: &str) -> Checked {
        super::check(page, &test_names(SOURCE).into_iter().collect())
    }

    fn mistakes(page: &str) -> Vec<(usize, String)> {
        check(page).mistakes
    }

    #[test]
    fn tests_are_found_in_sources() {
        assert_eq!(test_names(SOURCE), ["one", "two"]);
        let own = test_names(include_str!("doc_tables.rs"));
        assert!(own.contains(&"tests_are_found_in_sources".to_owned()));
    }

    #[test]
    fn a_complete_table_passes() {
        let page = "# Page\n\n| part | Server | test |\n|---|:-:|---|\n\
            | `talk` | a \\| b | `one`, `routes::two` |\n| `poll` | yes | `two` |\n";
        let expected = Checked {
            rows: 2,
            mistakes: Vec::new(),
        };
        assert_eq!(check(page), expected);
    }

    #[test]
    fn a_table_that_is_not_true_is_told() {
        let page = "| part | server | test |\n|---|---|---|\n| talk | yes | `three` |\n\
            | poll |  | `one` |\n| status | yes | later |\n| gdpr | yes |\n";
        let mistakes = mistakes(page);
        let lines: Vec<usize> = mistakes.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6]);
        assert_eq!(mistakes[0].1, "there is no test `three`");
        assert_eq!(mistakes[1].1, "nothing is said under `server`");
    }

    #[test]
    fn other_tables_are_left_alone() {
        let page =
            "| part | server |\n|---|---|\n| talk |  |\n\n```\n| test |\n|---|\n| x |\n```\n";
        assert_eq!(check(page), Checked::default());
        assert_eq!(check("no table | at all\n"), Checked::default());
    }
}
