//! What the unmodified webchat needs of an answer: `docs/protocols/opendialog.md#10-check-lists`.

use proptest::prelude::*;
use serde_json::{Value, json};
use switchboard_core::testing::arb_message;

use crate::types::answer;

/// The check-list for a server of the unmodified client, for messages of any engine but
/// OpenDialog's.
#[track_caller]
pub fn suits_webchat_1(answer: &Value) {
    let list = match answer {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    assert!(!list.is_empty());
    assert!(
        !answer.is_array() || list.len() > 1 || list == [json!(false)],
        "{answer:#}"
    );
    let bubbles = list.iter().filter(|it| it.is_object());
    let is_effect = |it: &Value| matches!(it["type"].as_str(), Some("meta" | "cta"));
    if bubbles.clone().all(is_effect) {
        assert_eq!(list.last(), Some(&json!(false)), "{answer:#}");
    } else {
        assert!(!list.contains(&json!(false)), "{answer:#}");
    }
    let last = list.len() - 1;
    if let Some(place) = list.iter().rposition(takes_over) {
        assert!(list[place + 1..].iter().all(only_skips), "{answer:#}");
    }
    for (place, message) in list.iter().enumerate().filter(|(_, it)| it.is_object()) {
        let data = &message["data"];
        assert!(data.is_object(), "{message:#}");
        assert_eq!(message["author"], "them");
        assert!(
            message
                .get("intent")
                .is_some_and(|it| it.is_null() || it.is_string())
        );
        for key in ["disable_text", "internal", "hidetime"] {
            assert!(data[key].is_boolean(), "{key}: {message:#}");
        }
        if list[last].is_object() {
            assert_eq!(data["internal"], place < last, "{message:#}");
            assert_eq!(data["hidetime"], place < last, "{message:#}");
        }
        let kind = message["type"].as_str().unwrap();
        assert_ne!(kind, "long_text");
        assert!(kind != "longtext" || list.len() == 1, "{answer:#}");
        suits(kind, data);
    }
}

/// Whether a message takes the place of the text box or of all others.
fn takes_over(message: &Value) -> bool {
    match message["type"].as_str() {
        Some("date-picker" | "autocomplete" | "longtext" | "fp-form" | "fp-rich") => true,
        Some("button") => message["data"]["external"] == true && !only_skips(message),
        _ => false,
    }
}

fn only_skips(message: &Value) -> bool {
    let buttons = message["data"]["buttons"].as_array();
    message["data"]["external"] == true
        && buttons.is_some_and(|buttons| buttons.iter().all(|button| button["type"] == "skip"))
}

fn suits(kind: &str, data: &Value) {
    assert!(
        data["date"].is_string() && data["time"].is_string(),
        "{data:#}"
    );
    let common = ["text", "hideavatar"];
    let has = |key: &str| data.get(key).is_some();
    match kind {
        "image" | "meta" | "hand-to-system" => {
            assert!(common.iter().all(|key| !has(key)), "{data:#}");
        }
        "list" => assert!(!has("text") && data["hideavatar"].is_boolean(), "{data:#}"),
        _ => {
            let text = &data["text"];
            assert!(
                text.is_null() || text.as_str().is_some_and(|it| !it.is_empty()),
                "{data:#}"
            );
            assert!(data["hideavatar"].is_boolean(), "{data:#}");
        }
    }
    let words = |key: &str| assert!(data[key].is_string(), "{key}: {data:#}");
    match kind {
        "text" | "cta" => {}
        "button" => {
            assert!(data["external"].is_boolean() && data["clear_after_interaction"].is_boolean());
            buttons(&data["buttons"]);
        }
        "image" => {
            words("img_src");
            words("img_link");
            assert!(data["link_new_tab"].is_boolean());
        }
        "rich" | "fp-rich" => {
            ["title", "subtitle", "callback", "callback_value", "link"]
                .into_iter()
                .for_each(words);
            buttons(&data["buttons"]);
            assert!(
                data["callback"] == "" || data["callback_value"] != "",
                "{data:#}"
            );
            assert!(!has("image") || data["image"]["src"] != "", "{data:#}");
        }
        "list" => {
            words("title");
            let view = data["view_type"].as_str().unwrap();
            assert!(["horizontal", "vertical", "list"].contains(&view));
            for item in data["items"].as_array().unwrap() {
                let kind = item["message_type"].as_str().unwrap();
                assert!(
                    ["text", "button", "image", "rich"].contains(&kind),
                    "{item:#}"
                );
                suits(kind, item);
            }
        }
        "form" | "fp-form" => elements(kind, data),
        "date-picker" => {
            [
                "min_date",
                "max_date",
                "callback",
                "submit_text",
                "attribute_name",
            ]
            .into_iter()
            .for_each(words);
            assert!(data["min_date"] != "" && data["max_date"] != "", "{data:#}");
            for key in ["day_required", "month_required", "year_required"] {
                assert!(data[key].is_boolean());
            }
        }
        "autocomplete" => {
            assert!(data["endpoint_params"].is_array(), "{data:#}");
            [
                "title",
                "endpoint_url",
                "query_param_name",
                "callback",
                "submit_text",
                "placeholder",
                "attribute_name",
            ]
            .into_iter()
            .for_each(words);
        }
        "longtext" => assert!(data["character_limit"].is_number()),
        "meta" => assert!(
            data["elements"]
                .as_object()
                .unwrap()
                .values()
                .all(Value::is_string)
        ),
        "hand-to-system" => {
            assert_eq!(data["system"], "desk");
            assert!(data["elements"].is_object());
        }
        other => panic!("the webchat shows nothing of {other}"),
    }
}

fn buttons(buttons: &Value) {
    const ACTS: [&str; 5] = [
        "callback_id",
        "link",
        "phone_number",
        "tab_switch",
        "download",
    ];
    for button in buttons.as_array().unwrap() {
        assert!(button["type"].is_string() && button["display"].is_boolean());
        if button["display"] == true {
            assert!(
                ACTS.iter().any(|key| button.get(key).is_some()),
                "{button:#}"
            );
        }
        if button.get("callback_id").is_some() {
            assert!(button["callback_id"].is_string() && button["value"].is_string());
        }
    }
}

fn elements(kind: &str, data: &Value) {
    assert!(data["callback_id"].is_string() && data["submit_text"].is_string());
    assert!(data["auto_submit"].is_boolean());
    for element in data["elements"].as_array().unwrap() {
        let name = element["name"].as_str().unwrap();
        assert!(!["text", "date", "time"].contains(&name), "{element:#}");
        assert!(element["display"].is_string() && element["required"].is_boolean());
        let limits = [&element["min"], &element["max"]];
        assert!(
            limits.iter().all(|it| it.is_string() || it.is_null()),
            "{element:#}"
        );
        let options = &element["options"];
        match element["element_type"].as_str().unwrap() {
            "text" | "textarea" | "number" | "email" => assert!(options.is_null()),
            "select" => assert!(options.is_object()),
            "auto-select" => assert!(options.is_array()),
            "radio" => assert!(kind == "fp-form" && options.is_object()),
            "checkbox" => assert!(kind == "form" && options.is_object()),
            other => panic!("{other} is not rendered"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_an_engine_says_suits_the_webchat(
        said in prop::collection::vec(arb_message(), 1..4),
    ) {
        suits_webchat_1(&answer("webchat-1", said));
    }
}
