//! Which intent a text means.

use std::collections::HashMap;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text as its words, without case, accents and punctuation: `L'été, déjà` is `l ete deja`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spoken(Vec<String>);

impl Spoken {
    /// Takes a text apart.
    pub(crate) fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self(
                text.split(|character: char| !character.is_ascii_alphanumeric())
                    .filter(|word| !word.is_empty())
                    .map(str::to_ascii_lowercase)
                    .collect(),
            );
        }
        let mut folded = String::with_capacity(text.len());
        for character in text.nfkd().filter(|c| !is_combining_mark(*c)) {
            match character {
                'œ' | 'Œ' => folded.push_str("oe"),
                'æ' | 'Æ' => folded.push_str("ae"),
                'ß' => folded.push_str("ss"),
                'ø' | 'Ø' => folded.push('o'),
                'ł' | 'Ł' => folded.push('l'),
                'đ' | 'Đ' => folded.push('d'),
                other => folded.extend(other.to_lowercase()),
            }
        }
        Self(
            folded
                .split(|character: char| !character.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Whether there are no words in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `phrase` occurs in it, word for word.
    pub(crate) fn holds(&self, phrase: &Self) -> bool {
        !phrase.is_empty()
            && self
                .0
                .windows(phrase.0.len())
                .any(|window| window == phrase.0)
    }

    /// Whether every word of what was typed begins one of its own.
    pub(crate) fn is_begun_by(&self, typed: &Self) -> bool {
        let begun = |typed: &String| self.0.iter().any(|word| word.starts_with(typed.as_str()));
        !typed.is_empty() && typed.0.iter().all(begun)
    }

    /// Whether it begins with what was typed.
    pub(crate) fn goes_on_from(&self, typed: &Self) -> bool {
        let Some((last, whole)) = typed.0.split_last() else {
            return false;
        };
        let next = self.0.get(whole.len());
        self.0.starts_with(whole) && next.is_some_and(|word| word.starts_with(last.as_str()))
    }

    /// Longer phrases mean more.
    fn weight(&self) -> usize {
        self.0.iter().map(String::len).sum::<usize>() + self.0.len()
    }
}

/// The languages that a keyword or a pattern belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// Every language.
    Any,
    /// These languages, by their place in the script's list.
    Only(Vec<usize>),
}

impl Tongue {
    fn includes(&self, language: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Only(languages) => languages.contains(&language),
        }
    }
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The intent, by its place in the script.
    pub intent: usize,
    /// The language that the text is in, by its place in the script.
    pub language: usize,
    /// What the pattern's named groups caught.
    pub captures: Vec<(String, String)>,
}

/// Every keyword and every pattern of a script.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    keywords: Vec<Keyword>,
    /// The keywords that begin with a word.
    by_first_word: HashMap<String, Vec<usize>>,
    patterns: Vec<PatternEntry>,
}

#[derive(Debug)]
struct Keyword {
    phrase: Spoken,
    tongue: Tongue,
    intent: usize,
}

#[derive(Debug)]
struct PatternEntry {
    regex: Regex,
    tongue: Tongue,
    intent: usize,
}

impl Matcher {
    /// Adds a keyword. The same keyword of the same intent in another language is the same one.
    pub(crate) fn add_keyword(&mut self, intent: usize, text: &str, tongue: Tongue) {
        let phrase = Spoken::new(text);
        let known = self
            .keywords
            .iter_mut()
            .find(|keyword| keyword.intent == intent && keyword.phrase == phrase);
        match (known, tongue) {
            (Some(keyword), Tongue::Any) => keyword.tongue = Tongue::Any,
            (Some(keyword), Tongue::Only(more)) => {
                if let Tongue::Only(languages) = &mut keyword.tongue {
                    languages.extend(more);
                }
            }
            (None, tongue) => {
                let Some(first) = phrase.0.first().cloned() else {
                    return;
                };
                self.by_first_word
                    .entry(first)
                    .or_default()
                    .push(self.keywords.len());
                self.keywords.push(Keyword {
                    phrase,
                    tongue,
                    intent,
                });
            }
        }
    }

