//! Every type that a bot may send, from an OpenDialog engine and from any other:
//! `docs/protocols/opendialog.md#3-outbound-messages`.

use serde_json::{Value, json};
use switchboard_core::model::{
    Action, ActionStyle, Author, Choices, ChoicesKind, Content, ContentKind, DatePicker, Field,
    FieldKind, FieldOption, Form, Message, Profile, RichText, UserInput,
};

use crate::checklist::suits_webchat_1;
use crate::support::{
    Driven, call, cx, finish, fixture, frontend, json as body, messages, ok, user_event,
};

/// The common keys of a message with words.
fn common(text: Value) -> Value {
    json!({"text": text, "disable_text": false, "internal": false, "hidetime": false,
           "hideavatar": false, "time": "09:15 AM", "date": "Tue 20 Jul"})
}

fn message(kind: &str, base: Value, more: Value) -> Value {
    let mut data = base;
    data.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"author": "them", "type": kind, "intent": "intent.app.X", "data": data})
}

/// What a frontend for this client makes of an OpenDialog engine's answer.
fn through(client: &str, answer: &Value) -> Value {
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
    let said = messages(leg.answer(id, ok(answer), &cx()));
    let frontend = frontend(json!({"client": client}));
    body(&finish(*call(&*frontend, fixture(8).request()), said))
}

/// What an engine's message becomes for other dialects.
fn kind_of(answer: &Value) -> (ContentKind, usize) {
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
    let said = messages(leg.answer(id, ok(answer), &cx()));
    (said[0].content.kind(), said[0].actions.len())
}

#[test]
fn a_part_that_is_none_does_not_hide_the_others() {
    let gold =
        json!({"text": "Gold", "display": true, "type": "", "callback_id": "gold", "value": ""});
    let plain = json!({"text": "Plain", "message_type": "text"});
    let name = json!({"name": "a", "display": "A", "element_type": "text"});
    for (kind, key, part) in [
        ("button", "buttons", gold),
        ("list", "items", plain),
        ("form", "elements", name),
    ] {
        let data = |parts: Value| message(kind, common(json!("Words")), json!({key: parts}));
        let clean = data(json!([part]));
        for parts in [
            json!([part, null]),
            json!(["odd", part]),
            json!([[], part, 5]),
            json!({"3": part}),
        ] {
            let odd = data(parts.clone());
            assert_eq!(
                through("webchat-1", &odd),
                through("webchat-1", &clean),
                "{parts}"
            );
            // Who may know more gets all of it, and the model has what can be read of it.
            if !parts.is_object() {
                assert_eq!(through("current", &odd), odd, "{parts}");
            }
            assert_eq!(kind_of(&odd), kind_of(&clean), "{parts}");
        }
    }
    let card = message(
        "rich",
        common(json!("Words")),
        json!({"title": "T", "subtitle": "", "buttons": null, "image": []}),
    );
    let shown = through("webchat-1", &card);
    assert_eq!(shown["data"]["buttons"], json!([]));
    assert_eq!(shown["data"].get("image"), None);
    assert_eq!(shown["data"]["title"], "T");
}

#[test]
fn every_message_has_data_that_a_client_can_write_into() {
    for client in ["webchat-1", "current"] {
        for empty in [
            json!({"type": "text", "data": null}),
            json!({"type": "text", "data": []}),
            json!({"type": "text"}),
        ] {
            let shown = through(client, &empty);
            assert!(shown["data"].is_object(), "{client} {empty}: {shown}");
        }
    }
}

