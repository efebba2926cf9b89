//! Commands: `docs/protocols/kare.md#72-commands-doc-for-names-parameters-meaning`.
//!
//! A plain choice (print the label, send the choice) is an action without commands in the model,
//! and the tracking event that follows an opened link on the wire is not a command of the model:
//! both are put back on the way out.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::model::{Action, ActionStyle, Command, Icon, OpenTarget, SendBody};
use switchboard_core::text::safe_url;

use super::kept;
use crate::wire::click::Target;
use crate::wire::command::{self as wire, compact_json, is_key, is_verb};
use crate::wire::{Aspect, Uri, WireId};

/// The choice that an action stands for, as far as its script must know it.
pub(crate) struct Choice<'a> {
    /// What a click is about.
    pub aspect: &'a Aspect,
    /// The action's id.
    pub id: Option<&'a str>,
    /// The action's label.
    pub label: &'a str,
}

/// Reads a script. The second value is the first target that stands for the choice itself.
pub(crate) fn to_model(
    script: &str,
    choice: &Choice<'_>,
) -> (Vec<Command>, Option<Map<String, Value>>) {
    let mut commands = Vec::new();
    let mut target = None;
    for command in wire::parse(script) {
        match command.verb.as_str() {
            "print" => commands.push(Command::Print(
                command.value("m").unwrap_or_default().to_owned(),
            )),
            "send" => {
                let (body, sent) = send_to_model(command.value("m").unwrap_or_default(), choice);
                if body == SendBody::Choice && target.is_none() {
                    target = sent;
                }
                if !tracks_link(&commands, &body, choice) {
                    commands.push(Command::Send(body));
                }
            }
            "close" => commands.push(Command::Close),
            "open" => commands.extend(command.parameters.into_iter().filter_map(open_to_model)),
            "update" => commands.push(update_to_model(&command)),
            _ => commands.push(Command::Other {
                name: command.verb,
                parameters: command.parameters,
            }),
        }
    }
    if is_plain_choice(&commands, choice) {
        commands.clear();
    }
    (commands, target)
}

/// Writes an action's commands; none if they come to nothing.
pub(crate) fn from_model(
    commands: &[Command],
    action: &Action,
    choice: &Choice<'_>,
) -> Option<String> {
    let tracked = commands.iter().any(|command| {
        matches!(command, Command::Send(SendBody::Choice))
            || matches!(command, Command::Send(SendBody::Custom { name, .. })
                if name == Aspect::OpenLink.as_str())
    });
    let mut written = Vec::with_capacity(commands.len() + 1);
    for command in commands {
        match command {
            Command::Print(text) => written.push(wire::Command::new("print").with("m", text)),
            Command::Send(body) => written.push(send(body_from_model(body, action, choice))),
            Command::Close => written.push(wire::Command::new("close")),
            Command::Open(target) => {
                let Some(command) = open_from_model(target) else {
                    continue;
                };
                written.push(command);
                if let (OpenTarget::Url { url, .. }, false) = (target, tracked) {
                    written.push(send(compact_json(&link_target(url, choice.label))));
                }
            }
            Command::Update {
                style,
                enabled,
                icon,
                label,
            } => written.push(update_from_model(
                style.as_ref(),
                *enabled,
                icon.as_ref(),
                label.as_deref(),
            )),
            // Kare has neither calls nor forms nor transcripts; the client could not obey.
            Command::Call(_) | Command::Submit | Command::DownloadTranscript => {}
            Command::Other { name, parameters } => {
                if is_verb(name) && parameters.iter().all(|(key, _)| is_key(key)) {
                    written.push(wire::Command {
                        verb: name.to_ascii_lowercase(),
                        parameters: parameters.clone(),
                    });
                }
            }
        }
    }
    (!written.is_empty()).then(|| wire::write(&written))
}

/// Writes what a click on a plain choice does.
pub(crate) fn plain_choice(action: &Action, choice: &Choice<'_>) -> String {
    let mut commands = vec![
        wire::Command::new("print").with("m", choice.label),
        send(body_from_model(&SendBody::Choice, action, choice)),
    ];
    if *choice.aspect == Aspect::Feedback {
        commands.push(update_from_model(
            None,
            Some(false),
            Some(&Icon::Done),
            None,
        ));
    }
    wire::write(&commands)
}

fn is_plain_choice(commands: &[Command], choice: &Choice<'_>) -> bool {
    let rest = match commands {
        [
            Command::Print(words),
            Command::Send(SendBody::Choice),
            rest @ ..,
        ] if words == choice.label => rest,
        _ => return false,
    };
    match rest {
        [] => *choice.aspect != Aspect::Feedback,
        [
            Command::Update {
                style: None,
                enabled: Some(false),
                icon: Some(Icon::Done),
                label: None,
            },
        ] => *choice.aspect == Aspect::Feedback,
        _ => false,
    }
}

