//! The demo bot keeps the promises of its table, in both languages.

#![cfg(test)]

mod support;

use switchboard_core::model::{
    Author, BotEvent, Content, EndReason, Feedback, FieldKind, HandoverPhase, Query, QueryAnswer,
    Rating, TopQuestions, UploadedFile, UserInput,
};

use support::{Said, Talk, kinds, messages, submission, turn_ends, words};

const LANGUAGES: [&str; 2] = ["en", "fr"];

/// In both languages: says the words, and checks what comes at once.
fn check(says: &str, expected: &[&str]) {
    for language in LANGUAGES {
        let mut talk = Talk::demo().in_language(language);
        let said = talk.says(says);
        assert_eq!(kinds(&said), expected, "{says} in {language}");
        assert_ends(&said);
    }
}

/// The turn ends in the same batch as its last message.
fn assert_ends(said: &[Said]) {
    assert_eq!(turn_ends(said), 1);
    let last = said.last().unwrap();
    assert!(matches!(last.event, BotEvent::TurnEnded(_)));
    assert!(said.iter().all(|said| said.batch == last.batch));
    assert!(said.iter().all(|said| said.turn == last.turn));
    for message in messages(said) {
        assert_eq!(message.parent, last.turn);
    }
}

fn assert_says(said: &[Said], expected: &str) {
    let words = words(said);
    assert!(words.contains(expected), "{expected:?} is not in {words:?}");
}

#[test]
fn one_kind_of_content_for_each_word() {
    check("menu", &["choices"]);
    check("picture", &["image"]);
    check("video", &["video"]);
    check("sound", &["audio"]);
    check("file", &["file"]);
    check("list", &["list"]);
    check("carousel", &["carousel"]);
    check("form", &["form"]);
    check("date", &["date_picker"]);
    check("address", &["address"]);
    check("place", &["location"]);
    check("sign", &["signature"]);
    check("upload", &["upload"]);
    check("feedback", &["text", "feedback_request"]);
    check("format", &["text", "text", "quote"]);
    check("whoami", &["text"]);
    check("bye", &["text"]);
    check("later", &["text"]);
    check("track", &["text"]);
    check("human", &["text", "handover"]);
    check("xyzzy", &["no_answer", "choices"]);
}

#[test]
fn french_has_words_of_its_own() {
    for (words, expected) in [
        ("photo", vec!["image"]),
        ("Vidéo", vec!["video"]),
        ("un son", vec!["audio"]),
        ("fichier", vec!["file"]),
        ("liste", vec!["list"]),
        ("carrousel", vec!["carousel"]),
        ("formulaire", vec!["form"]),
        ("rendez-vous", vec!["date_picker"]),
        ("adresse", vec!["address"]),
        ("lieu", vec!["location"]),
        ("signer", vec!["signature"]),
        ("envoyer un fichier", vec!["upload"]),
        ("mon avis", vec!["text", "feedback_request"]),
        ("mise en forme", vec!["text", "text", "quote"]),
        ("Qui suis-je ?", vec!["text"]),
        ("je cherche quelqu'un", vec!["text", "handover"]),
    ] {
        let said = Talk::demo().in_language("fr-FR").says(words);
        assert_eq!(kinds(&said), expected, "{words}");
    }
}

#[test]
fn hello_and_bonjour() {
    let mut talk = Talk::demo().in_language("en-GB");
    assert_says(&talk.says("Hello!"), "Hello and welcome!");
    assert_says(&talk.says("bonjour"), "Bonjour et bienvenue !");
    // The conversation stays French, whatever the frontend says of the browser.
    talk.profile.locales.selected = Some("en-GB".to_owned());
    assert_says(&talk.says("menu"), "Voici ce que je peux faire");
    assert_says(&talk.says("hello"), "Hello and welcome!");
    assert_says(&talk.says("menu"), "Here is what I can help you with");
}

#[test]
fn a_language_that_is_to_be_kept_is_kept() {
    let mut talk = Talk::demo().in_language("en-GB");
    talk.profile.keep_language = Some(true);
    assert_says(&talk.says("bonjour"), "Hello and welcome!");
    assert_says(&talk.says("menu"), "Here is what I can help you with");
    // Whoever went over before comes back.
    talk.profile.keep_language = Some(false);
    assert_says(&talk.says("bonjour"), "Bonjour et bienvenue !");
    talk.profile.locales.selected = Some("en-GB".to_owned());
    talk.profile.keep_language = Some(true);
    assert_says(&talk.says("menu"), "Here is what I can help you with");
}

