//! Whatever arrives stays what it was.

use bytes::Bytes;
use http::Request;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use switchboard_core::dialect::Handled;
use switchboard_core::model::{Profile, UserInput};
use switchboard_opendialog::wire::message::{Answer, decode};

use crate::support::{
    Driven, call, cx, finish, fixture, frontend, handle, json, messages, ok, user_event,
};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~éß<&;]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,10}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn kind() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "text",
        "button",
        "image",
        "list",
        "rich",
        "fp-rich",
        "form",
        "fp-form",
        "date-picker",
        "date",
        "autocomplete",
        "longtext",
        "long_text",
        "cta",
        "meta",
        "hand-to-system",
        "audio",
        "location",
        "esign",
        "file-upload",
        "hologram",
    ])
    .prop_map(str::to_owned)
}

/// Without what an address would be taken away for: nothing names a scheme.
fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let text = text.replace(|c: char| c == ':' || c.is_control(), ".");
            Value::String(text)
        }
        Value::Array(list) => list.into_iter().map(harmless).collect(),
        Value::Object(object) => object
            .into_iter()
            .map(|(key, value)| (key, harmless(value)))
            .collect(),
        other => other,
    }
}

/// A key of some type's data with any value, right or wrong.
fn data() -> impl Strategy<Value = Value> {
    let keys = vec![
        "text",
        "disable_text",
        "internal",
        "hidetime",
        "hideavatar",
        "buttons",
        "external",
        "img_src",
        "items",
        "view_type",
        "title",
        "callback",
        "callback_value",
        "link",
        "image",
        "callback_id",
        "elements",
        "min_date",
        "max_date",
        "day_required",
        "attribute_name",
        "endpoint_params",
        "character_limit",
        "system",
        "url",
        "file_types",
        "meta",
        "unheard_of",
    ];
    let pair = (prop::sample::select(keys), any_json());
    prop::collection::vec(pair, 0..6).prop_map(|pairs| {
        let mut data: Map<String, Value> = pairs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), harmless(value)))
            .collect();
        // Real engines date everything; what is not dated is dated on the way.
        for key in ["date", "time"] {
            data.insert(key.to_owned(), Value::from("x"));
        }
        for key in ["internal", "hidetime"] {
            data.entry(key).or_insert(Value::Bool(false));
        }
        Value::Object(data)
    })
}

const ENDPOINTS: [&str; 6] = [
    "/incoming/webchat",
    "/incoming/chatApi",
    "/chat-api/message",
    "/chat-api/feedback",
    "/chatApi-config",
    "/chat-api/configuration",
];

