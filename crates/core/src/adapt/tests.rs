use proptest::prelude::*;

use super::*;
use crate::model::{
    Action, Autocomplete, Choices, DatePicker, FeedbackRequest, Field, FieldKind, FieldOption,
    Form, Handover, HandoverPhase, KindSet, LanguageProblem, List, ListView, Media, Progress,
    Quote, SignatureRequest, Survey, Timestamp, UploadRequest,
};
use crate::testing::{arb_capabilities, arb_message, readable_texts};
use crate::text::{RichText, TextFormat};

const ID: MessageId = MessageId(Uuid::from_u128(0x0190_0000_0000_4000_8000_0000_0000_0001));

fn words_only() -> Capabilities {
    Capabilities {
        kinds: KindSet::of(&[ContentKind::Text]),
        text: TextFormat::Plain,
        actions_anywhere: false,
        choices: false,
        push: true,
    }
}

fn with(kinds: &[ContentKind]) -> Capabilities {
    Capabilities {
        kinds: KindSet::of(kinds),
        choices: true,
        ..words_only()
    }
}

fn message(content: Content) -> Message {
    Message::bot(ID, None, Timestamp(5), content)
}

fn adapted(message: &Message, capabilities: &Capabilities) -> (Vec<Message>, Vec<&'static str>) {
    match adapt(message, capabilities) {
        Adapted::AsIs => panic!("{message:?} is shown as it is"),
        Adapted::Instead { messages, notes } => {
            (messages, notes.iter().map(|note| note.rule).collect())
        }
    }
}

/// Checks what content becomes where there are words only.
fn check(content: Content, rule: &str, expected: &[&str]) {
    let (messages, rules) = adapted(&message(content), &words_only());
    let texts: Vec<String> = messages
        .iter()
        .map(|message| match &message.content {
            Content::Text { text } => text.to_plain().into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, expected);
    assert_eq!(rules.first(), Some(&rule));
}

fn text(words: &str) -> RichText {
    RichText::plain(words)
}

fn ada() -> Vec<Action> {
    vec![
        Action::choice("yes", "Yes"),
        Action::link("More", "https://x.example/more"),
    ]
}

fn card() -> Card {
    Card {
        title: Some("Shoe".into()),
        subtitle: Some(text("red")),
        text: Some(text("Made for walking.")),
        figure: Some("49 €".into()),
        image: Some(Media::new(
            "https://x.example/shoe.png",
            Some("A shoe".into()),
        )),
        tap: Some(Action::link("", "https://x.example/shoe")),
        actions: vec![Action::choice("buy", "Buy")],
    }
}

fn item(content: Content) -> ListItem {
    ListItem {
        content,
        actions: Vec::new(),
        extras: Extras::none(),
    }
}

#[test]
fn media_become_links() {
    let media = Media {
        link: Some("https://x.example/page".into()),
        ..Media::new("https://x.example/a.png", Some("A".into()))
    };
    check(
        Content::Image(media),
        "media_as_link",
        &["A (https://x.example/a.png)\n\nhttps://x.example/page"],
    );
    check(
        Content::File(Media::new("https://x.example/a.pdf", None)),
        "media_as_link",
        &["https://x.example/a.pdf"],
    );
    check(
        Content::Video(Media::new("javascript:alert(1)", Some("V".into()))),
        "media_as_link",
        &["V (javascript:alert(1))"],
    );
}

#[test]
fn links_are_written_in_the_format_of_the_clients() {
    let video = message(Content::Video(Media::new(
        "https://x.example/?a=1&b=2",
        Some("A <b>".into()),
    )));
    for (format, expected) in [
        (TextFormat::Plain, "A <b> (https://x.example/?a=1&b=2)"),
        (
            TextFormat::Markdown,
            "[A \\<b>](https://x.example/?a=1&amp;b=2)",
        ),
        (
            TextFormat::Html,
            "<a href=\"https://x.example/?a=1&amp;b=2\">A &lt;b&gt;</a>",
        ),
    ] {
        let capabilities = Capabilities {
            text: format,
            ..words_only()
        };
        let (messages, _) = adapted(&video, &capabilities);
        let expected = RichText {
            format,
            body: expected.into(),
        };
        assert_eq!(messages[0].content, Content::text(expected));
    }
}

#[test]
fn quotes_become_text() {
    check(
        Content::Quote(Quote {
            text: text("One.\nTwo."),
            title: Some("Book".into()),
            url: Some("https://x.example/book".into()),
        }),
        "quote_as_text",
        &["> One.\n> Two.\n\nBook (https://x.example/book)"],
    );
}

#[test]
fn choices_become_numbers() {
    let question = message(Content::Choices(Choices {
        text: text("Well?"),
        ..Choices::default()
    }))
    .with_actions(ada());
    let (messages, rules) = adapted(&question, &words_only());
    assert_eq!(
        messages[0].content,
        Content::text(text("Well?\n\n1. Yes\n2. More (https://x.example/more)"))
    );
    assert_eq!(rules, ["choices_numbered"]);
    let html = Capabilities {
        text: TextFormat::Html,
        ..words_only()
    };
    let (messages, _) = adapted(&question, &html);
    assert_eq!(
        messages[0].content,
        Content::text(RichText::html(
            "<p>Well?</p><ol><li>Yes</li><li><a href=\"https://x.example/more\">More</a></li></ol>"
        ))
    );
}

#[test]
fn actions_of_a_text_become_choices() {
    let hello = message(Content::text(text("Hello"))).with_actions(ada());
    let (messages, rules) = adapted(&hello, &with(&[ContentKind::Choices]));
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].id, ID);
    assert_eq!(messages[0].actions, ada());
    assert!(matches!(&messages[0].content, Content::Choices(it) if it.text == text("Hello")));
    assert_eq!(rules, ["actions_as_choices"]);

    let image =
        message(Content::Image(Media::new("https://x.example/a.png", None))).with_actions(ada());
    let kinds = [ContentKind::Image, ContentKind::Choices];
    let (messages, _) = adapted(&image, &with(&kinds));
    assert_eq!(messages[0].content, image.content);
    assert_eq!(messages[1].actions, ada());
    assert_eq!(
        messages[1].id,
        MessageId(Uuid::new_v5(&ID.0, b"1")),
        "ids stay the same on every call"
    );

    let anywhere = Capabilities {
        actions_anywhere: true,
        ..with(&[ContentKind::Image])
    };
    assert_eq!(adapt(&image, &anywhere), Adapted::AsIs);
}

