//! Reads HTML as people and editors write it: tags left open, closed twice or in the wrong order.
//!
//! What comes out is well nested. It is not the tree that the HTML standard prescribes for broken
//! input, but the same words in the same order. Time is linear in the input and depth is bounded.

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::escape::{safe_url, safe_web_url};
use super::markup::{Element, Sink, TAGS, Tag};

/// Elements inside elements; deeper ones are dropped and their text stays. Browsers stop too, at
/// some hundreds.
const DEPTH: usize = 48;

/// Reads `html` into `sink`.
pub(super) fn read<S: Sink>(html: &str, sink: S) -> S {
    let mut soup = Soup::new(sink);
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| {
        soup.handle(event);
        None::<Infallible>
    });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    soup.finish()
}

struct Soup<S> {
    sink: S,
    open: Vec<Tag>,
    /// Start tags of each kind that were dropped and whose end tags are to be dropped too.
    dropped: [u32; TAGS],
    /// The start tag that is being read.
    tag: StartTag,
    /// Words not yet given on: dropped tags between them do not part them.
    words: String,
    /// Inside something whose content is dropped.
    hidden: bool,
}

struct StartTag {
    element: Element,
    attribute: Option<Attribute>,
    href: Option<String>,
    src: Option<String>,
    alt: Option<String>,
    start: Option<String>,
}

#[derive(Clone, Copy)]
enum Attribute {
    Href,
    Src,
    Alt,
    Start,
}

impl StartTag {
    const fn new(element: Element) -> Self {
        Self {
            element,
            attribute: None,
            href: None,
            src: None,
            alt: None,
            start: None,
        }
    }

    fn name_attribute(&mut self, name: &[u8]) {
        self.attribute = match (self.element, name) {
            (Element::Kept(Tag::Link), b"href") if self.href.is_none() => Some(Attribute::Href),
            (Element::Image, b"src") if self.src.is_none() => Some(Attribute::Src),
            (Element::Image, b"alt") if self.alt.is_none() => Some(Attribute::Alt),
            (Element::Kept(Tag::Numbers), b"start") if self.start.is_none() => {
                Some(Attribute::Start)
            }
            _ => None,
        };
    }

    fn fill_attribute(&mut self, value: &[u8]) {
        let slot = match self.attribute.take() {
            None => return,
            Some(Attribute::Href) => &mut self.href,
            Some(Attribute::Src) => &mut self.src,
            Some(Attribute::Alt) => &mut self.alt,
            Some(Attribute::Start) => &mut self.start,
        };
        *slot = Some(String::from_utf8_lossy(value).into_owned());
    }
}

impl<S: Sink> Soup<S> {
    fn new(sink: S) -> Self {
        Self {
            sink,
            open: Vec::new(),
            dropped: [0; TAGS],
            tag: StartTag::new(Element::Unknown),
            words: String::new(),
            hidden: false,
        }
    }

