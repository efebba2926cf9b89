//! The parameters of a query, as PHP reads them.

use std::borrow::Cow;

use crate::wire::error::Invalid;

/// More are not read, as PHP does not by default.
const MOST: usize = 1000;

/// Names and values; of several under one name the last counts.
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Given<'a>)>);

/// A value.
enum Given<'a> {
    /// Words without white space around them.
    Text(Cow<'a, str>),
    /// `name[]=…`, which nothing here takes.
    List,
}

impl<'a> Parameters<'a> {
    pub(super) fn decode(query: &'a str) -> Self {
        let mut read = Self(Vec::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(MOST) {
            let (name, value) = match name.split_once('[') {
                Some((name, _)) => (Cow::Owned(name.to_owned()), Given::List),
                None => (name, Given::Text(trimmed(value))),
            };
            if name.is_empty() {
                continue;
            }
            match read.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => read.0.push((name, value)),
            }
        }
        read
    }

    /// The names in the order in which they came.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    fn get(&self, name: &str) -> Option<&Given<'a>> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// Whether anything but nothing is given.
    pub(super) fn has(&self, name: &str) -> bool {
        match self.get(name) {
            None => false,
            Some(Given::Text(text)) => !text.is_empty(),
            Some(Given::List) => true,
        }
    }

    /// Words that are given; nothing for a list.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Given::Text(text) => Some(&**text).filter(|text| !text.is_empty()),
            Given::List => None,
        }
    }

    /// The same where a list is a mistake.
    pub(super) fn string(&self, name: &str, mistakes: &mut Invalid) -> Option<&str> {
        if matches!(self.get(name), Some(Given::List)) {
            mistakes.must_be(name, "a string");
        }
        self.text(name)
    }

    /// A whole number from 1 on, where one is given.
    pub(super) fn count(&self, name: &str, mistakes: &mut Invalid) -> Option<u64> {
        if !self.has(name) {
            return None;
        }
        let Some(number) = self.text(name).and_then(|text| text.parse::<i64>().ok()) else {
            mistakes.must_be(name, "an integer");
            return None;
        };
        let count = u64::try_from(number).ok().filter(|count| *count > 0);
        if count.is_none() {
            mistakes.must_be(name, "at least 1");
        }
        count
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    let bare = text.trim();
    if bare.len() == text.len() {
        return text;
    }
    Cow::Owned(bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_end_to_parameters() {
        let query: Vec<String> = (0..2 * MOST).map(|n| format!("p{n}=1")).collect();
        let query = query.join("&");
        assert_eq!(Parameters::decode(&query).names().count(), MOST);
    }
}
