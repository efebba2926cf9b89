//! Writes documents as lines of text: plain, with links only, or Markdown.

mod code;
mod lines;
mod marks;
mod table;

use super::escape::push_escaped;
use super::markdown::{self, Context};
use super::markup::{Sink, Tag};

use code::Code;
use lines::Container;
use marks::Mark;
use table::Table;

/// Lists and quotes inside each other that are marked on every line; deeper ones are not, so that
/// output stays in proportion to input.
const CONTAINERS: usize = 10;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Words and addresses.
    Plain,
    /// HTML with no other element than links.
    Linked,
    /// Markdown.
    Markdown,
}

/// Gathers lines.
pub(super) struct Flow {
    style: Style,
    out: String,
    /// Line breaks owed before the next words: 1 or 2.
    newlines: u8,
    /// The break that is owed is one within a paragraph.
    soft: bool,
    /// A space is owed before the next words.
    space: bool,
    /// Marks at the beginning of the next line, such as a heading's.
    line_mark: &'static str,
    containers: Vec<Container>,
    /// Containers that were opened beyond [`CONTAINERS`].
    unmarked: usize,
    /// The next number of each open list; none for bullets.
    lists: Vec<Option<u32>>,
    /// The length of `out` after the latest item.
    item_end: usize,
    marks: Vec<Mark>,
    /// The marks that were closed since the latest words, with the length of `out` after each.
    closed: Vec<(&'static str, usize)>,
    /// Inside something that must stay on one line: a heading, a link, a cell.
    one_line: usize,
    headings: usize,
    code: Option<Code>,
    tables: usize,
    table: Table,
    /// The collapsed form of the words at hand; kept for its memory.
    scratch: String,
}

impl Flow {
    pub(super) fn new(style: Style, size_hint: usize) -> Self {
        Self {
            style,
            out: String::with_capacity(size_hint),
            newlines: 0,
            soft: false,
            space: false,
            line_mark: "",
            containers: Vec::new(),
            unmarked: 0,
            lists: Vec::new(),
            item_end: 0,
            marks: Vec::new(),
            closed: Vec::new(),
            one_line: 0,
            headings: 0,
            code: None,
            tables: 0,
            table: Table::default(),
            scratch: String::new(),
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn is_markdown(&self) -> bool {
        self.style == Style::Markdown
    }

    /// Writes words on the current line; white space in them is as it is to be.
    fn write(&mut self, words: &str) {
        let Some(next) = words.chars().next() else {
            return;
        };
        let line_start = self.begin(next);
        match self.style {
            Style::Plain => self.out.push_str(words),
            Style::Linked => push_escaped(&mut self.out, words),
            Style::Markdown => {
                let context = Context {
                    line_start,
                    link: self.marks.iter().any(|mark| mark.href.is_some()),
                    cell: self.table.outside.is_some(),
                    heading: self.headings > 0,
                };
                let words = self.shield_first(words);
                markdown::push_escaped(&mut self.out, words, context);
            }
        }
    }
}

impl Sink for Flow {
    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.text.push_str(text);
            return;
        }
        if text.trim().is_empty() {
            self.space = true;
            return;
        }
        self.space |= text.starts_with(|char: char| char.is_ascii_whitespace());
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        for word in text.split_ascii_whitespace() {
            if !scratch.is_empty() {
                scratch.push(' ');
            }
            scratch.push_str(word);
        }
        self.write(&scratch);
        self.scratch = scratch;
        self.space = text.ends_with(|char: char| char.is_ascii_whitespace());
    }