#[test]
fn the_language_is_told_to_everybody() {
    let mut talk = Talk::demo().in_language("en");
    talk.says("bonjour");
    assert_eq!(talk.profile.locales.selected.as_deref(), Some("fr"));
    assert_says(&talk.says("anglais"), "Of course, let us speak English.");
    assert_eq!(talk.profile.locales.selected.as_deref(), Some("en"));
    // A locale that the user picks elsewhere counts again.
    talk.profile.locales.selected = Some("fr-CA".to_owned());
    assert_says(&talk.says("menu"), "Voici");
}

#[test]
fn opening_greets() {
    let mut talk = Talk::demo();
    talk.profile
        .attributes
        .insert("first_name".to_owned(), "Ada".into());
    assert_says(&talk.opens(), "Hello Ada!");
    let said = talk.does(UserInput::Open {
        welcome: Some("hours".to_owned()),
        query: Some("menu".to_owned()),
    });
    assert_eq!(kinds(&said), ["text", "choices"]);
    assert_ends(&said);
    let said = talk.does(UserInput::Open {
        welcome: Some("WELCOME".to_owned()),
        query: None,
    });
    assert_says(&said, "Hello Ada!");
}

#[test]
fn tracking_a_parcel() {
    for (language, pick, asked, answer, again) in [
        (
            "en",
            "Track a parcel",
            "parcel number?",
            "Parcel **CS123456** has",
            "not look like",
        ),
        (
            "fr",
            "suivre un colis",
            "numéro de colis ?",
            "Le colis **CS123456** a",
            "ne ressemble pas",
        ),
    ] {
        let mut talk = Talk::demo().in_language(language);
        let menu = talk.says("menu");
        assert!(messages(&menu)[0].actions.len() >= 3);
        assert_says(&talk.picks("track"), asked);
        assert_says(&talk.says("I lost it"), again);
        let said = talk.says("it is CS123456, I think");
        assert_says(&said, answer);
        assert_ends(&said);

        talk.says("menu");
        assert_says(&talk.says(pick), asked);
        assert_says(&talk.says("1234567890"), "**1234567890**");
        talk.says("menu");
        assert_says(&talk.says("1"), asked);
        // A keyword is a way out.
        assert_eq!(kinds(&talk.says("video")), ["video"]);
        assert_eq!(kinds(&talk.says("CS999")), ["no_answer", "choices"]);
    }
    let mut talk = Talk::demo();
    assert_says(&talk.says("where is parcel CS-123456?"), "**CS-123456**");
}

#[test]
fn a_question_is_not_asked_for_ever() {
    let mut talk = Talk::demo();
    talk.says("track");
    assert_eq!(kinds(&talk.says("blah")), ["text"]);
    assert_eq!(kinds(&talk.says("blah")), ["text"]);
    assert_eq!(kinds(&talk.says("blah")), ["no_answer", "choices"]);
    talk.says("track");
    talk.says("blah");
    assert_says(&talk.says("Never mind"), "No problem.");
}

#[test]
fn the_form() {
    let mut talk = Talk::demo();
    let said = talk.says("form");
    let Content::Form(form) = &messages(&said)[0].content else {
        panic!("{said:?}");
    };
    let fields: Vec<_> = form
        .fields
        .iter()
        .map(|field| (field.kind.clone(), field.required))
        .collect();
    assert_eq!(
        fields,
        [
            (FieldKind::Text, true),
            (FieldKind::Email, false),
            (FieldKind::Number, false),
            (FieldKind::Select, false),
            (FieldKind::Date, false),
        ]
    );
    let id = form.id.clone();
    let values = [
        ("name", "Ada Lovelace"),
        ("email", "ada@example.com"),
        ("quantity", "2"),
        ("size", "M"),
        ("day", "2030-05-04"),
    ];
    let said = talk.submits(&id, &values);
    for (_, value) in values {
        assert_says(&said, value);
    }
    // What is left empty is not taken from the last time.
    let said = talk.submits(&id, &[("name", "Bob"), ("email", ""), ("size", "L")]);
    assert_says(&said, "E-mail address: none");
    let mut cancelled = submission("never-mind", &[]);
    cancelled.cancelled = true;
    assert_says(&talk.does(UserInput::Form(cancelled)), "No problem.");
}