/// Whether a posted event only tells that the link opened just before was opened.
fn tracks_link(before: &[Command], body: &SendBody, choice: &Choice<'_>) -> bool {
    let Some(Command::Open(OpenTarget::Url { url, .. })) = before.last() else {
        return false;
    };
    matches!(body, SendBody::Custom { name, value, label, message: None }
        if name == Aspect::OpenLink.as_str()
            && value.as_deref() == Some(url)
            && label.as_deref() == Some(choice.label))
}

fn link_target(url: &str, label: &str) -> Target {
    Target {
        aspect: Some(Aspect::OpenLink),
        choice_id: Some(url.to_owned()),
        text: Some(label.to_owned()),
        extra: Map::new(),
    }
}

/// Reads what a `send` posts; for the action's own choice also the target as it stands.
fn send_to_model(value: &str, choice: &Choice<'_>) -> (SendBody, Option<Map<String, Value>>) {
    let Ok(Value::Object(mut object)) = serde_json::from_str(value) else {
        return (SendBody::Choice, None);
    };
    let uri = object
        .get("uri")
        .and_then(Value::as_str)
        .and_then(Uri::parse);
    let parent = object
        .get("parent_id")
        .and_then(Value::as_str)
        .and_then(WireId::parse);
    if let Some(Uri::InQuery | Uri::InText) = uri {
        let text = object
            .get("body")
            .and_then(|body| body.get("text"))
            .and_then(Value::as_str);
        return (SendBody::Text(text.unwrap_or_default().to_owned()), None);
    }
    if uri.is_some()
        && let Some(Value::Object(body)) = object.shift_remove("body")
    {
        object = body;
    }
    if let Some(Value::Object(target)) = object.shift_remove("target") {
        object = target;
    }
    let target = Target::from_map(object.clone());
    let same_aspect = target.aspect.as_ref().is_none_or(|it| it == choice.aspect);
    let same_id = choice.id.is_none() || target.choice_id.as_deref() == choice.id;
    if same_aspect && same_id {
        return (SendBody::Choice, Some(object));
    }
    let body = SendBody::Custom {
        name: target
            .aspect
            .as_ref()
            .unwrap_or(choice.aspect)
            .as_str()
            .to_owned(),
        value: target.choice_id,
        label: target.text,
        message: parent.map(|parent| parent.to_model()),
    };
    (body, None)
}

fn body_from_model(body: &SendBody, action: &Action, choice: &Choice<'_>) -> String {
    match body {
        SendBody::Choice => {
            let target = kept::object(&action.extras, "target");
            if target.is_empty() {
                compact_json(&Target {
                    aspect: Some(choice.aspect.clone()),
                    choice_id: choice.id.map(str::to_owned),
                    text: Some(choice.label.to_owned()),
                    extra: Map::new(),
                })
            } else {
                compact_json(&target)
            }
        }
        SendBody::Text(text) => compact_json(&serde_json::json!({
            "uri": Uri::InQuery.as_str(),
            "body": { "text": text },
        })),
        SendBody::Custom {
            name,
            value,
            label,
            message,
        } => {
            let target = Target {
                aspect: Aspect::parse(name),
                choice_id: value.clone(),
                text: label.clone(),
                extra: Map::new(),
            };
            match message {
                None => compact_json(&target),
                Some(message) => compact_json(&serde_json::json!({
                    "uri": Uri::InClick.as_str(),
                    "parent_id": message.to_string(),
                    "body": { "target": serde_json::to_value(&target).unwrap_or_default() },
                })),
            }
        }
    }
}

fn send(json: String) -> wire::Command {
    wire::Command::new("send").with("m", json)
}

fn open_to_model((key, value): (String, Option<String>)) -> Option<Command> {
    let is_on = !matches!(value.as_deref(), Some("false" | "0"));
    let target = match (key.as_str(), value) {
        ("href", Some(url)) => match address(&url) {
            Address::Web => OpenTarget::Url { url, new_tab: true },
            Address::Telephone(number) => return Some(Command::Call(number.to_owned())),
            // Kept for a Kare client to judge; nobody else ever opens it.
            Address::Other => {
                return Some(Command::Other {
                    name: "open".to_owned(),
                    parameters: vec![(key, Some(url))],
                });
            }
        },
        ("mailto", Some(to)) => OpenTarget::Mail(to),
        ("ext", Some(name)) => OpenTarget::Extension(name),
        ("escalate", _) if is_on => OpenTarget::Escalate,
        ("zopim", _) if is_on => OpenTarget::ThirdParty("zopim".to_owned()),
        _ => return None,
    };
    Some(Command::Open(target))
}

enum Address<'a> {
    Web,
    Telephone(&'a str),
    Other,
}

fn address(url: &str) -> Address<'_> {
    match url.split_once(':') {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => Address::Web,
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Address::Web,
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel") => Address::Telephone(number),
        _ => Address::Other,
    }
}

