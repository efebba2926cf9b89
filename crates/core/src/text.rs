//! Plain text, Markdown and HTML, and the ways between them.
//!
//! HTML is the hub: Markdown is rendered to HTML, HTML is read as what browsers make of it (`soup`)
//! and written again as safe HTML (`safe_html`) or as lines of text (`flow`). Text without markup
//! takes none of these ways and is not copied.

mod escape;
mod flow;
mod markdown;
mod markup;
mod safe_html;
mod soup;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use escape::{escape_html, is_unmarked_html, safe_url, unescape_entities};

use escape::escape_text;
use flow::{Flow, Style};
use safe_html::SafeHtml;

/// Text with its format. What an engine wrote is kept as it is; a conversion happens only where a
/// client needs another format.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RichText {
    /// How `body` is to be read.
    pub format: TextFormat,
    /// The text.
    pub body: String,
}

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// As it stands.
    #[default]
    Plain,
    /// CommonMark.
    Markdown,
    /// An HTML fragment.
    Html,
}

impl RichText {
    /// Plain text.
    pub fn plain(body: impl Into<String>) -> Self {
        Self {
            format: TextFormat::Plain,
            body: body.into(),
        }
    }

    /// Markdown.
    pub fn markdown(body: impl Into<String>) -> Self {
        Self {
            format: TextFormat::Markdown,
            body: body.into(),
        }
    }

    /// HTML.
    pub fn html(body: impl Into<String>) -> Self {
        Self {
            format: TextFormat::Html,
            body: body.into(),
        }
    }

    /// Nothing to show.
    pub fn is_empty(&self) -> bool {
        self.body.trim().is_empty()
    }

    /// As plain text: markup goes, what it says stays, a link keeps its address.
    pub fn to_plain(&self) -> Cow<'_, str> {
        match self.format {
            TextFormat::Plain => Cow::Borrowed(&self.body),
            TextFormat::Html if is_unmarked_html(&self.body) => Cow::Borrowed(&self.body),
            TextFormat::Markdown if markdown::is_unmarked(&self.body) => Cow::Borrowed(&self.body),
            _ => Cow::Owned(self.flow(Style::Plain)),
        }
    }

    /// As Markdown.
    pub fn to_markdown(&self) -> Cow<'_, str> {
        match self.format {
            TextFormat::Markdown => Cow::Borrowed(&self.body),
            TextFormat::Plain => markdown::escape(&self.body),
            TextFormat::Html if is_unmarked_html(&self.body) && !self.body.contains('\n') => {
                markdown::escape(&self.body)
            }
            TextFormat::Html => Cow::Owned(self.flow(Style::Markdown)),
        }
    }

    /// As Markdown without raw HTML and with links and pictures only where [`safe_url`] allows
    /// them.
    pub fn to_safe_markdown(&self) -> Cow<'_, str> {
        match self.format {
            TextFormat::Markdown if !markdown::is_safe(&self.body) => {
                Cow::Owned(self.flow(Style::Markdown))
            }
            _ => self.to_markdown(),
        }
    }

    /// As an HTML fragment in which nothing can be executed.
    pub fn to_html(&self) -> Cow<'_, str> {
        match self.format {
            TextFormat::Plain => escape::plain_to_html(&self.body),
            TextFormat::Html if is_unmarked_html(&self.body) => Cow::Borrowed(&self.body),
            TextFormat::Html => {
                let html = soup::read(&self.body, SafeHtml::new(self.body.len())).finish();
                if html == self.body {
                    Cow::Borrowed(&self.body)
                } else {
                    Cow::Owned(html)
                }
            }
            TextFormat::Markdown
                if markdown::is_unmarked(&self.body) && !self.body.contains('\n') =>
            {
                escape_text(&self.body)
            }
            TextFormat::Markdown => {
                let rendered = markdown::render(&self.body);
                let html = soup::read(&rendered, SafeHtml::new(rendered.len())).finish();
                Cow::Owned(safe_html::without_only_paragraph(html))
            }
        }
    }

    /// As HTML that holds nothing but text and `<a href>` links; line breaks are newlines. What
    /// OpenDialog's webchat shows of a text.
    pub fn to_linked(&self) -> Cow<'_, str> {
        match self.format {
            TextFormat::Plain => escape_text(&self.body),
            TextFormat::Html if is_unmarked_html(&self.body) => escape_text(&self.body),
            TextFormat::Markdown if markdown::is_unmarked(&self.body) => escape_text(&self.body),
            _ => Cow::Owned(self.flow(Style::Linked)),
        }
    }

    /// The text as lines; `self` holds markup.
    fn flow(&self, style: Style) -> String {
        let rendered;
        let html = match self.format {
            TextFormat::Markdown => {
                rendered = markdown::render(&self.body);
                &rendered
            }
            TextFormat::Plain | TextFormat::Html => &self.body,
        };
        soup::read(html, Flow::new(style, self.body.len())).finish()
    }
}