/// On clients that show a form as text.
#[test]
fn forms_may_be_typed() {
    let mut talk = Talk::demo();
    talk.says("form");
    let said = talk.says("Ada Lovelace, ada@example.com, 2, m, 2030-05-04");
    for value in [
        "Ada Lovelace",
        "ada@example.com",
        "2",
        "Size: M",
        "2030-05-04",
    ] {
        assert_says(&said, value);
    }
    talk.says("form");
    assert_says(&talk.says("Your name: Bob"), "Thank you, Bob!");
    talk.says("form");
    assert_eq!(kinds(&talk.says("xyzzy")), ["no_answer", "choices"]);
    talk.says("human");
    talk.waits(10_000);
    talk.says("goodbye");
    assert_says(&talk.says("very"), "Thank you for your answers!");
}

#[test]
fn pickers_are_answered_however_the_answer_comes() {
    // OpenDialog's widgets put the attribute before the value.
    let mut talk = Talk::demo();
    talk.says("date");
    let said = talk.does(UserInput::Choice(switchboard_core::model::ChoiceMade {
        id: Some("date".to_owned()),
        label: Some("5th October 2030".to_owned()),
        value: Some("date.2030-10-05".to_owned()),
        ..Default::default()
    }));
    assert_says(&said, "**2030-10-05**");
    talk.says("date");
    assert_says(&talk.says("next Friday"), "**next Friday**");
    talk.says("address");
    assert_says(&talk.says("1 High Street, York"), "**1 High Street, York**");
    talk.says("place");
    let said = talk.submits("place", &[("formatted_address", "York, UK")]);
    assert_says(&said, "**York, UK**");
    talk.says("sign");
    assert_says(&talk.submits("sign", &[]), "loyalty card is on its way");
}

#[test]
fn a_file_is_thanked_for_once() {
    let file = UploadedFile {
        name: "cup.jpg".to_owned(),
        ..UploadedFile::default()
    };
    let mut talk = Talk::demo();
    talk.says("upload");
    assert_says(&talk.does(UserInput::File(file.clone())), "**cup.jpg**");
    // dydu's chatbox says the request's callback afterwards.
    let said = talk.does_with(UserInput::text("upload"), |event| event.hidden = true);
    assert_eq!(kinds(&said), [""; 0]);
    assert_ends(&said);
    assert_eq!(kinds(&talk.says("upload")), ["upload"]);
    let said = talk.does_with(UserInput::text("upload"), |event| event.hidden = true);
    assert_says(&said, "I have got **your file**");
    let said = talk.does(UserInput::File(file));
    assert_says(&said, "put it with your conversation");
}

#[test]
fn the_size_of_a_file_is_known_from_its_content() {
    let script = "languages = [\"en\"]\ngreeting = \"a\"\nunknown = \"a\"\nfile = \"a\"\n\n\
                  [intents.a]\nanswer = \"{file}: {file_size} bytes\"\n";
    for (size_bytes, content, expected) in [
        (None, &b"hello"[..], "a.txt: 5 bytes"),
        (Some(7), b"hello", "a.txt: 7 bytes"),
        (Some(7), b"", "a.txt: 7 bytes"),
        (None, b"", "a.txt:  bytes"),
    ] {
        let file = UploadedFile {
            name: "a.txt".to_owned(),
            size_bytes,
            content: content.to_vec().into(),
            ..UploadedFile::default()
        };
        let said = Talk::new(script).does(UserInput::File(file));
        assert_says(&said, expected);
    }
}

#[test]
fn feedback_is_thanked_for() {
    for (language, thanks) in [
        ("en", "Thank you for your feedback"),
        ("fr", "Merci pour votre avis"),
    ] {
        let mut talk = Talk::demo().in_language(language);
        let said = talk.says("feedback");
        assert_eq!(messages(&said)[1].actions[0].id, "helpful");
        let of = |rating, comment: Option<&str>| {
            UserInput::Feedback(Feedback {
                rating,
                comment: comment.map(str::to_owned),
                ..Feedback::default()
            })
        };
        assert_says(&talk.does(of(Some(Rating::Positive), None)), thanks);
        assert_says(&talk.does(of(Some(Rating::Negative), None)), thanks);
        assert_says(&talk.does(of(None, Some("fine"))), thanks);
        let said = talk.does(of(Some(Rating::None), None));
        assert_ends(&said);
        talk.says("feedback");
        assert_says(
            &talk.says(if language == "en" { "yes" } else { "oui" }),
            thanks,
        );
        talk.says("feedback");
        assert_says(&talk.says("2"), thanks);
    }
}