/// Writes what is opened; none for an address that a client must not open.
fn open_from_model(target: &OpenTarget) -> Option<wire::Command> {
    let command = wire::Command::new("open");
    Some(match target {
        OpenTarget::Url { url, .. } => {
            let url = safe_url(url)?;
            match (address(url), url.split_once(':')) {
                (Address::Web, _) => command.with("href", url),
                (Address::Other, Some((_, to))) => command.with("mailto", to),
                _ => return None,
            }
        }
        OpenTarget::Mail(to) => command.with("mailto", to),
        OpenTarget::Extension(name) => command.with("ext", name),
        OpenTarget::Escalate => command.flag("escalate"),
        OpenTarget::ThirdParty(name) if name == "zopim" => command.flag("zopim"),
        OpenTarget::ThirdParty(name) => command.with("ext", name),
    })
}

/// Whether nothing of what a click asks for can be done: calling, or opening what must not be.
pub(crate) fn is_idle(commands: &[Command]) -> bool {
    !commands.is_empty()
        && commands.iter().all(|command| match command {
            Command::Call(_) => true,
            Command::Open(target) => open_from_model(target).is_none(),
            _ => false,
        })
}

/// The label, with the numbers that a click would call and the label does not show.
pub(crate) fn label_with_numbers<'a>(label: &'a str, commands: &[Command]) -> Cow<'a, str> {
    let mut shown = Cow::Borrowed(label);
    for command in commands {
        let number = match command {
            Command::Call(number) => Some(number.as_str()),
            Command::Open(OpenTarget::Url { url, .. }) => {
                safe_url(url).and_then(|url| match address(url) {
                    Address::Telephone(number) => Some(number),
                    Address::Web | Address::Other => None,
                })
            }
            _ => None,
        };
        let Some(number) = number.map(str::trim).filter(|it| !shown.contains(it)) else {
            continue;
        };
        let shown = shown.to_mut();
        if !shown.is_empty() {
            shown.push_str(": ");
        }
        shown.push_str(number);
    }
    shown
}

fn update_to_model(command: &wire::Command) -> Command {
    let has = |key: &str| command.parameters.iter().any(|(name, _)| name == key);
    Command::Update {
        style: command.value("context").map(style_to_model),
        enabled: has("enabled").then(|| {
            let value = command.value("enabled").unwrap_or_default();
            !matches!(
                value.to_ascii_lowercase().as_str(),
                "false" | "0" | "no" | "off"
            )
        }),
        icon: command.value("icon").map(icon_to_model),
        label: command.value("text").map(str::to_owned),
    }
}

fn update_from_model(
    style: Option<&ActionStyle>,
    enabled: Option<bool>,
    icon: Option<&Icon>,
    label: Option<&str>,
) -> wire::Command {
    let mut command = wire::Command::new("update");
    if let Some(style) = style {
        command = command.with("context", style_from_model(style));
    }
    if let Some(enabled) = enabled {
        command = command.with("enabled", if enabled { "true" } else { "false" });
    }
    if let Some(icon) = icon {
        command = command.with("icon", icon_from_model(icon));
    }
    if let Some(label) = label {
        command = command.with("text", label);
    }
    command
}

/// Reads a `context`.
pub(crate) fn style_to_model(context: &str) -> ActionStyle {
    match context {
        "default" | "" => ActionStyle::Default,
        "primary" => ActionStyle::Primary,
        "success" => ActionStyle::Success,
        "info" => ActionStyle::Info,
        "warning" => ActionStyle::Warning,
        "danger" => ActionStyle::Danger,
        other => ActionStyle::Other(other.to_owned()),
    }
}

/// Writes a `context`; another vendor's words are not Kare's.
pub(crate) fn style_from_model(style: &ActionStyle) -> &'static str {
    match style {
        ActionStyle::Primary => "primary",
        ActionStyle::Success => "success",
        ActionStyle::Info => "info",
        ActionStyle::Warning => "warning",
        ActionStyle::Danger => "danger",
        ActionStyle::Default | ActionStyle::Skip | ActionStyle::Other(_) => "default",
    }
}

/// Reads an icon's name.
pub(crate) fn icon_to_model(name: &str) -> Icon {
    match name {
        "empty" | "" => Icon::Empty,
        "contact" => Icon::Contact,
        "done" => Icon::Done,
        "link" => Icon::Link,
        "thumb_up" => Icon::ThumbUp,
        "thumb_down" => Icon::ThumbDown,
        "false" => Icon::False,
        "resolution" => Icon::Resolution,
        "attachment" => Icon::Attachment,
        other => Icon::Other(other.to_owned()),
    }
}

/// Writes an icon's name.
pub(crate) fn icon_from_model(icon: &Icon) -> &str {
    match icon {
        Icon::Empty => "empty",
        Icon::Contact => "contact",
        Icon::Done => "done",
        Icon::Link => "link",
        Icon::ThumbUp => "thumb_up",
        Icon::ThumbDown => "thumb_down",
        Icon::False => "false",
        Icon::Resolution => "resolution",
        Icon::Attachment => "attachment",
        Icon::Other(name) => name,
    }
}
