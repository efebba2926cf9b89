//! The HTML of `text`: `docs/protocols/dydu.md#61-html-in-text`.
//!
//! Towards the model a text is split at `<hr>` into bubbles, interactive anchors are taken out of
//! it, and entities in it are decoded once, because the widget does so before it hands the text
//! to the browser. Towards the wire that extra decoding is undone beforehand by [`protect`].

use std::borrow::Cow;

use html5gum::emitters::default::{DefaultEmitter, Token};
use html5gum::{HtmlString, Tokenizer};
use memchr::memchr3;
use switchboard_core::model::Media;
use switchboard_core::text::{escape_html, is_unmarked_html, unescape_entities};

use super::reword::{self, Call};

/// One bubble of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bubble {
    /// What is left to show, HTML.
    pub html: String,
    /// The interactive anchors that were taken out, in order.
    pub rewords: Vec<Reword>,
    /// The picture, if the bubble is nothing else.
    pub image: Option<Media>,
}

/// An interactive anchor.
#[derive(Debug, Clone, PartialEq)]
pub struct Reword {
    /// Its words, plain text.
    pub label: String,
    /// What a click sends.
    pub call: Call,
}

/// Splits a text into its bubbles; empty ones are left out.
pub fn bubbles(text: &str) -> Vec<Bubble> {
    if is_unmarked_html(text) {
        let bubble = Bubble {
            html: text.to_owned(),
            ..Bubble::default()
        };
        return if text.trim().is_empty() {
            Vec::new()
        } else {
            vec![bubble]
        };
    }
    let mut bubbles = Vec::new();
    let all = items_of(text);
    // Most texts are one bubble.
    let mut items = Vec::with_capacity(all.len());
    for item in all {
        if matches!(&item, Item::Start { name, .. } if name == "hr") {
            bubbles.extend(bubble(std::mem::take(&mut items)));
        } else {
            items.push(item);
        }
    }
    bubbles.extend(bubble(items));
    bubbles
}

/// The first anchor of a button's fragment, and the fragment's words.
pub fn button(fragment: &str) -> Button {
    let mut label = String::new();
    let mut target = None;
    for item in items_of(fragment) {
        match item {
            Item::Text(html) => label.push_str(&unescape_entities(&html)),
            Item::Reword(found) => {
                label.push_str(&found.label);
                target.get_or_insert(Target::Call(found.call));
            }
            Item::Start {
                href: Some(href), ..
            } => {
                target.get_or_insert(Target::Link(href));
            }
            _ => {}
        }
    }
    Button {
        label: label.trim().to_owned(),
        target,
    }
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Button {
    /// Its words.
    pub label: String,
    /// What a click does, if anything.
    pub target: Option<Target>,
}

/// What a click does.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Sends something.
    Call(Call),
    /// Opens an address.
    Link(String),
}

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq)]
enum Item<'a> {
    Start {
        name: String,
        raw: Cow<'a, str>,
        href: Option<String>,
    },
    End {
        name: String,
        raw: &'a str,
    },
    Text(Cow<'a, str>),
    Image(Media, Cow<'a, str>),
    Reword(Reword),
}

fn items_of(html: &str) -> Vec<Item<'_>> {
    let mut items = Items {
        // A tag and the words after it.
        all: Vec::with_capacity(html.len() / 16),
        open: None,
    };
    let raw = |span: html5gum::Span<usize>| html.get(span.start..span.end).unwrap_or_default();
    let emitter = DefaultEmitter::<usize>::new_with_span();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let attribute = |name: &str| {
                    let value = tag.attributes.get(name.as_bytes())?;
                    Some(unprotect(lossy(&value.value).into()).into_owned())
                };
                items.start(lossy(&tag.name), raw(tag.span), attribute);
            }
            Token::EndTag(tag) => items.end(lossy(&tag.name), raw(tag.span)),
            Token::String(text) => items.text(raw(text.span), &text.value),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    items.finish()
}

struct Items<'a> {
    all: Vec<Item<'a>>,
    /// The interactive anchor that is open.
    open: Option<Reword>,
}

impl<'a> Items<'a> {
    fn start(&mut self, name: String, raw: &'a str, attribute: impl Fn(&str) -> Option<String>) {
        if self.open.is_some() && name != "a" {
            return;
        }
        self.all.extend(self.open.take().map(Item::Reword));
        let raw = unprotect(raw.into());
        if name == "a"
            && let Some(call) = attribute("onclick").as_deref().and_then(reword::parse)
            && !call.is_link()
        {
            self.open = Some(Reword {
                label: String::new(),
                call,
            });
        } else if name == "img" {
            let source = attribute("src").unwrap_or_default();
            let alt = attribute("alt").filter(|alt| !alt.is_empty());
            self.all.push(Item::Image(Media::new(source, alt), raw));
        } else {
            let href = attribute("href").filter(|href| href != "#");
            self.all.push(Item::Start { name, raw, href });
        }
    }

