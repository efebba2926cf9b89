//! Actions ⇄ interactive anchors.

use serde_json::{Map, Value};
use switchboard_core::model::{Action, Command, MessageId, OpenTarget, SendBody};
use switchboard_core::text::{escape_html, safe_url};

use super::DYDU;
use super::html::{Button, Reword, Target};
use super::reword::{self, Call};

const TEXT: &str = "text";
const OPTIONS: &str = "options";

/// The action that an anchor in an answer stands for.
pub fn of_reword(reword: Reword) -> Action {
    of_call(reword.label, reword.call)
}

fn of_call(label: String, call: Call) -> Action {
    let id = call
        .options
        .get(reword::CHOICE)
        .and_then(Value::as_str)
        .unwrap_or(&call.text);
    let label = if label.trim().is_empty() {
        call.text.clone()
    } else {
        label
    };
    let mut action = Action::choice(id, label.trim());
    action.extras.insert(&DYDU, TEXT, call.text.into());
    action
        .extras
        .insert(&DYDU, OPTIONS, Value::Object(call.options));
    action
}

/// The action that a template's button stands for.
pub fn of_button(button: Button) -> Action {
    match button.target {
        Some(Target::Call(call)) if !call.is_link() => of_call(button.label, call),
        Some(Target::Call(call)) => Action::link(button.label, call.text),
        Some(Target::Link(url)) => match url.split_once(':') {
            Some(("tel", number)) => command(button.label, Command::Call(number.to_owned())),
            Some(("mailto", address)) => {
                let target = OpenTarget::Mail(address.to_owned());
                command(button.label, Command::Open(target))
            }
            _ => Action::link(button.label, url),
        },
        None => Action {
            label: button.label,
            disabled: true,
            ..Action::default()
        },
    }
}

fn command(label: String, command: Command) -> Action {
    Action {
        label,
        on_click: vec![command],
        ..Action::default()
    }
}

/// What a click on a dydu engine's own anchor sends: the words and the options.
pub fn original(action: &Action) -> Option<(&str, &Map<String, Value>)> {
    let text = action.extras.get(&DYDU, TEXT)?.as_str()?;
    let options = action.extras.get(&DYDU, OPTIONS)?.as_object()?;
    Some((text, options))
}

/// The anchor for an action of this message; absent where there is nothing to show.
pub fn to_html(action: &Action, message: MessageId) -> Option<String> {
    let label = action.label.trim();
    if action.disabled {
        return (!label.is_empty()).then(|| escape_html(label).into_owned());
    }
    if let Some(url) = action.url() {
        let label = if label.is_empty() { url } else { label };
        return Some(match safe_url(url) {
            Some(url) => reword::link(label, url),
            None => escape_html(label).into_owned(),
        });
    }
    let label = if label.is_empty() {
        action.id.as_str()
    } else {
        label
    };
    if label.is_empty() {
        return None;
    }
    for command in &action.on_click {
        match command {
            Command::Call(number) => return Some(direct(label, "tel:", number)),
            Command::Open(OpenTarget::Mail(address)) => {
                return Some(direct(label, "mailto:", address));
            }
            _ => {}
        }
    }
    if !action.sends() {
        return Some(escape_html(label).into_owned());
    }
    let id = message.to_string();
    let key = action.key();
    let own = original(action);
    let mut texts: Vec<(&str, String)> = own
        .map(|(_, options)| {
            options
                .iter()
                .filter(|(name, _)| is_script_name(name))
                .map(|(name, value)| {
                    (
                        name.as_str(),
                        crate::wire::params::plain_text(value.clone()),
                    )
                })
                .collect()
        })
        .unwrap_or_default();
    if !texts.iter().any(|(name, _)| *name == "type") {
        texts.insert(0, ("type", "reword_auto".to_owned()));
    }
    texts.retain(|(name, _)| *name != reword::CHOICE && *name != reword::MESSAGE);
    let mut options: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    if !key.is_empty() {
        options.push((reword::CHOICE, &key));
    }
    options.push((reword::MESSAGE, &id));
    let said = own.map(|(text, _)| text).or_else(|| {
        action.on_click.iter().find_map(|command| match command {
            Command::Send(SendBody::Text(text)) => Some(text.as_str()),
            _ => None,
        })
    });
    Some(reword::anchor(label, said.unwrap_or(label), &options))
}

fn is_script_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn direct(label: &str, scheme: &str, target: &str) -> String {
    format!(
        "<a href=\"{scheme}{}\">{}</a>",
        escape_html(target),
        escape_html(label)
    )
}