/// A request of which some things are right.
fn body() -> impl Strategy<Value = Value> {
    fn or_any(right: &[Value]) -> impl Strategy<Value = Value> + use<> {
        let right = right.to_vec();
        prop_oneof![4 => prop::sample::select(right), 1 => any_json()]
    }
    let kinds = [
        "chat_open",
        "text",
        "trigger",
        "button_response",
        "url_click",
        "longtext_response",
        "form_response",
    ];
    let data = [
        json!({"text": "x", "value": "a.b", "url": "https://e"}),
        json!({}),
        json!([]),
    ];
    let user = [json!({"custom": {"selected_scenario": "demo"}}), json!({})];
    let content = (
        or_any(&kinds.map(Value::from)),
        or_any(&[json!("WELCOME"), json!("intent.core.EndChat")]),
        or_any(&data),
        or_any(&user),
        any_json(),
    );
    let content = content.prop_map(|(kind, callback, data, user, more)| {
        json!({"type": kind, "callback_id": callback, "data": data, "user": user,
               "mode": more, "modeInstance": 0, "escalating": more})
    });
    let envelope = (
        or_any(&[json!("message")]),
        or_any(&[json!("u")]),
        prop_oneof![6 => content, 1 => any_json()],
        any_json(),
    );
    envelope.prop_map(|(notification, user, content, more)| {
        json!({"notification": notification, "user_id": user, "author": "u", "message_id": more,
               "content": content, "message_template_id": user, "feedback": more,
               "request_id": more, "custom_settings": more, "tags": more})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_message_is_read_and_written(kind in kind(), data in data(), extra in any_json()) {
        let original = json!({"author": "them", "type": kind, "intent": "i", "data": data, "extra": extra});
        let bytes = serde_json::to_vec(&original).unwrap();
        let written = serde_json::to_value(Answer::decode(&bytes).unwrap()).unwrap();
        // A form's elements may come as an object; they are always written as a list.
        let mut expected = original.clone();
        if let (Some(Value::Array(_)), Some(Value::Object(keyed))) =
            (written["data"].get("elements"), original["data"].get("elements"))
        {
            expected["data"]["elements"] = keyed.values().cloned().collect();
        }
        prop_assert_eq!(written, expected);
    }

    #[test]
    fn any_message_passes_through_the_gateway(kind in kind(), data in data()) {
        // Forms and lists as objects are normalised, see above.
        prop_assume!(!data["elements"].is_object());
        let original = json!({"author": "them", "type": kind, "intent": "i", "data": data});
        let mut leg = Driven::new(json!({"url": "http://engine.test"}));
        let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
        let said = messages(leg.answer(id, ok(&original), &cx()));
        let frontend = frontend(json!({"client": "current"}));
        let answer = json(&finish(*call(&*frontend, fixture_request()), said));
        let alone = ["meta", "cta"].contains(&kind.as_str());
        let answer = if alone { answer[0].clone() } else { answer };
        prop_assert_eq!(answer, original);
    }

    #[test]
    fn any_request_is_answered(body in any_json(), path in "/[a-z/-]{0,24}") {
        let frontend = frontend(json!({}));
        let bytes = serde_json::to_vec(&body).unwrap();
        let _ = decode(&bytes);
        for path in ["/incoming/webchat", "/webchat-config", "/chat-api/message", &path] {
            let request = Request::post(path).body(Bytes::from(bytes.clone())).unwrap();
            if let Handled::Refuse(_, response) = handle(&*frontend, request) {
                prop_assert!(response.status().is_client_error());
            }
        }
    }

    #[test]
    fn any_body_is_answered_by_every_generation(body in body(), cut in 0usize..400) {
        let frontend = frontend(json!({"app_keys": ["APP_KEY"]}));
        let bytes = serde_json::to_vec(&body).unwrap();
        let cut = bytes[..cut.min(bytes.len())].to_vec();
        for (path, bytes) in ENDPOINTS.iter().flat_map(|path| [(path, &bytes), (path, &cut)]) {
            let request = Request::post(*path)
                .header("Authorization", "Bearer APP_KEY")
                .header("OPENDIALOG-USER-ID", "u")
                .header("OPENDIALOG-SCENARIO-ID", "demo");
            let status = match handle(&*frontend, request.body(Bytes::from(bytes.clone())).unwrap()) {
                Handled::Call(call) => {
                    let response = finish(*call, Vec::new());
                    prop_assert_eq!(response.status(), 200);
                    continue;
                }
                Handled::Reply(response) => {
                    prop_assert_eq!(response.status(), 200);
                    continue;
                }
                Handled::Refuse(_, response) => response,
                other => panic!("unexpected {other:?}"),
            };
            if status.status() == 400 {
                prop_assert!(path.contains("onfig"));
                continue;
            }
            prop_assert_eq!(status.status(), 422);
            let body = json(&status);
            prop_assert!(body["message"].is_string());
            let errors = body["errors"].as_object().unwrap();
            prop_assert!(!errors.is_empty());
            for words in errors.values() {
                prop_assert!(words.as_array().unwrap().iter().all(Value::is_string));
            }
        }
    }

    #[test]
    fn any_content_is_accepted_or_explained(content in any_json(), kind in prop::sample::select(vec![
        "chat_open", "text", "trigger", "button_response", "url_click", "form_response",
    ])) {
        let mut content = content;
        if let Value::Object(content) = &mut content {
            content.insert("type".to_owned(), Value::from(kind));
        }
        let body = json!({"notification": "message", "user_id": "u", "author": "u", "content": content});
        if let Err(invalid) = decode(&serde_json::to_vec(&body).unwrap()) {
            prop_assert!(!invalid.errors.is_empty());
        }
    }

    #[test]
    fn any_answer_of_an_engine_ends_the_turn(body in any_json()) {
        let mut leg = Driven::new(json!({"url": "http://engine.test"}));
        let (id, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
        let output = leg.answer(id, ok(&body), &cx());
        let ended = matches!(
            output.events.last().map(|last| &last.event),
            Some(switchboard_core::model::BotEvent::TurnEnded(_))
        );
        prop_assert!(ended);
    }
}

fn fixture_request() -> Request<Bytes> {
    static BODY: std::sync::OnceLock<Bytes> = std::sync::OnceLock::new();
    let body = BODY.get_or_init(|| fixture(8).request().into_body());
    Request::post("/incoming/webchat")
        .body(body.clone())
        .unwrap()
}
