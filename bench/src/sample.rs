//! The texts that the benchmarks send.

/// What a user asks and what an engine answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The name in reports.
    pub name: &'static str,
    /// The user's words. 200 bytes at the most: dydu reads 600 characters, Kare takes 4,000.
    pub question: String,
    /// The answer as Kare writes it.
    pub markdown: String,
    /// The answer as dydu and OpenDialog write it.
    pub html: String,
}

/// Sentences without a character that JSON, HTML or Markdown would have to escape.
const SENTENCES: [&str; 6] = [
    "Your parcel left our warehouse this morning and arrives on Thursday between nine and noon. ",
    "Vous pouvez suivre le colis à tout moment, où que vous soyez, depuis la page de suivi. ",
    "If nobody is at home, the driver leaves it with a neighbour or brings it to the next shop. ",
    "Returns are free within thirty days, provided that the article has not been used. ",
    "Les retours sont gratuits pendant trente jours, à condition que l’article soit neuf. ",
    "Should anything be missing, tell us the number that is printed on the delivery note. ",
];

/// One paragraph of markup; it is repeated until the text is long enough.
const HTML: &str = "<p>You can return an item within <b>30 days</b> &amp; get your money back: see \
    <a href=\"https://shop.example/returns?from=chat&amp;lang=en\" target=\"_blank\">our policy</a>.</p>\
    <ul><li>Keep the <i>receipt</i></li><li>Use the box it came in</li></ul>";

const MARKDOWN: &str = "You can return an item within **30 days** & get your money back: see \
    [our policy](https://shop.example/returns?from=chat&lang=en).\n\n\
    - Keep the *receipt*\n- Use the box it came in\n\n";

impl Sample {
    /// A short question and an answer of 200 bytes of plain text.
    pub fn short() -> Self {
        Self::plain("200 B", 200)
    }

    /// A short question and an answer of 8 KB (8,192 bytes) of plain text.
    pub fn long() -> Self {
        Self::plain("8 KB", 8 * 1024)
    }

    /// A short question and an answer of 2 KB full of paragraphs, links and lists.
    pub fn marked_up() -> Self {
        let times = 2_048 / HTML.len();
        Self {
            name: "2 KB markup",
            question: prose(200),
            markdown: MARKDOWN.repeat(times),
            html: HTML.repeat(times),
        }
    }

    /// Every sample.
    pub fn all() -> [Self; 3] {
        [Self::short(), Self::long(), Self::marked_up()]
    }

    fn plain(name: &'static str, bytes: usize) -> Self {
        let answer = prose(bytes);
        Self {
            name,
            question: prose(200),
            markdown: answer.clone(),
            html: answer,
        }
    }
}

/// Exactly so many bytes of prose.
fn prose(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 100);
    for sentence in SENTENCES.iter().cycle() {
        if text.len() >= bytes {
            break;
        }
        text.push_str(sentence);
    }
    while text.len() > bytes {
        text.pop();
    }
    while text.trim_end().len() < bytes {
        text.truncate(text.trim_end().len());
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_size_that_their_names_say() {
        assert_eq!(Sample::short().html.len(), 200);
        assert_eq!(Sample::long().html.len(), 8_192);
        assert_eq!(Sample::long().question.len(), 200);
        assert!((1_500..=2_100).contains(&Sample::marked_up().html.len()));
        for sample in [Sample::short(), Sample::long()] {
            assert!(
                !sample
                    .html
                    .contains(['<', '>', '&', '"', '\\', '*', '_', '\n'])
            );
        }
    }
}
