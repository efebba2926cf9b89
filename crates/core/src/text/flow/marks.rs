//! Emphasis and links within lines.

use super::super::escape::escape_html;
use super::super::markdown;
use super::{Flow, Style};

/// An open inline element.
pub(super) struct Mark {
    /// The delimiter on both sides; empty for a link and for what leaves no mark.
    pub(super) delimiter: &'static str,
    /// A link's address.
    pub(super) href: Option<Box<str>>,
    pub(super) written: bool,
    /// Where the words of a link begin.
    pub(super) start: usize,
}

impl Flow {
    pub(super) fn open_mark(&mut self, delimiter: &'static str, href: Option<&str>) {
        let delimiter = match self.style {
            Style::Markdown if !self.marks.iter().any(|mark| mark.delimiter == delimiter) => {
                delimiter
            }
            _ => "",
        };
        self.marks.push(Mark {
            delimiter,
            href: href.map(Box::from),
            written: false,
            start: 0,
        });
    }

    pub(super) fn close_mark(&mut self) {
        let Some(mut mark) = self.marks.pop() else {
            return;
        };
        let Some(href) = mark.href.take() else {
            if mark.written && !mark.delimiter.is_empty() {
                self.out.push_str(mark.delimiter);
                let start = self.out.len() - mark.delimiter.len();
                if self.closed.last().is_none_or(|(_, end)| *end != start) {
                    self.closed.clear();
                }
                self.closed.push((mark.delimiter, self.out.len()));
            }
            return;
        };
        if !mark.written {
            mark.href = Some(href.clone());
            self.marks.push(mark);
            self.write(&href);
            mark = match self.marks.pop() {
                Some(mark) => mark,
                None => return,
            };
        }
        match self.style {
            Style::Plain => {
                let label = self.out.get(mark.start..).unwrap_or_default();
                if !says(label, &href) {
                    self.out.push_str(" (");
                    self.out.push_str(&href);
                    self.out.push(')');
                }
            }
            Style::Linked => self.out.push_str("</a>"),
            Style::Markdown => {
                self.out.push_str("](");
                markdown::push_destination(&mut self.out, &href);
                self.out.push(')');
            }
        }
    }

    /// Ends the marks that reach over the end of a block; they begin again with the next words.
    pub(super) fn suspend_marks(&mut self) {
        for mark in self.marks.iter_mut().rev() {
            if mark.written && mark.href.is_none() {
                mark.written = false;
                self.out.push_str(mark.delimiter);
            }
        }
    }

    /// Writes something that no mark can be around.
    pub(super) fn without_marks(&mut self, write: impl FnOnce(&mut Self)) {
        self.suspend_marks();
        let marks = std::mem::take(&mut self.marks);
        write(self);
        self.marks = marks;
    }

    /// Writes the marks that were opened since the last words. Tells whether nothing was written.
    pub(super) fn open_marks(&mut self, next: char) -> bool {
        if self.marks.last().is_none_or(|mark| mark.written) {
            return true;
        }
        let before = self.out.len();
        let mut opening = self.marks.iter().filter(|mark| !mark.written);
        // What follows one mark may be another instead of words.
        let next = if opening.any(|mark| mark.href.is_some() || mark.delimiter == "~~") {
            '['
        } else {
            next
        };
        for mark in self.marks.iter_mut().filter(|mark| !mark.written) {
            mark.written = true;
            match (&mark.href, self.style) {
                (None, _) if mark.delimiter.is_empty() => {}
                (None, _) if self.closed.last() == Some(&(mark.delimiter, self.out.len())) => {
                    // `**a****b**` would not be read as two: takes the end back.
                    self.out.truncate(self.out.len() - mark.delimiter.len());
                    self.closed.pop();
                }
                (None, _) => {
                    if is_punctuation(next) {
                        shield_last(&mut self.out);
                    }
                    self.out.push_str(mark.delimiter);
                }
                (Some(_), Style::Plain) => {}
                (Some(href), Style::Linked) => {
                    self.out
                        .push_str("<a class=\"linkified\" target=\"_blank\" href=\"");
                    self.out.push_str(&escape_html(href));
                    self.out.push_str("\">");
                }
                (Some(_), Style::Markdown) => {
                    // `!` before a link would make it a picture.
                    if self.out.ends_with('!') {
                        self.out.pop();
                        self.out.push_str("\\!");
                    }
                    self.out.push('[');
                }
            }
            mark.start = self.out.len();
        }
        self.out.len() == before
    }

    /// After `**x!**` a letter would keep the mark from being read as an end: writes it as a
    /// reference. Gives the words that are left.
    pub(super) fn shield_first<'w>(&mut self, words: &'w str) -> &'w str {
        let Some((delimiter, end)) = self.closed.last() else {
            return words;
        };
        if *end != self.out.len() {
            return words;
        }
        let inner = self.out.get(..end - delimiter.len()).unwrap_or_default();
        let after_punctuation = inner.chars().next_back().is_some_and(is_punctuation);
        let mut rest = words.chars();
        match rest.next() {
            Some(first) if after_punctuation && is_letter(first) => {
                push_reference(&mut self.out, first);
                rest.as_str()
            }
            _ => words,
        }
    }
}

/// Whether the words of a link are its address already.
pub(super) fn says(label: &str, href: &str) -> bool {
    let address = href
        .strip_prefix("mailto:")
        .or_else(|| href.strip_prefix("tel:"));
    label == href || address == Some(label)
}

fn is_punctuation(char: char) -> bool {
    !char.is_alphanumeric() && !char.is_whitespace()
}

/// Whether it may be neither space nor punctuation to Markdown.
fn is_letter(char: char) -> bool {
    !char.is_whitespace() && !char.is_ascii_punctuation()
}

/// A letter before `**(` would keep the mark from being read as a beginning: writes it as a
/// reference.
fn shield_last(out: &mut String) {
    if let Some(last) = out.chars().next_back()
        && is_letter(last)
    {
        out.pop();
        if out.ends_with(['*', '~']) {
            // The same trouble would befall the mark that begins there.
            out.push(last);
            out.push(' ');
            return;
        }
        // A backslash that had no effect before the letter would have one now.
        let backslashes = out.bytes().rev().take_while(|byte| *byte == b'\\').count();
        if backslashes % 2 == 1 {
            out.push('\\');
        }
        push_reference(out, last);
    }
}

fn push_reference(out: &mut String, char: char) {
    out.push_str(&format!("&#{};", u32::from(char)));
}
