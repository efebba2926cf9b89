use std::fmt;

/// A script that cannot be used, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ScriptError {
    /// What is wrong, in the order of the file; never empty. A file whose structure cannot be
    /// read has one mistake.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong with a script. Printed as `12:5: intents.menu.answer: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line in the file, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key as a dotted path, such as `intents.track.ask[0].pattern`; empty for the whole file.
    pub key: String,
    /// What is wrong, and what to write instead where that can be told.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}
