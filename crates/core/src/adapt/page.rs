//! Composes a text from parts, in the richest format that a client renders.

use crate::text::{RichText, TextFormat, escape_html, safe_url};

/// A text in the making: blocks one below the other.
pub(super) struct Page {
    format: TextFormat,
    blocks: Vec<Block>,
}

enum Block {
    /// As somebody else wrote it.
    Text(RichText),
    /// In the page's format.
    Paragraph(String),
    Quote(RichText),
    /// Lines in the page's format, with numbers or bullets.
    Lines {
        lines: Vec<String>,
        numbered: bool,
    },
}

impl Page {
    pub(super) fn new(format: TextFormat) -> Self {
        Self {
            format,
            blocks: Vec::new(),
        }
    }

    /// A text as it is.
    pub(super) fn text(&mut self, text: &RichText) -> &mut Self {
        if !text.is_empty() {
            self.blocks.push(Block::Text(text.clone()));
        }
        self
    }

    /// Words as a paragraph.
    pub(super) fn words(&mut self, words: &str) -> &mut Self {
        if !words.trim().is_empty() {
            let paragraph = self.escaped(words);
            self.blocks.push(Block::Paragraph(paragraph));
        }
        self
    }

    /// Words as a heading.
    pub(super) fn title(&mut self, words: Option<&str>) -> &mut Self {
        let words = one_line(words.unwrap_or_default());
        if !words.is_empty() {
            let words = self.escaped(&words);
            self.blocks.push(Block::Paragraph(match self.format {
                TextFormat::Plain => words,
                TextFormat::Markdown => format!("**{words}**"),
                TextFormat::Html => format!("<b>{words}</b>"),
            }));
        }
        self
    }

    /// A passage that somebody else said.
    pub(super) fn quote(&mut self, text: &RichText) -> &mut Self {
        if !text.is_empty() {
            self.blocks.push(Block::Quote(text.clone()));
        }
        self
    }

    /// A link as a paragraph.
    pub(super) fn link(&mut self, label: &str, url: &str) -> &mut Self {
        if !(label.trim().is_empty() && url.trim().is_empty()) {
            let link = self.linked(label, url);
            self.blocks.push(Block::Paragraph(link));
        }
        self
    }

    /// Lines that are already in the page's format, with bullets before them.
    pub(super) fn bullets(&mut self, lines: Vec<String>) -> &mut Self {
        self.lines(lines, false)
    }

    /// Lines that are already in the page's format, with numbers before them.
    pub(super) fn numbers(&mut self, lines: Vec<String>) -> &mut Self {
        self.lines(lines, true)
    }

    fn lines(&mut self, mut lines: Vec<String>, numbered: bool) -> &mut Self {
        if !lines.is_empty() {
            if self.format != TextFormat::Html {
                // A line break would end the item.
                for line in lines.iter_mut().filter(|line| line.contains('\n')) {
                    *line = one_line(line);
                }
            }
            self.blocks.push(Block::Lines { lines, numbered });
        }
        self
    }

    /// Words in the page's format.
    pub(super) fn escaped(&self, words: &str) -> String {
        match self.format {
            TextFormat::Plain => words.to_owned(),
            TextFormat::Markdown => RichText::plain(words).to_markdown().into_owned(),
            TextFormat::Html => RichText::plain(words).to_html().into_owned(),
        }
    }

    /// A text in the page's format, on one line where there are lines.
    pub(super) fn inline(&self, text: &RichText) -> String {
        match self.format {
            TextFormat::Plain => one_line(&text.to_plain()),
            TextFormat::Markdown => one_line(&text.to_markdown()),
            TextFormat::Html => text.to_html().into_owned(),
        }
    }

    /// A link in the page's format. An address that clients must not follow stays readable.
    pub(super) fn linked(&self, label: &str, url: &str) -> String {
        let label = if label.trim().is_empty() { url } else { label };
        match (self.format, safe_url(url)) {
            (TextFormat::Html, Some(url)) => {
                let label = escape_html(label);
                format!("<a href=\"{}\">{label}</a>", escape_html(url))
            }
            (TextFormat::Markdown, Some(_)) => {
                let html = Self {
                    format: TextFormat::Html,
                    blocks: Vec::new(),
                }
                .linked(label, url);
                RichText::html(html).to_markdown().into_owned()
            }
            _ if label == url || url.trim().is_empty() => self.escaped(label),
            _ => self.escaped(&format!("{label} ({url})")),
        }
    }

    /// The text. A single text comes out as it went in.
    pub(super) fn finish(mut self) -> RichText {
        match self.blocks.pop() {
            None => return RichText::plain(""),
            Some(Block::Text(text)) if self.blocks.is_empty() => return text,
            Some(last) => self.blocks.push(last),
        }
        let is_alone = self.blocks.len() == 1;
        let mut body = String::new();
        for block in &self.blocks {
            match self.format {
                TextFormat::Html => write_html(&mut body, block, is_alone),
                TextFormat::Markdown => {
                    write_lines(&mut body, block, |text| text.to_markdown().into_owned())
                }
                TextFormat::Plain => {
                    write_lines(&mut body, block, |text| text.to_plain().into_owned());
                }
            }
        }
        RichText {
            format: self.format,
            body,
        }
    }
}

fn write_html(body: &mut String, block: &Block, is_alone: bool) {
    let paragraph = |body: &mut String, html: &str| {
        let stands_alone = is_alone
            || ["<p", "<h", "<ul", "<ol", "<bl", "<pre", "<ta"]
                .iter()
                .any(|block| html.starts_with(block));
        if stands_alone {
            body.push_str(html);
        } else {
            body.push_str("<p>");
            body.push_str(html);
            body.push_str("</p>");
        }
    };
    match block {
        Block::Text(text) => paragraph(body, &text.to_html()),
        Block::Paragraph(html) => paragraph(body, html),
        Block::Quote(text) => {
            body.push_str("<blockquote>");
            body.push_str(&text.to_html());
            body.push_str("</blockquote>");
        }
        Block::Lines { lines, numbered } => {
            let tag = if *numbered { "ol" } else { "ul" };
            body.push_str(&format!("<{tag}>"));
            for line in lines {
                body.push_str("<li>");
                body.push_str(line);
                body.push_str("</li>");
            }
            body.push_str(&format!("</{tag}>"));
        }
    }
}

fn write_lines(body: &mut String, block: &Block, convert: impl FnOnce(&RichText) -> String) {
    if !body.is_empty() {
        body.push_str("\n\n");
    }
    match block {
        Block::Text(text) => body.push_str(convert(text).trim_end()),
        Block::Paragraph(text) => body.push_str(text.trim_end()),
        Block::Quote(text) => {
            for (index, line) in convert(text).trim_end().lines().enumerate() {
                if index > 0 {
                    body.push('\n');
                }
                body.push_str(if line.is_empty() { ">" } else { "> " });
                body.push_str(line);
            }
        }
        Block::Lines { lines, numbered } => {
            for (index, line) in lines.iter().enumerate() {
                if index > 0 {
                    body.push('\n');
                }
                if *numbered {
                    body.push_str(&format!("{}. {line}", index + 1));
                } else {
                    body.push_str("- ");
                    body.push_str(line);
                }
            }
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
