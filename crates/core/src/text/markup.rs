//! The elements that conversions know, and what they are written by.

/// An element that has content and a meaning here. All others are dropped, their text stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Paragraph,
    Heading1,
    Heading2,
    Heading3,
    Heading4,
    Heading5,
    Heading6,
    B,
    Strong,
    I,
    Em,
    Underline,
    Strike,
    Link,
    Bullets,
    Numbers,
    Item,
    Quote,
    Code,
    Pre,
    Table,
    Head,
    Body,
    Foot,
    Row,
    HeaderCell,
    Cell,
    Caption,
}

/// How many there are, for tables indexed by `tag as usize`.
pub(super) const TAGS: usize = Tag::Caption as usize + 1;

/// What a tag name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// One that is kept.
    Kept(Tag),
    /// `br`
    Break,
    /// `hr`
    Rule,
    /// `img`
    Image,
    /// Not kept, but what follows it stands on a line of its own.
    Block,
    /// Not kept, nor is what is in it.
    Hidden,
    /// Not kept.
    Unknown,
}

impl Element {
    /// By the name in lower case.
    pub(super) fn of(name: &[u8]) -> Self {
        let tag = match name {
            b"p" => Tag::Paragraph,
            b"h1" => Tag::Heading1,
            b"h2" => Tag::Heading2,
            b"h3" => Tag::Heading3,
            b"h4" => Tag::Heading4,
            b"h5" => Tag::Heading5,
            b"h6" => Tag::Heading6,
            b"b" => Tag::B,
            b"strong" => Tag::Strong,
            b"i" => Tag::I,
            b"em" => Tag::Em,
            b"u" | b"ins" => Tag::Underline,
            b"s" | b"del" | b"strike" => Tag::Strike,
            b"a" => Tag::Link,
            b"ul" => Tag::Bullets,
            b"ol" => Tag::Numbers,
            b"li" => Tag::Item,
            b"blockquote" => Tag::Quote,
            b"code" => Tag::Code,
            b"pre" => Tag::Pre,
            b"table" => Tag::Table,
            b"thead" => Tag::Head,
            b"tbody" => Tag::Body,
            b"tfoot" => Tag::Foot,
            b"tr" => Tag::Row,
            b"th" => Tag::HeaderCell,
            b"td" => Tag::Cell,
            b"caption" => Tag::Caption,
            b"br" => return Self::Break,
            b"hr" => return Self::Rule,
            b"img" | b"image" => return Self::Image,
            b"address" | b"article" | b"aside" | b"body" | b"center" | b"dd" | b"details"
            | b"dialog" | b"dir" | b"div" | b"dl" | b"dt" | b"fieldset" | b"figcaption"
            | b"figure" | b"footer" | b"form" | b"header" | b"html" | b"legend" | b"main"
            | b"menu" | b"nav" | b"option" | b"search" | b"section" | b"summary" | b"title" => {
                return Self::Block;
            }
            b"script" | b"style" | b"iframe" | b"noembed" | b"noframe" | b"noscript" => {
                return Self::Hidden;
            }
            _ => return Self::Unknown,
        };
        Self::Kept(tag)
    }
}

impl Tag {
    /// The name it is written with.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Paragraph => "p",
            Self::Heading1 => "h1",
            Self::Heading2 => "h2",
            Self::Heading3 => "h3",
            Self::Heading4 => "h4",
            Self::Heading5 => "h5",
            Self::Heading6 => "h6",
            Self::B => "b",
            Self::Strong => "strong",
            Self::I => "i",
            Self::Em => "em",
            Self::Underline => "u",
            Self::Strike => "s",
            Self::Link => "a",
            Self::Bullets => "ul",
            Self::Numbers => "ol",
            Self::Item => "li",
            Self::Quote => "blockquote",
            Self::Code => "code",
            Self::Pre => "pre",
            Self::Table => "table",
            Self::Head => "thead",
            Self::Body => "tbody",
            Self::Foot => "tfoot",
            Self::Row => "tr",
            Self::HeaderCell => "th",
            Self::Cell => "td",
            Self::Caption => "caption",
        }
    }

    /// The level of a heading.
    pub(super) const fn heading(self) -> Option<usize> {
        match self {
            Self::Heading1 => Some(1),
            Self::Heading2 => Some(2),
            Self::Heading3 => Some(3),
            Self::Heading4 => Some(4),
            Self::Heading5 => Some(5),
            Self::Heading6 => Some(6),
            _ => None,
        }
    }

    /// Whether it stands in a line with the text around it.
    pub(super) const fn is_inline(self) -> bool {
        matches!(
            self,
            Self::B
                | Self::Strong
                | Self::I
                | Self::Em
                | Self::Underline
                | Self::Strike
                | Self::Link
                | Self::Code
        )
    }

    /// Whether an end tag of something outside leaves it open.
    pub(super) const fn holds(self, inner: Self) -> bool {
        match inner {
            Self::Table => false,
            Self::Bullets
            | Self::Numbers
            | Self::Quote
            | Self::Head
            | Self::Body
            | Self::Foot
            | Self::Row
            | Self::HeaderCell
            | Self::Cell
            | Self::Caption => matches!(self, Self::Table),
            Self::Item => matches!(
                self,
                Self::Bullets
                    | Self::Numbers
                    | Self::Quote
                    | Self::Table
                    | Self::Cell
                    | Self::HeaderCell
            ),
            _ => matches!(
                self,
                Self::Bullets
                    | Self::Numbers
                    | Self::Item
                    | Self::Quote
                    | Self::Table
                    | Self::Cell
                    | Self::HeaderCell
                    | Self::Caption
            ),
        }
    }
}

/// What a document is written to: well nested, addresses checked.
pub(super) trait Sink {
    /// Words, with white space as it was.
    fn text(&mut self, text: &str);
    /// The beginning of an element. Of a link `href` is the address, of a numbered list `start`
    /// its first number.
    fn open(&mut self, tag: Tag, href: &str, start: u32);
    /// The end of the element that was opened last.
    fn close(&mut self, tag: Tag);
    /// A new line.
    fn line_break(&mut self);
    /// A line across.
    fn rule(&mut self);
    /// A picture.
    fn image(&mut self, src: &str, alt: &str);
    /// What follows stands on a line of its own.
    fn boundary(&mut self);
}
