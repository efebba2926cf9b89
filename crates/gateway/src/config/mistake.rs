//! What is wrong with a configuration, and what to write instead.

use std::fmt;

use super::tree::Place;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it was written.
    pub place: Place,
    /// The key, dotted; empty for the document as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// All mistakes of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong, in no order.
    pub list: Vec<Mistake>,
    /// What must not be printed.
    secrets: Vec<String>,
}

/// Shorter values are words that may stand in a message by chance.
const SECRET_LENGTH: usize = 4;

impl Mistakes {
    /// No mistakes yet, of a file.
    pub fn of(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            ..Self::default()
        }
    }

    /// Notes a mistake.
    pub fn add(
        &mut self,
        place: Place,
        key: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.list.push(Mistake {
            place,
            key: key.into(),
            message: message.into(),
            fix: fix.into(),
        });
    }

    /// Keeps a value out of what is printed.
    pub fn hide(&mut self, secret: &str) {
        if secret.len() >= SECRET_LENGTH {
            self.secrets.push(secret.to_owned());
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn without_secrets(&self, text: &str) -> String {
        self.secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list: Vec<_> = self.list.iter().collect();
        list.sort_by_key(|mistake| (&mistake.place, &mistake.key));
        for (index, mistake) in list.into_iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{}: ", self.file, mistake.place)?;
            if !mistake.key.is_empty() {
                write!(f, "{}: ", mistake.key)?;
            }
            // A message of several lines stays one mistake.
            let message = self.without_secrets(&mistake.message);
            write!(f, "{}", message.replace('\n', "\n  "))?;
            write!(f, "\n  fix: {}", self.without_secrets(&mistake.fix))?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The word of a list that was probably meant.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// A fix for a word that is not in a list.
pub fn choose(word: &str, what: &str, known: &[&str]) -> String {
    match did_you_mean(word, known.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None if known.is_empty() => format!("there are no {what} yet: add one"),
        None => format!("the {what} are {}", known.join(", ")),
    }
}