    fn open(&mut self, tag: Tag, href: &str, start: u32) {
        if self.code.is_some() {
            return self.open_in_code(tag, href);
        }
        match tag {
            Tag::Paragraph | Tag::Caption => self.require(2),
            Tag::B | Tag::Strong => self.open_mark("**", None),
            Tag::I | Tag::Em => self.open_mark("*", None),
            Tag::Strike => self.open_mark("~~", None),
            Tag::Underline => self.open_mark("", None),
            Tag::Link => {
                self.open_mark("", Some(href));
                self.one_line += 1;
            }
            Tag::Bullets | Tag::Numbers => {
                let numbers = (tag == Tag::Numbers).then_some(start);
                self.require(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push(numbers);
            }
            Tag::Item => self.open_item(),
            Tag::Quote => {
                self.require(2);
                self.open_container("> ", true);
            }
            Tag::Code => self.open_code(false),
            Tag::Pre => self.open_code(true),
            Tag::Table => self.open_table(),
            Tag::HeaderCell | Tag::Cell => self.open_cell(),
            Tag::Head | Tag::Body | Tag::Foot | Tag::Row => {}
            Tag::Heading1
            | Tag::Heading2
            | Tag::Heading3
            | Tag::Heading4
            | Tag::Heading5
            | Tag::Heading6 => {
                self.require(2);
                if self.is_markdown() && self.one_line == 0 {
                    self.line_mark = tag
                        .heading()
                        .and_then(|level| "###### ".get(6 - level..))
                        .unwrap_or_default();
                }
                self.headings += 1;
                self.one_line += 1;
            }
        }
    }

    fn close(&mut self, tag: Tag) {
        if self.code.is_some() {
            return self.close_in_code(tag);
        }
        match tag {
            Tag::Paragraph | Tag::Caption => self.require(2),
            Tag::B | Tag::Strong | Tag::I | Tag::Em | Tag::Strike | Tag::Underline => {
                self.close_mark();
            }
            Tag::Link => {
                self.one_line = self.one_line.saturating_sub(1);
                self.close_mark();
            }
            Tag::Bullets | Tag::Numbers => {
                self.lists.pop();
                self.require(2);
            }
            Tag::Item => {
                if !self.is_fresh() {
                    self.item_end = self.out.len();
                }
                self.close_container();
                self.require(1);
            }
            Tag::Quote => {
                self.close_container();
                self.require(2);
            }
            Tag::Table => self.close_table(),
            Tag::HeaderCell | Tag::Cell => self.close_cell(),
            Tag::Row => self.close_row(),
            Tag::Head | Tag::Body | Tag::Foot | Tag::Code | Tag::Pre => {}
            Tag::Heading1
            | Tag::Heading2
            | Tag::Heading3
            | Tag::Heading4
            | Tag::Heading5
            | Tag::Heading6 => {
                self.line_mark = "";
                self.headings = self.headings.saturating_sub(1);
                self.one_line = self.one_line.saturating_sub(1);
                self.require(2);
            }
        }
    }

    fn line_break(&mut self) {
        if let Some(code) = &mut self.code {
            code.text.push('\n');
        } else if self.one_line > 0 {
            self.space = true;
        } else if !self.is_fresh() {
            self.soft |= self.newlines == 0;
            self.newlines = (self.newlines + 1).min(2);
        }
    }

    fn rule(&mut self) {
        self.require(2);
        if self.code.is_none() && self.one_line == 0 {
            self.without_marks(|flow| {
                flow.begin(' ');
                flow.out.push_str("---");
            });
            self.require(2);
        }
    }

    fn image(&mut self, src: &str, alt: &str) {
        if let Some(code) = &mut self.code {
            code.text.push_str(&format!("{alt} ({src})"));
            return;
        }
        let in_link = self.marks.iter().any(|mark| mark.href.is_some());
        match self.style {
            Style::Markdown => {
                self.begin('!');
                self.out.push_str("![");
                let context = Context {
                    link: true,
                    cell: self.table.outside.is_some(),
                    heading: self.headings > 0,
                    line_start: false,
                };
                markdown::push_escaped(&mut self.out, &one_line(alt), context);
                self.out.push_str("](");
                markdown::push_destination(&mut self.out, src);
                self.out.push(')');
            }
            // A link cannot hold another.
            Style::Linked if in_link => self.text(if alt.is_empty() { src } else { alt }),
            Style::Plain | Style::Linked => {
                self.open_mark("", Some(src));
                self.text(alt);
                self.close_mark();
            }
        }
    }

    fn boundary(&mut self) {
        if self.newlines == 0 && self.one_line == 0 && self.code.is_none() && !self.is_fresh() {
            self.newlines = 1;
            self.soft = true;
        } else if self.newlines == 0 || self.one_line > 0 {
            self.require(1);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