    /// Adds a pattern.
    pub(crate) fn add_pattern(&mut self, intent: usize, regex: Regex, tongue: Tongue) {
        self.patterns.push(PatternEntry {
            regex,
            tongue,
            intent,
        });
    }

    /// The intent that the whole text is a keyword of, in whatever language.
    pub(crate) fn find_whole(&self, spoken: &Spoken, language: usize) -> Option<Found> {
        let whole = || {
            self.heard(spoken)
                .filter(|keyword| keyword.phrase == *spoken)
        };
        whole()
            .find(|keyword| keyword.tongue.includes(language))
            .or_else(|| whole().next())
            .map(|keyword| keyword.found(language))
    }

    /// The intent that a text means.
    ///
    /// First the language: a text with keywords of another language and none of the current one is
    /// in the other. Then, in that language: a keyword that is the whole text, the first pattern,
    /// the longest keyword. Last, patterns of other languages.
    pub(crate) fn find(&self, text: &str, spoken: &Spoken, current: usize) -> Option<Found> {
        let heard: Vec<&Keyword> = self.heard(spoken).collect();
        let language = language_of(&heard, current);
        let in_language = || {
            heard
                .iter()
                .filter(|keyword| keyword.tongue.includes(language))
        };
        if let Some(whole) = in_language().find(|keyword| keyword.phrase == *spoken) {
            return Some(whole.found(language));
        }
        if let Some(found) = self.find_pattern(text, language) {
            return Some(found);
        }
        let mut longest: Option<&Keyword> = None;
        for keyword in in_language() {
            let longer = longest.is_none_or(|best| {
                (keyword.phrase.weight(), best.intent) > (best.phrase.weight(), keyword.intent)
            });
            if longer {
                longest = Some(keyword);
            }
        }
        if let Some(keyword) = longest {
            return Some(keyword.found(language));
        }
        self.patterns
            .iter()
            .find_map(|pattern| pattern.found(text, pattern.language(language)))
    }

    fn find_pattern(&self, text: &str, language: usize) -> Option<Found> {
        self.patterns
            .iter()
            .filter(|pattern| pattern.tongue.includes(language))
            .find_map(|pattern| pattern.found(text, language))
    }

    /// The keywords that occur in the text, in its order.
    fn heard<'m>(&'m self, spoken: &'m Spoken) -> impl Iterator<Item = &'m Keyword> {
        spoken.0.iter().enumerate().flat_map(move |(place, word)| {
            self.by_first_word
                .get(word)
                .into_iter()
                .flatten()
                .filter_map(|index| self.keywords.get(*index))
                .filter(move |keyword| {
                    spoken
                        .0
                        .get(place..)
                        .is_some_and(|rest| rest.starts_with(&keyword.phrase.0))
                })
        })
    }
}

impl Keyword {
    fn found(&self, language: usize) -> Found {
        Found {
            intent: self.intent,
            language: match &self.tongue {
                Tongue::Only(languages) if !languages.contains(&language) => {
                    languages.first().copied().unwrap_or(language)
                }
                _ => language,
            },
            captures: Vec::new(),
        }
    }
}

impl PatternEntry {
    fn language(&self, current: usize) -> usize {
        match &self.tongue {
            Tongue::Only(languages) if !languages.contains(&current) => {
                languages.first().copied().unwrap_or(current)
            }
            _ => current,
        }
    }

    fn found(&self, text: &str, language: usize) -> Option<Found> {
        Some(Found {
            intent: self.intent,
            language,
            captures: captures(&self.regex, text)?,
        })
    }
}

