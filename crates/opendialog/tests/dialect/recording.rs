//! The unmodified webchat, as it was recorded.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Find, Handled, Operation};
use switchboard_core::model::{Content, Message, Profile, RichText};

use crate::support::{cx, did, finish, frontend, handle, json, outcome, recording, said, view};

/// The requests of the webchat that are not for its own files.
fn requests() -> Vec<(String, Request<Bytes>)> {
    let mut requests = Vec::new();
    for line in recording() {
        let path = line["path"].as_str().unwrap();
        let chat = path == "/incoming/webchat"
            || path == "/webchat-config"
            || path.ends_with("/history")
            || path.ends_with("/history/file");
        if line["direction"] != "c2s" || !chat || line["method"] == "OPTIONS" {
            continue;
        }
        let uri = match line["query"].as_str() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let mut request = Request::builder()
            .method(line["method"].as_str().unwrap())
            .uri(uri);
        for (name, value) in line["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let body = line["body"].as_str().unwrap_or_default().to_owned();
        let note = line["note"].as_str().unwrap_or_default();
        requests.push((
            format!("{} ({note})", line["seq"]),
            request.body(Bytes::from(body)).unwrap(),
        ));
    }
    assert!(requests.len() > 40);
    requests
}

fn hello() -> Message {
    Message::bot(
        cx().message_id(),
        None,
        cx().now,
        Content::text(RichText::plain("Hello")),
    )
}

#[test]
fn every_request_is_accepted_and_answered_as_the_webchat_needs_it() {
    let frontend = frontend(json!({}));
    for (name, request) in requests() {
        let path = request.uri().path().to_owned();
        let call = match handle(&*frontend, request) {
            Handled::Call(call) => call,
            other => panic!("{name}: {other:?}"),
        };
        match path.as_str() {
            "/webchat-config" => {
                assert!(matches!(call.target.find, Find::Existing(_)), "{name}");
                let config = json(&(call.finish)(Err(Fault::UnknownConversation), &cx()));
                assert!(config["general"].is_object(), "{name}");
                assert!(
                    config["colours"]["headerBackground"]
                        .as_str()
                        .unwrap()
                        .starts_with('#')
                );
                for key in ["openIntent", "showMinimized", "userType"] {
                    assert!(!config[key].is_null(), "{name}: {key}");
                }
            }
            "/incoming/webchat" => chat(&name, *call),
            path if path.ends_with("/history") => {
                let log = vec![said(1, hello())];
                let rows = json(&(call.finish)(
                    Ok(outcome(view("u", Profile::default()), log)),
                    &cx(),
                ));
                assert_eq!(rows.as_array().unwrap().len(), 1, "{name}");
                assert!(rows[0]["data"]["date"].is_string() && rows[0]["data"]["time"].is_string());
            }
            _ => {
                let log = vec![said(1, hello())];
                let response =
                    (call.finish)(Ok(outcome(view("u", Profile::default()), log)), &cx());
                assert!(
                    response.headers().contains_key("content-disposition"),
                    "{name}"
                );
            }
        }
    }
}

fn chat(name: &str, call: switchboard_core::dialect::Call<http::Response<Bytes>>) {
    let Operation::Input { event, .. } = &call.operation else {
        panic!("{name}: no input");
    };
    let event = (**event).clone();
    // The widget's own id is the event's: a repetition is the same turn.
    assert_ne!(event.id.0.as_u128() >> 64, 0, "{name}");
    let is_click = matches!(
        event.input,
        switchboard_core::model::UserInput::LinkClick { .. }
    );
    let response = finish(call, vec![hello()]);
    assert_eq!(response.status(), 200, "{name}");
    if is_click {
        assert!(response.body().is_empty(), "{name}");
        return;
    }
    let answer = json(&response);
    assert!(
        answer["data"].is_object() && answer["type"] == "text",
        "{name}"
    );

    // What was sent is a row of the history that the widget can show.
    let frontend = frontend(json!({}));
    let Handled::Call(history) = handle(&*frontend, crate::support::get("/user/u/history")) else {
        panic!("no call");
    };
    let log = vec![did(1, event)];
    let rows = json(&(history.finish)(
        Ok(outcome(view("u", Profile::default()), log)),
        &cx(),
    ));
    let data: &Value = &rows[0]["data"];
    assert!(
        data["date"].is_string() && data["time"].is_string(),
        "{name}"
    );
}

#[test]
fn recorded_answers_pass_through() {
    use switchboard_opendialog::wire::message::Answer;
    for line in recording() {
        if line["direction"] != "s2c"
            || line["path"] != "/incoming/webchat"
            || line["status"] != 200
        {
            continue;
        }
        let body = line["body"].as_str().unwrap_or_default();
        let read = Answer::decode(body.as_bytes()).unwrap();
        if !body.is_empty() {
            let original: Value = serde_json::from_str(body).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), original);
        }
    }
}
