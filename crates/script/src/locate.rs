//! Finds the line of a key, so that a mistake found after parsing can be shown where it is.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A place in a script: a chain of keys that leads to the value being looked at.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    segment: Segment<'a>,
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The file as a whole.
    pub(crate) const ROOT: At<'static> = At {
        parent: None,
        segment: Segment::Root,
    };

    /// A key of the table at this place.
    pub(crate) fn key(&'a self, key: &'a str) -> At<'a> {
        At {
            parent: Some(self),
            segment: Segment::Key(key),
        }
    }

    /// An element of the array at this place.
    pub(crate) fn index(&'a self, index: usize) -> At<'a> {
        At {
            parent: Some(self),
            segment: Segment::Index(index),
        }
    }

    /// Where this place is in the text. A key that a shorthand leaves out is where its nearest
    /// written ancestor is.
    pub(crate) fn span(&self, document: &Spanned<DeTable<'_>>) -> Range<usize> {
        self.find(document.get_ref()).map_or_else(
            || self.parent.map_or(0..0, |parent| parent.span(document)),
            |found| found.span,
        )
    }

    /// Whether a list is written at this place.
    pub(crate) fn is_list(&self, document: &Spanned<DeTable<'_>>) -> bool {
        self.find(document.get_ref())
            .is_some_and(|found| matches!(found.node, Node::Array(_)))
    }

    fn find<'d>(&self, root: &'d DeTable<'d>) -> Option<Found<'d>> {
        let Some(parent) = self.parent else {
            return Some(Found {
                span: 0..0,
                node: Node::Table(root),
            });
        };
        match (self.segment, parent.find(root)?.node) {
            (Segment::Key(key), Node::Table(table)) => {
                let (name, value) = table.get_key_value(key)?;
                Some(Found {
                    span: name.span(),
                    node: Node::of(value.get_ref()),
                })
            }
            (Segment::Index(index), Node::Array(array)) => {
                let value = array.get(index)?;
                Some(Found {
                    span: value.span(),
                    node: Node::of(value.get_ref()),
                })
            }
            _ => None,
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
            if let (Segment::Key(_), true) = (self.segment, parent.parent.is_some()) {
                f.write_str(".")?;
            }
        }
        match self.segment {
            Segment::Root => Ok(()),
            Segment::Key(key) => f.write_str(key),
            Segment::Index(index) => write!(f, "[{index}]"),
        }
    }
}

struct Found<'d> {
    span: Range<usize>,
    node: Node<'d>,
}

enum Node<'d> {
    Table(&'d DeTable<'d>),
    Array(&'d [Spanned<DeValue<'d>>]),
    Leaf,
}

impl<'d> Node<'d> {
    fn of(value: &'d DeValue<'d>) -> Self {
        match value {
            DeValue::Table(table) => Self::Table(table),
            DeValue::Array(array) => Self::Array(array),
            _ => Self::Leaf,
        }
    }
}

/// Line and column of a byte offset, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |tail| tail.chars().count())
        + 1;
    (line, column)
}