/// What a regular expression's named groups catch in a text, if it matches.
pub(crate) fn captures(regex: &Regex, text: &str) -> Option<Vec<(String, String)>> {
    let caught = regex.captures(text)?;
    Some(
        regex
            .capture_names()
            .flatten()
            .filter_map(|name| {
                let value = caught.name(name)?;
                Some((name.to_owned(), value.as_str().to_owned()))
            })
            .collect(),
    )
}

/// The language of a text with these keywords in it.
fn language_of(heard: &[&Keyword], current: usize) -> usize {
    let mut foreign: Option<(usize, usize)> = None;
    for keyword in heard {
        let Tongue::Only(languages) = &keyword.tongue else {
            continue;
        };
        if languages.contains(&current) {
            return current;
        }
        let weight = keyword.phrase.weight();
        if let Some(language) = languages.first().copied()
            && foreign.is_none_or(|(most, _)| weight > most)
        {
            foreign = Some((weight, language));
        }
    }
    foreign.map_or(current, |(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher() -> Matcher {
        let mut matcher = Matcher::default();
        matcher.add_keyword(0, "hello", Tongue::Only(vec![0]));
        matcher.add_keyword(0, "bonjour", Tongue::Only(vec![1]));
        matcher.add_keyword(1, "menu", Tongue::Any);
        matcher.add_keyword(2, "delivery date", Tongue::Only(vec![0]));
        matcher.add_keyword(3, "date", Tongue::Any);
        matcher.add_keyword(4, "image", Tongue::Only(vec![0]));
        matcher.add_keyword(4, "image", Tongue::Only(vec![1]));
        matcher.add_keyword(5, "où est mon colis", Tongue::Only(vec![1]));
        matcher.add_pattern(6, Regex::new(r"(?<parcel>CS\d{6})").unwrap(), Tongue::Any);
        matcher
    }

    fn check(text: &str, current: usize, expected: Option<(usize, usize)>) {
        let found = matcher().find(text, &Spoken::new(text), current);
        let found = found.map(|found| (found.intent, found.language));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn intents_are_found() {
        check("Hello!", 0, Some((0, 0)));
        check("hellos", 0, None);
        check("the MENU, please", 0, Some((1, 0)));
        check("what is the delivery date?", 0, Some((2, 0)));
        check("a date", 0, Some((3, 0)));
        check("Ou est mon colis ?", 1, Some((5, 1)));
        check("menu for CS123456", 0, Some((6, 0)));
        check("?!", 0, None);
    }

    #[test]
    fn keywords_of_one_language_change_the_language() {
        check("bonjour", 0, Some((0, 1)));
        check("bonjour, le menu", 0, Some((0, 1)));
        check("hello", 1, Some((0, 0)));
        check("menu", 1, Some((1, 1)));
        check("image", 0, Some((4, 0)));
        check("image", 1, Some((4, 1)));
        check("hello bonjour", 1, Some((0, 1)));
    }

    #[test]
    fn accents_and_case_are_ignored() {
        assert_eq!(
            Spoken::new("L'ÉTÉ déjà, Œuvre"),
            Spoken::new("l ete deja oeuvre")
        );
        assert!(Spoken::new("je dis au revoir").holds(&Spoken::new("Au Revoir")));
        assert!(!Spoken::new("revoir au").holds(&Spoken::new("au revoir")));
    }

    #[test]
    fn beginnings_are_found() {
        let spoken = Spoken::new("Horaires d'été");
        for (typed, begun, goes_on) in [
            ("HOR", true, true),
            ("ete", true, false),
            ("horaires d", true, true),
            ("horaires d'É", true, true),
            ("é hor", true, false),
            ("raires", false, false),
            ("horaires x", false, false),
            ("", false, false),
            ("?", false, false),
        ] {
            let typed = Spoken::new(typed);
            assert_eq!(spoken.is_begun_by(&typed), begun, "{typed:?}");
            assert_eq!(spoken.goes_on_from(&typed), goes_on, "{typed:?}");
        }
    }
}