#[test]
fn types_of_the_reference_and_their_newer_options_come_out_as_they_went_in() {
    let words = || common(json!("Words"));
    let none = || common(json!(null));
    let bare = || {
        json!({"disable_text": false, "internal": false, "hidetime": false,
               "time": "09:15 AM", "date": "Tue 20 Jul"})
    };
    let known = [
        message("text", words(), json!({"attribute_name": null, "meta": []})),
        message(
            "text",
            words(),
            json!({"meta": {"author": {"name": "Ada", "avatar": "/a.svg"}}}),
        ),
        message(
            "text",
            common(json!(
                "100% <b>x</b> &amp; <a class=\"linkified\" target=\"_parent\" href=\"https://e\">y</a>"
            )),
            json!({}),
        ),
        message(
            "button",
            words(),
            json!({"buttons": [], "external": true, "clear_after_interaction": true}),
        ),
        message(
            "button",
            common(json!("50%% off")),
            json!({"external": false, "clear_after_interaction": false,
            "buttons": [{"text": "50%% <strong>off</strong>", "display": true, "type": "inline", "callback_id": "a", "value": ""}]}),
        ),
        message(
            "rich",
            common(json!("1 &lt; 2")),
            json!({"title": "100%%", "subtitle": "", "callback": "a", "callback_value": "b.c", "link": "", "buttons": []}),
        ),
        message(
            "fp-rich",
            words(),
            json!({"title": "", "subtitle": "", "callback": null, "callback_value": null, "link": null, "buttons": []}),
        ),
        message(
            "list",
            bare(),
            json!({"title": "T", "items": [], "view_type": "vertical", "hideavatar": false}),
        ),
        message(
            "form",
            words(),
            json!({"callback_id": "f", "auto_submit": true, "submit_text": "Go", "cancel_text": null, "cancel_callback": null,
            "expandable": true, "elements": [
                {"name": "n", "display": "", "required": true, "min": "1", "max": "9", "element_type": "number", "step": "2", "placeholder": "p", "validation": "^[0-9]$", "error_text": "No"},
                {"name": "s", "display": "S", "required": false, "min": "3", "max": null, "default_value": "1", "element_type": "select", "options": ["zero", "one"], "sort": true, "searchable": true},
                {"name": "c", "display": "C", "required": false, "min": "", "max": null, "element_type": "checkbox", "options": []},
                {"name": "a", "display": "A", "required": false, "min": "", "max": null, "element_type": "auto-select", "options": [{"key": 5, "value": "five"}]},
            ]}),
        ),
        message(
            "date-picker",
            words(),
            json!({"day_required": false, "month_required": true, "year_required": true, "max_date": "today", "min_date": "1920", "callback": "d", "submit_text": "Go", "attribute_name": "a",
            "format": "month-year", "no_past_dates": true, "no_future_dates": false}),
        ),
        message(
            "autocomplete",
            none(),
            json!({"title": "", "endpoint_url": "/s", "endpoint_params": [], "query_param_name": "q", "callback": "c", "submit_text": "Go", "placeholder": "", "attribute_name": "a",
            "google": {"api_key": "k"}, "fetchify": {"api_key": "k", "fetch_countries": true}}),
        ),
        message(
            "hand-to-system",
            bare(),
            json!({"system": "chatwoot", "elements": []}),
        ),
    ];
    for wire in &known {
        for client in ["webchat-1", "current"] {
            assert_eq!(through(client, wire), *wire, "{client}");
        }
    }
    let newer = [
        message(
            "hand-to-human",
            bare(),
            json!({"elements": {"text": "A human comes"}}),
        ),
        message(
            "date",
            words(),
            json!({"day_required": true, "month_required": true, "year_required": true, "callback": "d", "submit_text": "Go", "attribute_name": "a", "format": "date-time"}),
        ),
        message(
            "audio",
            none(),
            json!({"title": "Engine noise", "url": "https://e/a.mp3"}),
        ),
        message(
            "location",
            words(),
            json!({"callback_id": "c", "attribute_name": "location", "api_key": "K"}),
        ),
        message(
            "location",
            words(),
            json!({"callback": "c", "attribute_name": "location"}),
        ),
        message(
            "esign",
            words(),
            json!({"callback_id": "c", "attribute_name": "s", "signature": true, "submit_text": "Go", "resign_text": "Clear", "confirm_text": "Yes", "checkbox_text": "I accept",
            "cancel_text": "No", "cancel_callback": "n", "document_text": "Terms", "document_title": "Contract", "file_name": "s.pdf", "file_path": "/s"}),
        ),
        message(
            "file-upload",
            none(),
            json!({"callback_id": "c", "submit_text": "Go", "cancel_callback": "n", "cancel_text": "No", "error_callback": "e", "multiple": true, "file_size": 500000,
            "file_types": ["jpg"], "base_path": "claims", "attribute_name": "f"}),
        ),
        message(
            "long_text",
            words(),
            json!({"character_limit": "500", "submit_text": "Go", "callback_id": "s", "initial_text": "", "placeholder": "", "confirmation_text": "Sure?"}),
        ),
        message("hologram", words(), json!({"beam": {"x": [1, 2]}})),
    ];
    for wire in &newer {
        assert_eq!(through("current", wire), *wire);
    }
    // What 1.0.0 shows nothing of becomes what it can show; an upload without words is left to the
    // exchange, which knows some.
    for (place, kind) in [
        (0, "text"),
        (1, "date-picker"),
        (2, "text"),
        (3, "text"),
        (5, "text"),
        (7, "longtext"),
        (8, "text"),
    ] {
        let answer = through("webchat-1", &newer[place]);
        assert_eq!(answer["type"], kind, "{}", newer[place]["type"]);
        suits_webchat_1(&answer);
    }
    assert_eq!(
        through("webchat-1", &newer[0])["data"]["text"],
        "A human comes"
    );
    let mut enveloped = message("text", words(), json!({}));
    for (key, value) in [
        ("kind", json!("outgoing")),
        ("uuid", json!("u")),
        ("first", json!(true)),
        ("authorName", json!("Ada")),
        ("authorAvatar", json!(null)),
        ("partOfLastTemplate", json!(false)),
        ("message_template_id", json!("0x1")),
        ("request_id", json!("r")),
    ] {
        enveloped[key] = value;
    }
    assert_eq!(through("webchat-1", &enveloped), enveloped);
}