    fn end(&mut self, name: String, raw: &'a str) {
        match self.open.take() {
            Some(reword) if name == "a" => self.all.push(Item::Reword(reword)),
            None => self.all.push(Item::End { name, raw }),
            open => self.open = open,
        }
    }

    /// `shown` is what a browser would make of the text.
    fn text(&mut self, raw: &'a str, shown: &[u8]) {
        match &mut self.open {
            // The label of an anchor is decoded once more, as the widget does with the whole text.
            Some(reword) => {
                let shown = String::from_utf8_lossy(shown);
                reword.label.push_str(&unescape_entities(&shown));
            }
            None => self.all.push(Item::Text(unescape_entities(raw))),
        }
    }

    fn finish(mut self) -> Vec<Item<'a>> {
        self.all.extend(self.open.map(Item::Reword));
        self.all
    }
}

fn lossy(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Undoes [`protect`] within a tag.
fn unprotect(tag: Cow<'_, str>) -> Cow<'_, str> {
    if !tag.contains('&') {
        return tag;
    }
    let mut text = String::with_capacity(tag.len());
    let mut rest = tag.as_ref();
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        text.push('&');
        rest = match after.strip_prefix("amp;") {
            Some(inner) if is_terminated(inner) => inner,
            _ => after,
        };
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Whether a text that follows an ampersand makes it an entity that ends with a semicolon.
fn is_terminated(text: &str) -> bool {
    let name = text.strip_prefix('#').unwrap_or(text);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    length > 0 && name.as_bytes().get(length) == Some(&b';')
}

fn bubble(mut items: Vec<Item<'_>>) -> Option<Bubble> {
    let mut rewords = Vec::new();
    if items.iter().any(|item| matches!(item, Item::Reword(_))) {
        items = without_rewords(items, &mut rewords);
        items = without_empty_elements(items);
    }
    let image = lone_image(&items);
    let html: Vec<Cow<'_, str>> = items.into_iter().map(Item::into_html).collect();
    let bubble = Bubble {
        html: trimmed(html.concat()),
        rewords,
        image,
    };
    (!bubble.html.is_empty() || !bubble.rewords.is_empty()).then_some(bubble)
}

fn trimmed(text: String) -> String {
    let words = text.trim();
    if words.len() == text.len() {
        text
    } else {
        words.to_owned()
    }
}

impl<'a> Item<'a> {
    fn into_html(self) -> Cow<'a, str> {
        match self {
            Self::Start { raw, .. } | Self::Image(_, raw) => raw,
            Self::End { raw, .. } => raw.into(),
            Self::Text(html) => html,
            Self::Reword(reword) => escape_html(&reword.label).into_owned().into(),
        }
    }

    fn is_block(&self) -> bool {
        matches!(self, Self::Start { name, .. } | Self::End { name, .. } if !matches!(
            name.as_str(),
            "a" | "b" | "strong" | "i" | "em" | "u" | "s" | "span" | "font" | "small" | "sub"
                | "sup" | "mark" | "code"
        ))
    }
}

/// Takes the anchors out line by line. Where words follow an anchor on its line, it is part of a
/// sentence and its words stay; otherwise it goes, with the separators around it.
fn without_rewords<'a>(items: Vec<Item<'a>>, rewords: &mut Vec<Reword>) -> Vec<Item<'a>> {
    let mut kept = Vec::with_capacity(items.len());
    let mut line: Vec<Item<'_>> = Vec::new();
    for item in items {
        if item.is_block() {
            end_line(&mut line, rewords, &mut kept);
            kept.push(item);
        } else {
            line.push(item);
        }
    }
    end_line(&mut line, rewords, &mut kept);
    kept
}