#[test]
fn a_card_is_split() {
    let kinds = [ContentKind::Image, ContentKind::Choices];
    let capabilities = Capabilities {
        text: TextFormat::Html,
        ..with(&kinds)
    };
    let (messages, rules) = adapted(&message(Content::Card(Box::new(card()))), &capabilities);
    assert_eq!(rules, ["card_split"]);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].content.kind(), ContentKind::Image);
    let Content::Choices(question) = &messages[1].content else {
        panic!("{:?}", messages[1]);
    };
    assert_eq!(
        question.text.body,
        "<p><b>Shoe</b></p><p>red</p><p>Made for walking.</p><p>49 €</p>"
    );
    let labels: Vec<&str> = messages[1]
        .actions
        .iter()
        .map(|it| it.label.as_str())
        .collect();
    assert_eq!(labels, ["Buy", "Shoe"]);

    check(
        Content::Card(Box::new(card())),
        "card_split",
        &[
            "A shoe (https://x.example/shoe.png)\n\nShoe\n\nred\n\nMade for walking.\n\n49 €\n\n1. Buy\n2. Shoe (https://x.example/shoe)",
        ],
    );
}

#[test]
fn a_carousel_becomes_cards_or_a_list() {
    let carousel = message(Content::Carousel {
        title: Some("Shoes".into()),
        cards: vec![card(), card()],
    });
    let (messages, rules) = adapted(&carousel, &with(&[ContentKind::Card]));
    let kinds: Vec<_> = messages.iter().map(|it| it.content.kind()).collect();
    assert_eq!(
        kinds,
        [ContentKind::Text, ContentKind::Card, ContentKind::Card]
    );
    assert_eq!(rules, ["carousel_as_cards"]);

    let kinds = [ContentKind::List, ContentKind::Image, ContentKind::Choices];
    let (messages, rules) = adapted(&carousel, &with(&kinds));
    assert_eq!(messages.len(), 1);
    let Content::List(list) = &messages[0].content else {
        panic!("{:?}", messages[0]);
    };
    assert_eq!(list.items.len(), 4);
    assert_eq!(list.view, ListView::Horizontal);
    assert_eq!(rules, ["carousel_as_list", "card_split"]);

    let (messages, _) = adapted(&carousel, &words_only());
    assert_eq!(messages.len(), 3);
}

