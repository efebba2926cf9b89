//! What a script can say, and what is told about one that cannot be used.

#![cfg(test)]

mod support;

use serde_json::json;
use switchboard_core::dialect::{Build, Dialect};
use switchboard_core::model::{
    ActionStyle, Author, BotEvent, ChoicesKind, Command, Content, OpenTarget, RichText, SendBody,
    UserInput,
};
use switchboard_script::Bot;

use support::{Talk, kinds, messages, turn_ends, words};

const HEAD: &str =
    "languages = ['en', 'fr']\ngreeting = 'a'\nunknown = 'a'\n[intents.a]\nlabel = 'A'\n";

fn script(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

/// Every mistake as it is printed.
fn mistakes(script: &str) -> Vec<String> {
    Bot::parse(script)
        .expect_err(script)
        .mistakes
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The first mistake of what follows [`HEAD`], which ends with line 5.
fn check(rest: &str, place: &str, message: &str) {
    let mistakes = mistakes(&script(rest));
    let first = &mistakes[0];
    assert!(first.starts_with(place), "{first}\n  in {rest}");
    assert!(first.contains(message), "{first}\n  in {rest}");
}

#[test]
fn mistakes_name_line_and_key() {
    check("answr = 'x'", "6:1: intents.a", "unknown field `answr`");
    check("answer = 3", "6:10: intents.a.answer", "integer");
    check(
        "answer.en = '{'",
        "6:13: intents.a.answer.en",
        "`{` has no `}`",
    );
    check(
        "answer.de = 'x'",
        "6:1: intents.a.answer",
        "words in `en` are missing",
    );
    check(
        "answer = { en = 'x', de = 'x' }",
        "6:22: intents.a.answer.de",
        "`de` is not one of the script's languages: `en`, `fr`",
    );
    check(
        "[[intents.a.answer]]\ntext.en = 'x'\ntext.de = 'x'",
        "8:6: intents.a.answer[0].text.de",
        "not one of",
    );
    check(
        "patterns = ['(']",
        "6:12: intents.a.patterns[0]",
        "unclosed group",
    );
    check(
        "[[intents.a.ask]]\nname = 'x'",
        "6:1: intents.a.ask[0]",
        "missing field `question`",
    );
    check(
        "[[intents.a.ask]]\nname = 'x'\nquestion = '?'\npattern = '('",
        "9:11: intents.a.ask[0].pattern",
        "unclosed group",
    );
    check(
        "[[intents.a.answer]]\noptions = ['b']\ntext = 'x'",
        "7:12: intents.a.answer[0].options[0].to",
        "there is no intent `b`; add [intents.b]",
    );
    check(
        "[[intents.a.answer]]\noptions = [{ label = 'x' }]\ntext = 'x'",
        "7:12: intents.a.answer[0].options[0]",
        "an option does one thing",
    );
    check(
        "[[intents.a.answer]]\noptions = ['b']\ntext = 'x'\n[intents.b]",
        "7:12: intents.a.answer[0].options[0]",
        "give [intents.b] a `label`",
    );
    check(
        "[[intents.a.answer]]\ntext = 'x'\nimage = 'y'",
        "6:1: intents.a.answer[0]",
        "a message says one thing",
    );
    check(
        "[[intents.a.answer]]\nchoices = 'x'",
        "6:1: intents.a.answer[0]",
        "need `options`",
    );
    check(
        "[[intents.a.answer]]\nafter = 'soon'\ntext = 'x'",
        "7:9: intents.a.answer[0].after",
        "write `500ms`, `2s` or `1m`",
    );
    check(
        "[[intents.a.answer]]\nafter = '1s'\ntext = 'x'\n[[intents.a.answer]]\nslow = '1s'\ntext = 'y'",
        "6:1: intents.a.answer",
        "cannot follow",
    );
    check(
        "[[intents.a.answer]]\ndate.text = 'when?'",
        "7:1: intents.a.answer[0].date.then",
        "name the intent that the answer goes to",
    );
    check(
        "[[intents.a.answer]]\nform = { then = 'a', fields = [{ name = 'x', label = 'X', kind = 'select' }] }",
        "7:32: intents.a.answer[0].form.fields[0].options",
        "`options` belong to",
    );
    check(
        "[[intents.a.answer]]\nform = { then = 'a', fields = [{ name = 'x', label = 'X', kind = 'txt' }] }",
        "7:66: intents.a.answer[0].form.fields[0].kind",
        "unknown variant `txt`, expected one of",
    );
    check(
        "[[intents.a.answer]]\nprogress.percent = 101",
        "7:20: intents.a.answer[0].progress.percent",
        "between 0 and 100",
    );
    check(
        "handover = 'sam'",
        "6:1: intents.a.handover",
        "there is no operator `sam`",
    );
    check(
        "language = 'de'",
        "6:1: intents.a.language",
        "`de` is not one",
    );
    check(
        "[feedback]\npositive = 'b'",
        "7:1: feedback.positive",
        "no intent `b`",
    );
    check("answer = 'x", "6:12: ", "expected");
    check(
        "[operators.sam]\nname = 'Sam'",
        "6:1: operators.sam",
        "missing field `steps`",
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mistakes = mistakes(
        "languages = ['en', 'en']\ngreeting = 'x'\nunknown = 'y'\n[intents.a]\nlabel.fr = 'A'\n",
    );
    let lines: Vec<&str> = mistakes
        .iter()
        .map(|m| m.split(':').next().unwrap())
        .collect();
    assert_eq!(lines, ["1", "2", "3", "5", "5"]);
}

#[test]
fn options_of_the_backend() {
    let missing = |_: &str| Err("no such file".to_owned());
    let build = Build {
        signing_key: [0; 32],
        read_file: &missing,
        read_folder: &|_| Err("no folders here".to_owned()),
    };
    let dialect = switchboard_script::dialect();
    let error = dialect
        .backend(json!({ "script": "bot.toml" }), &build)
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "script: bot.toml: no such file");
    let error = dialect
        .backend(json!({ "skript": "bot.toml" }), &build)
        .err()
        .unwrap();
    assert!(error.message.contains("unknown field `skript`"));
    let error = dialect.frontend(json!({}), &build).err().unwrap();
    assert!(error.message.contains("the script engine is backend only"));
    let error = support::backend(&script("answer = 3")).err().unwrap();
    assert!(
        error
            .message
            .starts_with("bot.toml:6:10: intents.a.answer: "),
        "{error}"
    );
    assert_eq!(dialect.name().as_str(), "script");
}

#[test]
fn the_demo_is_a_script() {
    let bot = Bot::parse(support::demo()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(bot.languages(), ["en", "fr"]);
    assert_eq!(bot.intents()[0], "hello");
}

/// The first example of the manual.
#[test]
fn the_manuals_example_is_a_script() {
    let manual = include_str!("../../../docs/script-engine.md");
    let examples: Vec<&str> = manual
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let complete = examples[0];
    let mut talk = Talk::new(complete);
    assert_eq!(kinds(&talk.opens()), ["choices"]);
    assert!(words(&talk.says("Where is my parcel?")).contains("parcel number"));
    assert!(words(&talk.says("AB1234")).contains("**AB1234**"));
    assert!(words(&talk.says("vos horaires ?")).contains("de 9 h à 19 h"));
    assert_eq!(kinds(&talk.says("xyzzy")), ["no_answer", "choices"]);
    // The others are parts of one: they must parse where the complete one has made the frame.
    let intents: String = complete
        .split("[intents.")
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(id, _)| format!("{id} "))
        .collect();
    for example in &examples[1..] {
        let whole = format!("{complete}\n{example}");
        Bot::parse(&whole).unwrap_or_else(|error| panic!("{error}\nin {example}\nafter {intents}"));
    }
}

#[test]
fn every_kind_of_content() {
    let mut talk = Talk::new(&script(
        r#"
answer = [
  { html = "<b>{text}</b>" },
  { plain = "a *b*" },
  { card = { title = "T", text = "**t**", options = ["a"], tap = { label = "L", url = "https://x.example/{text}" } } },
  { list = { view = "horizontal", items = [{ text = "one" }, { card = { title = "two" }, options = ["a"] }, { choices = "three", options = ["a"] }] } },
  { autocomplete = { text = "Which?", then = "a", source = { url = "https://x.example/find", parameters = { country = "uk" } } } },
  { attributes = { theme = "dark", width = 3 } },
  { notice = { code = "Hint", text = "by the way" } },
  { progress = { percent = 40 } },
  { handover = { step = "offered", text = "A human?" }, options = ["a"] },
  { choices = "?", once = true, replaces_input = true, suggestions = true, options = [
    { to = "a", label = "go", value = "1", style = "primary", icon = "done", disabled = true },
    { say = "hi" },
    { label = "mail", mail = "a@x.example" },
    { label = "call", call = "+44 1" },
    { label = "ext", extension = "shop" },
    { label = "close", do = "close" },
    { label = "transcript", do = "transcript" },
    { label = "human", do = "escalate" },
  ] },
]
set = { last = "{text}" }
"#,
    ));
    let said = talk.says("<i> x");
    assert_eq!(
        kinds(&said),
        [
            "text",
            "text",
            "card",
            "list",
            "autocomplete",
            "attributes",
            "progress",
            "handover",
            "choices"
        ]
    );
    let messages = messages(&said);
    assert_eq!(
        messages[0].content,
        Content::text(RichText::html("<b>&lt;i&gt; x</b>"))
    );
    assert_eq!(messages[1].content, Content::text(RichText::plain("a *b*")));
    assert_eq!(messages[2].actions.len(), 1);
    let Content::Card(card) = &messages[2].content else {
        panic!("no card");
    };
    let tap = card.tap.as_ref().unwrap();
    assert_eq!(tap.url(), Some("https://x.example/%3Ci%3E%20x"));
    let Content::Choices(choices) = &messages[8].content else {
        panic!("no choices");
    };
    assert_eq!(choices.kind, ChoicesKind::Disambiguation);
    assert!(choices.once && choices.replaces_input);
    let actions = &messages[8].actions;
    assert_eq!(actions[0].style, ActionStyle::Primary);
    assert!(actions[0].disabled);
    assert_eq!(
        actions[1].on_click[1],
        Command::Send(SendBody::Text("hi".to_owned()))
    );
    assert_eq!(
        actions[2].on_click,
        [Command::Open(OpenTarget::Mail("a@x.example".to_owned()))]
    );
    assert!(
        said.iter()
            .any(|said| matches!(&said.event, BotEvent::Notice(notice) if notice.code == "Hint"))
    );
    assert_eq!(talk.profile.variables["last"], "<i> x");
}

#[test]
fn several_questions_are_asked_one_after_the_other() {
    let mut talk = Talk::new(&script(
        r#"
answer = "{from} to {to} on {day|any day}"
patterns = ['from (?<from>\w+) to (?<to>\w+)']
[[intents.a.ask]]
name = "from"
question = "From where?"
[[intents.a.ask]]
name = "to"
question = "Where to?"
pattern = 'to (?<to>\w+)( on (?<day>\w+))?'
tries = 2
again = "Say `to` and a town, from {from}."
"#,
    ));
    assert_eq!(
        words(&talk.says("from York to Bath")),
        "York to Bath on any day"
    );
    assert_eq!(words(&talk.opens()), "From where?");
    assert_eq!(words(&talk.says("York")), "Where to?");
    assert_eq!(words(&talk.says("Bath")), "Say `to` and a town, from York.");
    assert_eq!(
        words(&talk.says("to Bath on Sunday")),
        "York to Bath on Sunday"
    );
}

#[test]
fn an_operator_may_leave_of_their_own_accord() {
    let mut talk = Talk::new(&script(
        r#"
answer = "one moment"
handover = "eve"
[operators.eve]
name = "Eve"
steps = [
  { handover = { step = "joined" } },
  { after = "1s", text = "No time." },
  { handover = { step = "ended", text = "{operator} is gone." } },
  { after = "1s", text = "Back to me." },
]
"#,
    ));
    talk.says("x");
    assert_eq!(kinds(&talk.says("hello?")), [""; 0]);
    let said = talk.waits(5_000);
    assert_eq!(words(&said), "No time.\nEve is gone.\nBack to me.");
    assert_eq!(words(&talk.says("x")), "one moment\n");
}

#[test]
fn an_operator_may_have_words_for_a_lost_user() {
    let mut talk = Talk::new(&script(
        r#"
answer = "one moment"
handover = "eve"
[operators.eve]
name = "Eve"
lost = "{operator} waits."
back = [{ after = "1s", text = "There you are." }]
steps = [{ after = "1s", handover = { step = "joined", text = "here" } }]
"#,
    ));
    let connection = |lost| UserInput::Connection { lost };
    assert_eq!(kinds(&talk.does(connection(true))), [""; 0]);
    talk.says("x");
    // Nobody is there yet.
    assert_eq!(kinds(&talk.does(connection(true))), [""; 0]);
    talk.waits(1_000);
    let said = talk.does(connection(true));
    assert_eq!(words(&said), "Eve waits.");
    assert_eq!((said[0].turn, turn_ends(&said)), (None, 0));
    assert!(matches!(messages(&said)[0].author, Author::Operator { .. }));
    assert_eq!(kinds(&talk.does(connection(false))), [""; 0]);
    assert_eq!(words(&talk.waits(1_000)), "There you are.");
}

#[test]
fn an_option_that_says_its_own_label_is_no_trap() {
    let mut talk = Talk::new(&script(
        "[[intents.a.answer]]\nchoices = '?'\noptions = [{ say = 'again' }]",
    ));
    talk.opens();
    assert_eq!(kinds(&talk.says("again")), ["choices"]);
    assert_eq!(
        kinds(&talk.does(UserInput::Choice(Default::default()))),
        [""; 0]
    );
}
