//! Code, within a line or as a block.

use super::super::escape::push_escaped;
use super::super::markup::Tag;
use super::marks::{Mark, says};
use super::{Flow, Style};

/// Preformatted text being gathered.
pub(super) struct Code {
    pub(super) text: String,
    /// Opened within it, and closed before it is.
    pub(super) inner: usize,
    pub(super) is_block: bool,
}

impl Flow {
    pub(super) fn open_code(&mut self, is_block: bool) {
        if is_block {
            self.require(2);
        }
        self.code = Some(Code {
            text: String::new(),
            inner: 0,
            is_block: is_block && self.one_line == 0,
        });
    }

    /// An element within code: only the address of a link matters.
    pub(super) fn open_in_code(&mut self, tag: Tag, href: &str) {
        let Some(code) = &mut self.code else { return };
        code.inner += 1;
        if tag == Tag::Link {
            self.marks.push(Mark {
                delimiter: "",
                href: Some(href.into()),
                written: true,
                start: code.text.len(),
            });
        } else if !tag.is_inline() {
            self.require(1);
        }
    }

    /// The end of an element within code, or of the code itself.
    pub(super) fn close_in_code(&mut self, tag: Tag) {
        let Some(mut code) = self.code.take() else {
            return;
        };
        if code.inner == 0 {
            return self.write_code(&code);
        }
        code.inner -= 1;
        if tag == Tag::Link
            && let Some(mark) = self.marks.pop()
            && let Some(href) = mark.href
            && !says(code.text.get(mark.start..).unwrap_or_default(), &href)
        {
            code.text.push_str(&format!(" ({href})"));
        }
        self.code = Some(code);
        if !tag.is_inline() {
            self.require(1);
        }
    }

    fn write_code(&mut self, code: &Code) {
        if code.text.trim().is_empty() {
            self.space |= !code.text.is_empty();
            return;
        }
        if code.is_block {
            self.write_code_block(code.text.trim_end());
            self.require(2);
            return;
        }
        let words = code.text.split_ascii_whitespace().collect::<Vec<_>>();
        let words = words.join(" ");
        if !self.is_markdown() {
            self.write(&words);
            return;
        }
        self.begin('`');
        if self.out.ends_with('`') {
            // The two fences would be read as one.
            self.out.push(' ');
        }
        let fence = "`".repeat(longest_run(&words, '`') + 1);
        let pad = if words.starts_with('`') || words.ends_with('`') {
            " "
        } else {
            ""
        };
        let words = if self.table.outside.is_some() {
            words.replace('|', "\\|")
        } else {
            words
        };
        for part in [&fence, pad, &words, pad, &fence] {
            self.out.push_str(part);
        }
    }

    fn write_code_block(&mut self, text: &str) {
        let text = text.strip_prefix('\n').unwrap_or(text);
        let fence = if self.is_markdown() {
            "`".repeat(longest_run(text, '`').max(2) + 1)
        } else {
            String::new()
        };
        let fence = Some(fence.as_str()).filter(|fence| !fence.is_empty());
        let lines = fence.into_iter().chain(text.lines()).chain(fence);
        self.without_marks(|flow| {
            for (index, line) in lines.enumerate() {
                if index > 0 {
                    flow.newlines = 1;
                    flow.soft = false;
                }
                flow.begin(' ');
                match flow.style {
                    Style::Linked => push_escaped(&mut flow.out, line),
                    Style::Plain | Style::Markdown => flow.out.push_str(line),
                }
            }
        });
    }
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for char in text.chars() {
        run = if char == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
