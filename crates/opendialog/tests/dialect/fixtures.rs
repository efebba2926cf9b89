//! Every fixture is read by the typed wire form and written again without loss.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_opendialog::wire::{
    config, deep_link, error, export, feedback, history, interactions, message,
};

use crate::support::{Fixture, fixtures};

#[track_caller]
fn check<T: Serialize + DeserializeOwned>(name: &str, json: &Value) -> T {
    let read: T = match serde_json::from_value(json.clone()) {
        Ok(read) => read,
        Err(error) => panic!("{name}: {error}"),
    };
    assert_eq!(serde_json::to_value(&read).unwrap(), *json, "{name}");
    // From bytes, as it really arrives.
    let bytes = serde_json::to_vec(json).unwrap();
    let read: T = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *json, "{name}");
    read
}

#[test]
fn requests_are_read_and_written() {
    for (name, fixture) in fixtures() {
        let (body, path) = (fixture.body(), fixture.path());
        if body.is_null() {
            continue;
        }
        match path.split('?').next().unwrap() {
            "/webchat-config" => {
                check::<config::Request>(&name, body);
            }
            "/incoming/webchat" | "/chat-api/message" if fixture.status == 200 => {
                let read = message::Request::deserialize(body).unwrap();
                assert_eq!(serde_json::to_value(read).unwrap(), *body, "{name}");
                let bytes = serde_json::to_vec(body).unwrap();
                let read = message::decode(&bytes).unwrap();
                assert_eq!(serde_json::to_value(read).unwrap(), *body, "{name}");
            }
            "/incoming/webchat" => {
                let bytes = serde_json::to_vec(body).unwrap();
                let invalid = message::decode(&bytes).unwrap_err();
                assert_eq!(
                    serde_json::to_value(invalid).unwrap(),
                    fixture.answer,
                    "{name}"
                );
            }
            "/chat-api/feedback" => {
                check::<feedback::Request>(&name, body);
            }
            path if path.contains("generate-webchat-deep") => {
                if fixture.status != 422 {
                    check::<deep_link::Request>(&name, body);
                }
            }
            other => panic!("{name}: {other} is not known"),
        }
    }
}

#[test]
fn answers_are_read_and_written() {
    for (name, fixture) in fixtures() {
        let answer = &fixture.answer;
        let path = fixture.path().split('?').next().unwrap().to_owned();
        match fixture.status {
            200 => success(&name, &path, &fixture),
            422 => {
                check::<error::Invalid>(&name, answer);
            }
            400 => assert_eq!(*answer, config::Query::BAD_WIDTH),
            401 | 404 | 429 => {
                check::<error::Problem>(&name, answer);
            }
            other => panic!("{name}: {other} is not known"),
        }
    }
}

fn success(name: &str, path: &str, fixture: &Fixture) {
    let answer = &fixture.answer;
    if answer.is_null() {
        return;
    }
    match path {
        "/webchat-config" | "/chat-api/configuration" => {
            check::<config::Response>(name, answer);
        }
        "/incoming/webchat" | "/chat-api/message" => {
            check::<message::Answer>(name, answer);
        }
        path if path.ends_with("/history") => {
            check::<Vec<history::Row>>(name, answer);
        }
        path if path.ends_with("/user-interactions") => {
            let read = check::<interactions::Response>(name, answer);
            for user in read.data.iter().flat_map(|user| user.values()) {
                check::<interactions::User>(name, user);
            }
        }
        "/public/api/user-data-export" => {
            let read = check::<export::Response>(name, answer);
            for user in read.data.iter().flat_map(|user| user.values()) {
                check::<export::User>(name, user);
            }
        }
        path if path.contains("generate-webchat-deep") => {
            check::<Vec<deep_link::Link>>(name, answer);
        }
        // What the widget asks of third parties is no part of the dialect.
        _ => assert_eq!(fixture.direction, "widget_to_external", "{name}"),
    }
}