fn bot(content: Content) -> Message {
    Message::bot(cx().message_id(), None, cx().now, content)
}

pub fn answer(client: &str, said: Vec<Message>) -> Value {
    let frontend = frontend(json!({"client": client, "handover_systems": ["desk"]}));
    body(&finish(*call(&*frontend, fixture(8).request()), said))
}

fn skip_link() -> Message {
    bot(Content::Choices(Choices {
        kind: ChoicesKind::Dialog,
        replaces_input: true,
        ..Choices::default()
    }))
    .with_actions(vec![Action {
        style: ActionStyle::Skip,
        ..Action::choice("skip", "Skip")
    }])
}

fn date() -> Message {
    bot(Content::DatePicker(Box::new(DatePicker {
        callback: "d".to_owned(),
        ..DatePicker::default()
    })))
}

#[test]
fn a_link_that_skips_stays_below_what_it_skips() {
    let words = || bot(Content::text(RichText::plain("When?")));
    let kinds = |said: Vec<Message>| {
        let answer = answer("webchat-1", said);
        let list = answer.as_array().unwrap().clone();
        let kinds = list
            .iter()
            .map(|it| it["type"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    let expected = ["text", "date-picker", "button"];
    assert_eq!(kinds(vec![words(), date(), skip_link()]), expected);
    assert_eq!(kinds(vec![date(), words(), skip_link()]), expected);
    assert_eq!(kinds(vec![date(), words()]), ["text", "date-picker"]);
}

#[test]
fn a_long_text_that_answers_the_opening_is_a_form() {
    let wire = crate::support::fixture(29);
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
    let said = messages(leg.answer(id, wire.response(), &cx()));
    let frontend = frontend(json!({}));
    let answer = |number| {
        body(&finish(
            *call(&*frontend, fixture(number).request()),
            said.clone(),
        ))
    };
    assert_eq!(answer(8)["type"], "longtext");
    assert_eq!(answer(6)["type"], "form");
    assert_eq!(answer(6)["data"]["callback_id"], "intent.app.Story");
}

#[test]
fn the_flags_of_an_engines_messages_follow_their_place() {
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let mut said = Vec::new();
    for words in ["missed", "asked"] {
        let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
        let wire = message("text", common(json!(words)), json!({}));
        said.extend(messages(leg.answer(id, ok(&wire), &cx())));
    }
    let answer = answer("webchat-1", said);
    assert_eq!(answer[0]["data"]["text"], "missed");
    for key in ["internal", "hidetime"] {
        assert_eq!(
            (&answer[0]["data"][key], &answer[1]["data"][key]),
            (&json!(true), &json!(false))
        );
    }
}

#[test]
fn words_are_markdown_where_the_operator_says_so() {
    let frontend = frontend(json!({"client": "current", "text_format": "markdown"}));
    let shown = |message: Message| {
        let answer = body(&finish(
            *call(&*frontend, fixture(8).request()),
            vec![message],
        ));
        answer["data"]["text"].as_str().unwrap().to_owned()
    };
    let words = || RichText::html("See <b>this</b> <a href=\"https://e.example/\">page</a>");
    let expected = "See **this** [page](https://e.example/)";
    assert_eq!(shown(bot(Content::text(words()))), expected);
    let form = Form {
        text: words(),
        ..Form::default()
    };
    assert_eq!(shown(bot(Content::Form(Box::new(form)))), expected);
    let choices = Choices {
        text: words(),
        ..Choices::default()
    };
    assert_eq!(shown(bot(Content::Choices(choices))), expected);
    assert_eq!(
        shown(bot(Content::text(RichText::plain("5*3*2")))),
        r"5\*3\*2"
    );
    // An OpenDialog engine's words keep their own marks.
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
    let wire = message("text", common(json!("5*3*2")), json!({}));
    let own = messages(leg.answer(id, ok(&wire), &cx())).remove(0);
    assert_eq!(shown(own), "5*3*2");
}

#[test]
fn elements_of_a_form_have_the_types_that_are_rendered() {
    let field = |kind: FieldKind| Field {
        name: "date".to_owned(),
        label: "L".to_owned(),
        min: Some("1".to_owned()),
        max: Some("9".to_owned()),
        default: Some("x".to_owned()),
        required: true,
        options: vec![FieldOption {
            key: "k".to_owned(),
            label: "K".to_owned(),
        }],
        kind,
        ..Field::default()
    };
    let element = |kind: FieldKind, full_page: bool| {
        let form = Form {
            id: "f".to_owned(),
            fields: vec![field(kind)],
            full_page,
            ..Form::default()
        };
        let answer = answer("webchat-1", vec![bot(Content::Form(Box::new(form)))]);
        (
            answer["type"].clone(),
            answer["data"]["elements"][0].clone(),
        )
    };
    for (kind, written) in [
        (FieldKind::Text, "text"),
        (FieldKind::LongText, "textarea"),
        (FieldKind::Number, "number"),
        (FieldKind::Email, "email"),
        (FieldKind::Select, "select"),
        (FieldKind::Radio, "select"),
        (FieldKind::Checkbox, "checkbox"),
        (FieldKind::SearchSelect, "auto-select"),
        (FieldKind::Date, "text"),
        (FieldKind::Other("slider".to_owned()), "text"),
    ] {
        let (of_message, element) = element(kind.clone(), false);
        assert_eq!(
            (&of_message, &element["element_type"]),
            (&json!("form"), &json!(written))
        );
        assert_eq!(element["name"], "field_date");
        assert_eq!(element["default_value"], "x");
        assert_eq!(element["min"], "1");
        let is_choice = !element["options"].is_null();
        assert_eq!(
            element["max"],
            if is_choice { json!(null) } else { json!("9") }
        );
    }
    let (of_message, element_of_page) = element(FieldKind::Radio, true);
    assert_eq!(of_message, "fp-form");
    assert_eq!(element_of_page["element_type"], "radio");
    assert_eq!(
        (&element_of_page["min"], &element_of_page["max"]),
        (&json!(null), &json!(null))
    );
}

#[test]
fn an_operators_words_bear_their_name() {
    let mut said = bot(Content::text(RichText::plain("Hello")));
    said.author = Author::Operator {
        id: None,
        name: Some("Sam".to_owned()),
    };
    let answer = answer("current", vec![said]);
    assert_eq!(answer["data"]["meta"]["author"]["name"], "Sam");
}
