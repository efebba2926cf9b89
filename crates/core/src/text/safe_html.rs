//! Writes HTML that a browser may show: only known tags, only checked addresses.

use super::escape::{escape_html, push_escaped};
use super::markup::{Sink, Tag};

/// Writes the elements of [`Tag`], line breaks, rules and images, all else escaped.
pub(super) struct SafeHtml {
    out: String,
    /// The line has words in it already.
    in_line: bool,
    /// The next words belong on a new line.
    owes_break: bool,
}

impl SafeHtml {
    pub(super) fn new(size_hint: usize) -> Self {
        Self {
            out: String::with_capacity(size_hint + size_hint / 8),
            in_line: false,
            owes_break: false,
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }

    fn pay_break(&mut self) {
        if self.owes_break {
            self.owes_break = false;
            self.out.push_str("<br>");
        }
        self.in_line = true;
    }

    fn break_block(&mut self) {
        self.in_line = false;
        self.owes_break = false;
    }
}

impl Sink for SafeHtml {
    fn text(&mut self, text: &str) {
        let text = if self.out.is_empty() {
            text.trim_ascii_start()
        } else {
            text
        };
        if !text.trim_ascii().is_empty() {
            self.pay_break();
        }
        push_escaped(&mut self.out, text);
    }

    fn open(&mut self, tag: Tag, href: &str, _start: u32) {
        if tag.is_inline() {
            self.pay_break();
        } else {
            self.break_block();
        }
        self.out.push('<');
        self.out.push_str(tag.name());
        if tag == Tag::Link {
            self.out.push_str(" href=\"");
            self.out.push_str(&escape_html(href));
            self.out
                .push_str("\" rel=\"noopener noreferrer\" target=\"_blank\"");
        }
        self.out.push('>');
    }

    fn close(&mut self, tag: Tag) {
        if !tag.is_inline() {
            self.break_block();
        }
        self.out.push_str("</");
        self.out.push_str(tag.name());
        self.out.push('>');
    }

    fn line_break(&mut self) {
        self.break_block();
        self.out.push_str("<br>");
    }

    fn rule(&mut self) {
        self.break_block();
        self.out.push_str("<hr>");
    }

    fn image(&mut self, src: &str, alt: &str) {
        self.pay_break();
        self.out.push_str("<img src=\"");
        self.out.push_str(&escape_html(src));
        self.out.push_str("\" alt=\"");
        self.out.push_str(&escape_html(alt));
        self.out.push_str("\">");
    }

    fn boundary(&mut self) {
        self.owes_break |= self.in_line;
    }
}

/// A text that is one paragraph, without the paragraph's tags: a bubble needs no margins.
pub(super) fn without_only_paragraph(html: String) -> String {
    html.strip_prefix("<p>")
        .and_then(|html| html.strip_suffix("</p>"))
        .filter(|inner| !inner.contains("</p>"))
        .map(str::to_owned)
        .unwrap_or(html)
}