#[test]
fn lists() {
    let words = List {
        title: Some("Fruit".into()),
        items: vec![
            item(Content::text(text("Apple"))),
            item(Content::text(RichText::html("<b>Pear</b>"))),
        ],
        ..List::default()
    };
    check(
        Content::List(words.clone()),
        "list_as_bullets",
        &["Fruit\n\n- Apple\n- Pear"],
    );
    let mixed = List {
        items: vec![
            item(Content::List(words)),
            item(Content::Image(Media::new("https://x.example/a", None))),
        ],
        ..List::default()
    };
    check(
        Content::List(mixed),
        "list_as_messages",
        &["Fruit", "Apple", "Pear", "https://x.example/a"],
    );
}

#[test]
fn a_deep_list_is_no_danger() {
    let mut content = Content::text(text("deep"));
    for _ in 0..200 {
        content = Content::List(List {
            items: vec![item(content)],
            ..List::default()
        });
    }
    check(content, "list_as_messages", &["deep"]);
}

#[test]
fn forms_become_text() {
    let option = |label: &str| FieldOption {
        key: label.to_lowercase(),
        label: label.into(),
    };
    let field = |label: &str, kind| Field {
        label: label.into(),
        kind,
        ..Field::default()
    };
    let fields = vec![
        Field {
            required: true,
            ..field("Name", FieldKind::Text)
        },
        field("E-mail", FieldKind::Email),
        Field {
            min: Some("1".into()),
            max: Some("9".into()),
            ..field("Pairs", FieldKind::Number)
        },
        field("Delivery", FieldKind::Title),
        Field {
            options: vec![option("Fast"), option("Cheap")],
            default: Some("fast".into()),
            ..field("How", FieldKind::Radio)
        },
        field("When", FieldKind::Date),
    ];
    check(
        Content::Form(Box::new(Form {
            text: text("Please:"),
            fields: fields.clone(),
            cancel: Some(("skip".into(), "Skip".into())),
            ..Form::default()
        })),
        "form_as_text",
        &[
            "Please:\n\n- Name*\n- E-mail (name@example.com)\n- Pairs (1 – 9)\n\nDelivery\n\n- How: Fast / Cheap = fast\n- When (YYYY-MM-DD)\n\n1. Skip",
        ],
    );
    check(
        Content::Survey(Box::new(Survey {
            title: Some("Opinion".into()),
            fields: fields[..1].to_vec(),
            ..Survey::default()
        })),
        "survey_as_text",
        &["Opinion\n\n- Name*"],
    );
}

#[test]
fn questions_become_text_with_a_hint() {
    let rule = "question_as_text";
    check(
        Content::DatePicker(Box::new(DatePicker {
            text: text("When?"),
            min: Some("today".into()),
            ..DatePicker::default()
        })),
        rule,
        &["When?\n\n(YYYY-MM-DD, ≥ today)"],
    );
    let search = Autocomplete {
        text: text("Which?"),
        placeholder: Some("a town".into()),
        ..Autocomplete::default()
    };
    check(
        Content::Autocomplete(Box::new(search.clone())),
        rule,
        &["Which?\n\n(a town)"],
    );
    check(
        Content::Address(Box::new(search)),
        rule,
        &["Which?\n\n📍 (a town)"],
    );
    check(
        Content::Location {
            text: text("Where?"),
            callback: "c".into(),
            attribute: None,
        },
        rule,
        &["Where?\n\n📍 (latitude, longitude)"],
    );
    check(
        Content::Signature(Box::new(SignatureRequest {
            text: text("Sign"),
            document_title: Some("Contract".into()),
            document_text: Some("All yours.".into()),
            ..SignatureRequest::default()
        })),
        rule,
        &["Sign\n\nContract\n\n> All yours.\n\n✍ …"],
    );
    check(
        Content::Upload(Box::new(UploadRequest {
            text: text("Send"),
            max_bytes: Some(5_000_000),
            extensions: vec!["pdf".into(), "png".into()],
            ..UploadRequest::default()
        })),
        rule,
        &["Send\n\n📎 (https://…; pdf, png; ≤ 5 MB)"],
    );
}