#[test]
fn later_and_slow() {
    let mut talk = Talk::demo();
    let said = talk.says("later");
    assert_ends(&said);
    assert!(!talk.leg.is_quiet());
    assert!(talk.waits(1_999).is_empty());
    let said = talk.waits(1);
    assert_eq!(kinds(&said), ["text"]);
    assert_eq!((said.len(), said[0].turn), (1, None));
    assert!(talk.leg.is_quiet());

    let said = talk.says("slow");
    assert!(matches!(&said[..], [Said { event: BotEvent::Typing(typing), .. }] if typing.active));
    assert!(talk.waits(2_999).is_empty());
    let said = talk.waits(1);
    assert_eq!(kinds(&said), ["text"]);
    assert_ends(&said);
}

#[test]
fn an_abandoned_turn_goes_on_unasked() {
    let mut talk = Talk::demo();
    let said = talk.says("slow");
    talk.abandons(said[0].turn.unwrap());
    let said = talk.waits(10_000);
    assert_eq!(kinds(&said), ["text"]);
    assert!(said.iter().all(|said| said.turn.is_none()));
    assert!(talk.leg.is_quiet());
}

#[test]
fn whoami_shows_what_arrived() {
    let mut talk = Talk::demo();
    assert_says(
        &talk.says("whoami"),
        "User: 00000000-0000-0001-0000-000000000001",
    );
    talk.profile.user_id = Some("user-17".to_owned());
    talk.profile.locales.host = Some("en-GB".to_owned());
    talk.profile
        .variables
        .insert("plan".to_owned(), "gold".to_owned());
    talk.profile
        .metadata
        .insert("source".to_owned(), "newsletter".to_owned());
    let said = talk.says("who am I?");
    for expected in ["user-17", "en-GB", "plan: gold", "source: newsletter"] {
        assert_says(&said, expected);
    }
}

#[test]
fn bye_ends_the_conversation() {
    let mut talk = Talk::demo();
    talk.says("bonjour");
    talk.profile.locales.selected = None;
    let said = talk.says("bye");
    assert_says(&said, "Au revoir");
    assert!(said.iter().any(|said| said.event
        == BotEvent::ConversationEnded {
            reason: EndReason::Ended
        }));
    assert_ends(&said);
    // And the next one begins from scratch.
    assert_says(&talk.says("menu"), "Here is what");
}

#[test]
fn ending_ends_everything() {
    let mut talk = Talk::demo();
    talk.says("later");
    talk.says("slow");
    let said = talk.does(UserInput::End);
    // The slow turn ends with the conversation, and nothing follows.
    assert_eq!(turn_ends(&said), 2);
    assert!(talk.waits(10_000).is_empty());
}