    fn handle(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::String { value } if !self.hidden => self.text(value),
            CallbackEvent::OpenStartTag { name } => self.tag = StartTag::new(Element::of(name)),
            CallbackEvent::AttributeName { name } => self.tag.name_attribute(name),
            CallbackEvent::AttributeValue { value } => self.tag.fill_attribute(value),
            CallbackEvent::CloseStartTag { .. } => self.start_tag(),
            CallbackEvent::EndTag { name } => self.end_tag(Element::of(name)),
            _ => {}
        }
    }

    fn text(&mut self, value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        // Control characters mean nothing in a text, and a lot to careless programs.
        let is_control = |char: char| char.is_ascii_control() && !matches!(char, '\n' | '\t');
        if text.contains(is_control) {
            let clean = text.chars().filter(|char| !is_control(*char));
            self.words.extend(clean);
        } else {
            self.words.push_str(&text);
        }
    }

    fn flush(&mut self) {
        if !self.words.is_empty() {
            self.sink.text(&self.words);
            self.words.clear();
        }
    }

    fn start_tag(&mut self) {
        match self.tag.element {
            Element::Kept(tag) => self.begin(tag),
            Element::Break => {
                self.flush();
                self.sink.line_break();
            }
            Element::Rule => {
                self.flush();
                self.end_within(&[Tag::Paragraph]);
                self.sink.rule();
            }
            Element::Image => self.image(),
            Element::Block => {
                self.flush();
                self.sink.boundary();
            }
            Element::Hidden => self.hidden = true,
            Element::Unknown => {}
        }
    }

    fn end_tag(&mut self, element: Element) {
        match element {
            Element::Kept(tag) => self.end(tag),
            // Browsers take `</br>` for `<br>`.
            Element::Break => {
                self.flush();
                self.sink.line_break();
            }
            Element::Block => {
                self.flush();
                self.sink.boundary();
            }
            // Only the matching end tag is recognised inside hidden content.
            Element::Hidden => self.hidden = false,
            Element::Rule | Element::Image | Element::Unknown => {}
        }
    }

    fn image(&mut self) {
        let alt = self.tag.alt.take().unwrap_or_default();
        let src = self.tag.src.take().unwrap_or_default();
        match safe_web_url(&src) {
            Some(src) => {
                self.flush();
                self.sink.image(src, alt.trim());
            }
            None => self.words.push_str(&alt),
        }
    }

    /// An element starts: ends those that cannot hold it.
    fn begin(&mut self, tag: Tag) {
        self.flush();
        match tag {
            Tag::Item => self.end_within(&[Tag::Item]),
            Tag::Cell | Tag::HeaderCell => self.end_within(&[Tag::Cell, Tag::HeaderCell]),
            Tag::Row => self.end_within(&[Tag::Row]),
            Tag::Head | Tag::Body | Tag::Foot => {
                self.end_within(&[Tag::Head, Tag::Body, Tag::Foot]);
            }
            Tag::Link => self.end_within(&[Tag::Link]),
            _ if tag.heading().is_some() => {
                self.end_within(&[Tag::Paragraph]);
                self.end_within(&[
                    Tag::Heading1,
                    Tag::Heading2,
                    Tag::Heading3,
                    Tag::Heading4,
                    Tag::Heading5,
                    Tag::Heading6,
                ]);
            }
            _ if !tag.is_inline() => self.end_within(&[Tag::Paragraph]),
            _ => {}
        }
        if self.open.len() >= DEPTH || !self.is_welcome(tag) {
            self.drop_tag(tag);
            return;
        }
        let address = self.tag.href.take().unwrap_or_default();
        let href = match safe_url(&address) {
            Some(href) => href,
            None if tag == Tag::Link => return self.drop_tag(tag),
            None => "",
        };
        let start = self
            .tag
            .start
            .as_deref()
            .and_then(|start| start.trim().parse().ok())
            .filter(|start| *start <= 999_999)
            .unwrap_or(1);
        self.open.push(tag);
        self.sink.open(tag, href, start);
    }

    /// Whether the element makes sense here.
    fn is_welcome(&self, tag: Tag) -> bool {
        match tag {
            Tag::Link => !self.open.contains(&Tag::Link),
            Tag::Head | Tag::Body | Tag::Foot | Tag::Row | Tag::Caption => {
                self.open.contains(&Tag::Table)
            }
            Tag::Cell | Tag::HeaderCell => self.open.contains(&Tag::Row),
            _ => true,
        }
    }

    fn drop_tag(&mut self, tag: Tag) {
        if let Some(count) = self.dropped.get_mut(tag as usize) {
            *count = count.saturating_add(1);
        }
        self.part(tag);
    }

    /// Keeps the words before and after a dropped tag apart if the tag would have.
    fn part(&mut self, tag: Tag) {
        if matches!(tag, Tag::Cell | Tag::HeaderCell) {
            self.words.push(' ');
        } else if !tag.is_inline() {
            self.sink.boundary();
        }
    }

    fn end(&mut self, tag: Tag) {
        self.flush();
        if let Some(count) = self.dropped.get_mut(tag as usize)
            && *count > 0
        {
            *count -= 1;
            self.part(tag);
            return;
        }
        self.end_within(&[tag]);
    }

    /// Ends the innermost of these elements and all inside it, unless something that holds them
    /// together stands between.
    fn end_within(&mut self, tags: &[Tag]) {
        let Some(first) = tags.first() else { return };
        let found = self
            .open
            .iter()
            .rev()
            .take_while(|open| tags.contains(open) || !open.holds(*first))
            .position(|open| tags.contains(open));
        for _ in 0..found.map_or(0, |above| above + 1) {
            if let Some(tag) = self.open.pop() {
                self.sink.close(tag);
            }
        }
    }

    fn finish(mut self) -> S {
        self.flush();
        while let Some(tag) = self.open.pop() {
            self.sink.close(tag);
        }
        self.sink
    }
}