#[test]
fn feedback_becomes_a_question() {
    let request = message(Content::FeedbackRequest(FeedbackRequest {
        text: text("Useful?"),
        reasons: vec!["too long".into()],
    }));
    let (messages, rules) = adapted(&request, &with(&[ContentKind::Choices]));
    let ids: Vec<&str> = messages[0]
        .actions
        .iter()
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(ids, [FeedbackRequest::POSITIVE, FeedbackRequest::NEGATIVE]);
    assert_eq!(rules, ["feedback_as_choices"]);
    check(
        request.content,
        "feedback_as_choices",
        &["Useful?\n\n👎 too long\n\n1. 👍\n2. 👎"],
    );
}

#[test]
fn notices_become_text() {
    let handover = |phase, words: &str, operator: Option<&str>| {
        Content::Handover(Handover {
            phase,
            text: text(words),
            system: None,
            operator: operator.map(str::to_owned),
        })
    };
    let waiting = HandoverPhase::Waiting {
        position: Some(3),
        wait_seconds: Some(130),
    };
    let rule = "handover_as_text";
    check(handover(waiting, "Wait", None), rule, &["Wait"]);
    check(handover(waiting, "", None), rule, &["⏳ #3 · ≈ 3 min"]);
    check(
        handover(HandoverPhase::Joined, "", Some("Ada")),
        rule,
        &["👤 Ada"],
    );
    check(handover(HandoverPhase::Ended, "", None), rule, &["👤 ✕"]);
    check(
        Content::Progress(Progress {
            percent: Some(40),
            label: Some("Step 2".into()),
        }),
        "progress_as_text",
        &["40 % – Step 2"],
    );
    check(
        Content::NoAnswer { text: text("No.") },
        "no_answer_as_text",
        &["No."],
    );
    check(
        Content::LanguageProblem {
            problem: LanguageProblem::Unknown,
            text: text(""),
        },
        "language_problem_as_text",
        &["🌐 …"],
    );
    check(
        Content::Group {
            text: Some(text("Three answers")),
        },
        "group_as_text",
        &["Three answers"],
    );
    check(
        Content::Other {
            name: "hologram".into(),
            text: None,
        },
        "other_as_name",
        &["⚠ Not shown: hologram"],
    );
    check(
        Content::Attributes {
            values: serde_json::Map::new(),
        },
        "not_shown",
        &[],
    );
    assert_eq!(
        adapted(&message(Content::Group { text: None }), &words_only()),
        (vec![], vec![])
    );
}

#[test]
fn extras_stay_with_what_they_belong_to() {
    let dialect = crate::model::DialectName::new("kare");
    let mut list = message(Content::List(List {
        items: vec![
            item(Content::Card(Box::new(card()))),
            item(Content::text(text("a"))),
        ],
        ..List::default()
    }));
    list.extras.insert(&dialect, "k", "v".into());
    let kinds = [ContentKind::List, ContentKind::Choices];
    let (messages, _) = adapted(&list, &with(&kinds));
    assert_eq!(messages[0].extras, list.extras);
    let (messages, _) = adapted(&list, &words_only());
    assert!(messages.iter().all(|message| message.extras.is_empty()));
}

#[test]
fn rules_are_named_once() {
    let mut names: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted(), "{names:?}");
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

/// Letters and digits only: formats write the same words with other marks around them.
fn letters(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 1_000 } else { 50_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_adapted_fits_and_nothing_is_lost(
        message in arb_message(),
        capabilities in arb_capabilities(),
    ) {
        let result = adapt(&message, &capabilities);
        prop_assert_eq!(&result, &adapt(&message, &capabilities));
        let Adapted::Instead { messages, notes } = result else {
            prop_assert!(fits(&message, &capabilities));
            return Ok(());
        };
        prop_assert!(!fits(&message, &capabilities));
        for shown in &messages {
            prop_assert!(fits(shown, &capabilities), "{:?}", shown);
            prop_assert_eq!(shown.parent, message.parent);
            prop_assert_eq!(&shown.author, &message.author);
            prop_assert_eq!(shown.at, message.at);
        }
        for note in &notes {
            prop_assert!(RULES.iter().any(|(name, _)| *name == note.rule));
        }
        if let Some(first) = messages.first() {
            prop_assert_eq!(first.id, message.id);
        }
        let mut ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), messages.len());
        let shown: Vec<String> = messages.iter().flat_map(readable_texts).collect();
        let shown = letters(&shown.join(" "));
        for text in readable_texts(&message) {
            prop_assert!(shown.contains(&letters(&text)), "{:?} is not in {:?}", text, messages);
        }
    }
}
