//! Tables: a line for each row.

use super::Flow;
use super::marks::Mark;

#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: usize,
    pub(super) cells: Vec<String>,
    /// What was written before the cell that is open.
    pub(super) outside: Option<String>,
    /// Marks that were open around it.
    pub(super) marks: Vec<Mark>,
}

impl Flow {
    pub(super) fn open_table(&mut self) {
        self.tables += 1;
        self.require(2);
        if self.tables == 1 && self.one_line == 0 {
            self.table = Table::default();
        }
    }

    pub(super) fn close_table(&mut self) {
        self.tables = self.tables.saturating_sub(1);
        self.require(2);
    }

    /// A cell of a table within a table, or within a line, is words among words.
    pub(super) fn open_cell(&mut self) {
        if self.tables == 1 && self.one_line == 0 {
            self.suspend_marks();
            self.table.marks = std::mem::take(&mut self.marks);
            self.table.outside = Some(std::mem::take(&mut self.out));
            self.closed.clear();
            self.one_line += 1;
        }
        self.space = true;
    }

    pub(super) fn close_cell(&mut self) {
        if self.tables == 1
            && let Some(outside) = self.table.outside.take()
        {
            self.one_line = self.one_line.saturating_sub(1);
            self.marks = std::mem::take(&mut self.table.marks);
            self.table
                .cells
                .push(std::mem::replace(&mut self.out, outside));
            self.closed.clear();
        }
        self.space = true;
    }

    pub(super) fn close_row(&mut self) {
        if self.tables > 1 || self.table.outside.is_some() || self.one_line > 0 {
            self.space = true;
            return;
        }
        let cells = std::mem::take(&mut self.table.cells);
        if cells.iter().all(String::is_empty) {
            return;
        }
        self.require(if self.table.rows == 0 { 2 } else { 1 });
        let is_head = self.table.rows == 0;
        self.without_marks(|flow| {
            flow.begin(' ');
            if flow.is_markdown() {
                flow.write_row(&cells, is_head);
            } else {
                flow.out.push_str(&cells.join(" | "));
            }
        });
        self.table.rows += 1;
        self.require(1);
    }

    fn write_row(&mut self, cells: &[String], is_head: bool) {
        self.out.push('|');
        for cell in cells {
            for part in [" ", cell, " |"] {
                self.out.push_str(part);
            }
        }
        if is_head {
            self.newlines = 1;
            self.begin(' ');
            self.out.push('|');
            for _ in cells {
                self.out.push_str(" --- |");
            }
        }
    }
}
