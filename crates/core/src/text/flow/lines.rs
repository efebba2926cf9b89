//! Where lines begin: blank lines, quotes and lists around them.

use super::{CONTAINERS, Flow};

/// A quote or a list item around the current line.
pub(super) struct Container {
    pub(super) mark: Box<str>,
    /// Whether the mark is repeated on every line; otherwise it is indented.
    pub(super) repeats: bool,
    /// The first line has been written.
    pub(super) started: bool,
}

impl Flow {
    /// Nothing stands in the innermost container yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.containers
            .last()
            .map_or(self.out.is_empty(), |container| !container.started)
    }

    /// What follows stands after at least so many line breaks.
    pub(super) fn require(&mut self, newlines: u8) {
        if let Some(code) = &mut self.code {
            if code.is_block && !code.text.ends_with('\n') {
                code.text.push('\n');
            }
        } else if self.one_line > 0 {
            self.space = true;
        } else if !self.is_fresh() {
            self.newlines = self.newlines.max(newlines);
            self.soft = false;
        }
    }

    /// Writes what is owed before words that begin with `next`. Tells whether the words are the
    /// first on their line.
    pub(super) fn begin(&mut self, next: char) -> bool {
        let in_cell = self.table.outside.is_some();
        let mut line_start = self.out.is_empty() && !in_cell;
        if self.newlines > 0 && !self.out.is_empty() && !in_cell {
            self.begin_line();
            line_start = true;
        }
        if !in_cell {
            for container in &mut self.containers {
                if !container.started {
                    container.started = true;
                    self.out.push_str(&container.mark);
                }
            }
            self.out.push_str(self.line_mark);
            self.line_mark = "";
        }
        self.newlines = 0;
        if self.space && !line_start && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.space = false;
        self.open_marks(next) && line_start
    }

    /// Breaks the line and repeats the marks of the containers around it.
    fn begin_line(&mut self) {
        let starts_item = self.containers.iter().any(|container| !container.started);
        let hard = self.is_markdown() && self.newlines == 1 && self.soft && !starts_item;
        if !hard {
            self.suspend_marks();
        }
        self.out.push_str(if hard { "  \n" } else { "\n" });
        if self.newlines > 1 {
            // A blank line still belongs to the quotes around it.
            self.repeat_containers();
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.out.push('\n');
        }
        self.repeat_containers();
        self.space = false;
    }

    fn repeat_containers(&mut self) {
        for container in self.containers.iter().take_while(|it| it.started) {
            if container.repeats {
                self.out.push_str(&container.mark);
            } else {
                let width = container.mark.chars().count();
                self.out.extend(std::iter::repeat_n(' ', width));
            }
        }
    }

    pub(super) fn open_container(&mut self, mark: &str, repeats: bool) {
        if self.containers.len() >= CONTAINERS || self.one_line > 0 || self.unmarked > 0 {
            self.unmarked += 1;
            return;
        }
        self.containers.push(Container {
            mark: mark.into(),
            repeats,
            started: false,
        });
    }

    pub(super) fn close_container(&mut self) {
        if self.unmarked > 0 {
            self.unmarked -= 1;
        } else {
            self.containers.pop();
        }
    }

    pub(super) fn open_item(&mut self) {
        let mut can_join = true;
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                can_join = *number == 1;
                *number = number.saturating_add(1);
                mark
            }
            _ => "- ".to_owned(),
        };
        // In Markdown, only a list that begins with 1 may follow a line of words.
        self.require(if can_join { 1 } else { 2 });
        if self.item_end == self.out.len() {
            self.newlines = self.newlines.min(1);
        }
        self.open_container(&mark, false);
    }
}