fn phase(said: &Said) -> Option<HandoverPhase> {
    match &said.event {
        BotEvent::Message(message) => match &message.content {
            Content::Handover(handover) => Some(handover.phase),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn a_human_takes_over() {
    for (language, goodbye) in [("en", "Goodbye, Sam"), ("fr", "au revoir")] {
        let mut talk = Talk::demo().in_language(language);
        let said = talk.says("human");
        assert_ends(&said);
        assert!(matches!(
            phase(&said[1]),
            Some(HandoverPhase::Waiting {
                position: Some(2),
                ..
            })
        ));
        assert_eq!(kinds(&talk.says("hurry")), ["text"]);
        let said = talk.waits(10_000);
        assert!(said.iter().all(|said| said.turn.is_none()));
        assert!(matches!(
            phase(&said[0]),
            Some(HandoverPhase::Waiting {
                position: Some(1),
                ..
            })
        ));
        assert_eq!(phase(&said[1]), Some(HandoverPhase::Joined));
        assert_eq!(kinds(&said), ["handover", "handover", "text", "text"]);
        let typing = said
            .iter()
            .filter(|said| matches!(said.event, BotEvent::Typing(_)))
            .count();
        assert_eq!(typing, 2);
        for message in &messages(&said)[2..] {
            assert!(
                matches!(&message.author, Author::Operator { name: Some(name), .. } if name == "Sam")
            );
        }

        // The bot is silent: the operator answers even to its commands.
        let said = talk.says("menu");
        assert_eq!(kinds(&said), ["text"]);
        assert!(matches!(messages(&said)[0].author, Author::Operator { .. }));
        assert_ends(&talk.opens());
        assert_eq!(kinds(&talk.picks("track")), ["text"]);

        let said = talk.says(goodbye);
        // The survey is the operator's last word.
        assert_eq!(kinds(&said), ["text", "survey", "handover"]);
        assert_eq!(phase(&said[2]), Some(HandoverPhase::Ended));
        assert_ends(&said);
        let said = talk.does(UserInput::Survey(submission("17", &[("rating", "3")])));
        assert_eq!(kinds(&said), ["text"]);
        assert_eq!(kinds(&talk.says("menu")), ["choices"]);
    }
}

#[test]
fn leaving_the_queue_and_the_operator() {
    let mut talk = Talk::demo();
    talk.says("human");
    let said = talk.does(UserInput::LeaveHandover);
    assert_eq!(kinds(&said), ["handover"]);
    assert_eq!(phase(&said[0]), Some(HandoverPhase::LeftByUser));
    // The operator does not come any more.
    assert!(talk.waits(10_000).is_empty());
    talk.says("human");
    talk.waits(10_000);
    let said = talk.does(UserInput::LeaveHandover);
    assert_eq!(kinds(&said), ["survey", "handover"]);
    assert_ends(&talk.does(UserInput::LeaveHandover));
}

#[test]
fn the_shop_knows_its_trade() {
    for (says, expected) in [
        ("When are you open on Saturday?", "10:00 to 18:00"),
        ("Quels sont vos horaires ?", "de 9 h à 19 h"),
        ("What does delivery cost?", "€3.90"),
        ("frais de port", "3,90 €"),
        ("How do I return something?", "30 days"),
        ("comment rendre un article ?", "30 jours"),
        ("can I pay by card", "PayPal"),
        ("merci !", "Avec plaisir"),
    ] {
        let language = if expected.is_ascii() { "en" } else { "fr" };
        let mut talk = Talk::demo().in_language(language);
        assert_says(&talk.says(says), expected);
    }
}

#[test]
fn an_article_is_put_aside() {
    let mut talk = Talk::demo();
    let said = talk.says("carousel");
    let Content::Carousel { cards, .. } = &messages(&said)[0].content else {
        panic!("{said:?}");
    };
    assert!(
        cards
            .iter()
            .all(|card| card.image.is_some() && !card.actions.is_empty())
    );
    let action = cards[1].actions[0].clone();
    let said = talk.does(UserInput::Choice(switchboard_core::model::ChoiceMade {
        action: Some(Box::new(action)),
        ..Default::default()
    }));
    assert_says(&said, "**Pullover**");
    talk.says("carousel");
    assert_says(&talk.says("put the TEAPOT aside"), "**Teapot**");
}

#[test]
fn the_questions_asked_most() {
    let mut talk = Talk::demo().in_language("fr");
    let said = talk.does(UserInput::Query(Query::TopQuestions(TopQuestions {
        limit: 2,
        ..TopQuestions::default()
    })));
    let BotEvent::Answered(QueryAnswer::Questions(questions)) = &said[0].event else {
        panic!("{said:?}");
    };
    assert_eq!(questions.len(), 2);
    assert_ends(&said);
    for question in questions.clone() {
        assert_ne!(kinds(&talk.says(&question))[0], "no_answer", "{question}");
    }
}

#[test]
fn events_without_an_answer_end_their_turns() {
    let mut talk = Talk::demo();
    for input in [
        UserInput::Variables,
        UserInput::LinkClick {
            url: "https://www.example.com".to_owned(),
            label: None,
        },
        UserInput::Custom {
            name: "open/document".to_owned(),
            value: None,
            label: None,
        },
    ] {
        let said = talk.does(input);
        assert_eq!(said.len(), 1);
        assert_ends(&said);
    }
    let typing = UserInput::Typing {
        active: true,
        text: None,
    };
    assert!(talk.does(typing).is_empty());
    assert!(talk.does(UserInput::Read).is_empty());
}