fn end_line<'a>(line: &mut Vec<Item<'a>>, rewords: &mut Vec<Reword>, kept: &mut Vec<Item<'a>>) {
    let first = line.iter().position(|item| matches!(item, Item::Reword(_)));
    let Some(first) = first else {
        kept.append(line);
        return;
    };
    let is_sentence = line.iter().skip(first).any(|item| match item {
        Item::Text(text) => text.chars().any(char::is_alphanumeric),
        Item::Image(..) => true,
        _ => false,
    });
    for (index, item) in line.drain(..).enumerate() {
        match item {
            Item::Reword(reword) => {
                if is_sentence {
                    kept.push(Item::Text(escape_html(&reword.label).into_owned().into()));
                }
                rewords.push(reword);
            }
            Item::Text(_) if index > first && !is_sentence => {}
            item => kept.push(item),
        }
    }
}

/// Removes elements in which nothing is left, and line breaks at the end.
fn without_empty_elements(items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    let mut kept: Vec<Item<'_>> = Vec::with_capacity(items.len());
    let mut open: Vec<(usize, String)> = Vec::new();
    for item in items {
        match &item {
            Item::Start { name, .. } if name != "br" => open.push((kept.len(), name.clone())),
            Item::End { name, .. } => {
                if let Some((at, opened)) = open.pop()
                    && opened == *name
                    && kept.iter().skip(at).all(is_nothing)
                {
                    kept.truncate(at);
                    continue;
                }
            }
            _ => {}
        }
        kept.push(item);
    }
    while kept.last().is_some_and(|item| {
        is_nothing(item) && !matches!(item, Item::Start { name, .. } if name != "br")
    }) {
        kept.pop();
    }
    kept
}

fn is_nothing(item: &Item<'_>) -> bool {
    match item {
        Item::Start { .. } => true,
        Item::Text(text) => text.trim().is_empty(),
        Item::End { .. } | Item::Image(..) | Item::Reword(_) => false,
    }
}

/// The picture of a bubble that is nothing but a picture, perhaps within a link.
fn lone_image(items: &[Item<'_>]) -> Option<Media> {
    let mut image = None;
    let mut link = None;
    for item in items {
        match item {
            Item::Image(found, _) if image.is_none() && !found.url.is_empty() => {
                image = Some(found.clone());
            }
            Item::Image(..) | Item::Reword(_) => return None,
            Item::Text(text) if !text.trim().is_empty() => return None,
            Item::Start { name, .. }
                if !matches!(name.as_str(), "a" | "p" | "div" | "span" | "br") =>
            {
                return None;
            }
            Item::Start {
                href: Some(href),
                raw,
                ..
            } => link = Some((href.clone(), raw.contains("_blank"))),
            _ => {}
        }
    }
    let mut image = image?;
    if let Some((href, new_tab)) = link {
        image.link = Some(href);
        image.new_tab = new_tab;
    }
    Some(image)
}

/// Undoes beforehand that the widget decodes entities before it shows a text: what must not
/// become markup is escaped twice. Quotes outside of tags need no escape and get none.
pub fn protect(html: &str) -> Cow<'_, str> {
    if !html.contains('&') {
        return Cow::Borrowed(html);
    }
    let mut protected = String::with_capacity(html.len() + 16);
    let mut in_tag = false;
    let mut rest = html;
    while let Some(at) = memchr3(b'<', b'>', b'&', rest.as_bytes()) {
        let (before, found) = rest.split_at(at);
        protected.push_str(before);
        let mut chars = found.chars();
        match chars.next() {
            Some('&') => {
                rest = entity(found, in_tag, &mut protected);
                continue;
            }
            Some(c) => {
                in_tag = c == '<';
                protected.push(c);
            }
            None => {}
        }
        rest = chars.as_str();
    }
    protected.push_str(rest);
    Cow::Owned(protected)
}

/// Copies one entity, which `source` starts with, and gives what follows it.
fn entity<'a>(source: &'a str, in_tag: bool, out: &mut String) -> &'a str {
    const PLAIN: [(&str, char); 4] = [
        ("&#39;", '\''),
        ("&#x27;", '\''),
        ("&apos;", '\''),
        ("&quot;", '"'),
    ];
    if !in_tag {
        for (name, c) in PLAIN {
            if let Some(rest) = source.strip_prefix(name) {
                out.push(c);
                return rest;
            }
        }
    }
    // In an attribute browsers read only complete entities.
    let is_entity = |text: &str| {
        is_terminated(text)
            || !in_tag && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '#')
    };
    let rest = source.get(1..).unwrap_or_default();
    // A lone ampersand looks the same however often it is decoded.
    let lone = source
        .strip_prefix("&amp;")
        .is_some_and(|after| !is_entity(after));
    out.push_str(if is_entity(rest) && !lone {
        "&amp;"
    } else {
        "&"
    });
    rest
}

#[cfg(test)]
mod tests;
