//! Actions: `docs/protocols/kare.md#71-action`.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::model::{Action, ActionStyle, Command, Extras};

use super::command::{self, Choice};
use super::kept::{self, Kept};
use crate::KARE;
use crate::wire::{self, Aspect};

/// Reads an action of a message with this aspect.
///
/// The target that a click posts is kept in the extras (`target`), so that the client side can
/// post it when another dialect's user picks the choice.
pub fn to_model(wire: wire::Action, message: &Aspect) -> Action {
    let aspect = wire.aspect.as_ref().unwrap_or(message);
    let choice = Choice {
        aspect,
        id: wire.choice_id.as_deref(),
        label: &wire.text,
    };
    let (on_click, sent) = match &wire.on_click {
        Some(script) => command::to_model(script, &choice),
        None => (Vec::new(), None),
    };
    let on_load = match &wire.on_load {
        Some(script) => command::to_model(script, &choice).0,
        None => Vec::new(),
    };
    let mut kept = Kept::default();
    let mut action = Action {
        id: wire.choice_id.clone().unwrap_or_default(),
        label: wire.text.clone(),
        value: None,
        icon: command::icon_to_model(&wire.icon),
        style: command::style_to_model(&wire.context),
        disabled: !wire.enabled,
        on_load,
        on_click,
        extras: Default::default(),
    };
    if action.sends() {
        let target = sent.unwrap_or_else(|| target_of(&choice));
        if let (None, Some(id)) = (&wire.choice_id, target.get("choice_id")) {
            action.id = id.as_str().unwrap_or_default().to_owned();
            kept.value("choice_id", Value::Null);
        }
        kept.value("target", target);
    }
    if matches!(action.style, ActionStyle::Other(_)) {
        kept.value("context", wire.context.clone());
    }
    if let Some(own) = &wire.aspect {
        kept.value("aspect", own.as_str());
    }
    load(&mut action, &wire, &mut kept);
    action.extras = kept.into_extras();
    keep_scripts(&mut action, &wire, message);
    if !wire.extra.is_empty() {
        action.extras.insert(&KARE, "fields", wire.extra.into());
    }
    action
}

/// Does to an action what `on_load` does to it: whoever is no Kare client shows the result. A Kare
/// client gets the properties as they were (`unloaded`), and runs the script itself.
fn load(action: &mut Action, wire: &wire::Action, kept: &mut Kept) {
    let mut is_updated = false;
    for command in &action.on_load {
        let Command::Update {
            style,
            enabled,
            icon,
            label,
        } = command
        else {
            continue;
        };
        is_updated = true;
        action.style = style.clone().unwrap_or(std::mem::take(&mut action.style));
        action.disabled = enabled.map_or(action.disabled, |enabled| !enabled);
        action.icon = icon.clone().unwrap_or(std::mem::take(&mut action.icon));
        action.label = label.clone().unwrap_or(std::mem::take(&mut action.label));
    }
    if is_updated {
        let mut unloaded = Map::new();
        unloaded.insert("text".to_owned(), wire.text.as_str().into());
        unloaded.insert("icon".to_owned(), wire.icon.as_str().into());
        unloaded.insert("context".to_owned(), wire.context.as_str().into());
        unloaded.insert("enabled".to_owned(), wire.enabled.into());
        kept.value("unloaded", unloaded);
    }
}

/// Puts back the properties that an action had before it was loaded.
fn unload(wire: &mut wire::Action, extras: &Extras) {
    let Some(Value::Object(unloaded)) = extras.get(&KARE, "unloaded") else {
        return;
    };
    for (name, slot) in [
        ("text", &mut wire.text),
        ("icon", &mut wire.icon),
        ("context", &mut wire.context),
    ] {
        if let Some(Value::String(was)) = unloaded.get(name) {
            slot.clone_from(was);
        }
    }
    if let Some(Value::Bool(was)) = unloaded.get("enabled") {
        wire.enabled = *was;
    }
}

/// Keeps scripts that would not be written as they were read.
fn keep_scripts(action: &mut Action, wire: &wire::Action, message: &Aspect) {
    let written = from_model(action, message);
    for (name, was, is) in [
        ("on_load", &wire.on_load, written.on_load),
        ("on_click", &wire.on_click, written.on_click),
    ] {
        if *was != is {
            action.extras.insert(&KARE, name, was.clone().into());
        }
    }
}

/// Writes an action of a message with this aspect.
pub fn from_model(action: &Action, message: &Aspect) -> wire::Action {
    let extras = &action.extras;
    let own = kept::text(extras, "aspect").and_then(Aspect::parse);
    let key = action.key();
    let url = action.url();
    let id = match extras.get(&KARE, "choice_id") {
        Some(_) => None,
        None if key.is_empty() => url,
        None => Some(&*key),
    };
    let raw_click = extras.get(&KARE, "on_click");
    let label = match raw_click {
        Some(_) => Cow::Borrowed(action.label.as_str()),
        None => command::label_with_numbers(&action.label, &action.on_click),
    };
    let choice = Choice {
        aspect: own.as_ref().unwrap_or(message),
        id,
        label: &label,
    };
    // A click that cannot do what it is for does nothing, rather than send a choice that it is not.
    let is_idle = raw_click.is_none() && command::is_idle(&action.on_click);
    let on_click = match raw_click {
        Some(raw) => raw.as_str().map(str::to_owned),
        None if is_idle => None,
        None => command::from_model(&action.on_click, action, &choice)
            .or_else(|| Some(command::plain_choice(action, &choice))),
    };
    let on_load = match extras.get(&KARE, "on_load") {
        Some(raw) => raw.as_str().map(str::to_owned),
        None => command::from_model(&action.on_load, action, &choice),
    };
    let mut wire = wire::Action {
        text: label.clone().into_owned(),
        icon: command::icon_from_model(&action.icon).to_owned(),
        context: kept::text(extras, "context")
            .unwrap_or_else(|| command::style_from_model(&action.style))
            .to_owned(),
        enabled: !action.disabled && !is_idle,
        choice_id: id.map(str::to_owned),
        aspect: own,
        on_load,
        on_click,
        extra: kept::object(extras, "fields"),
    };
    unload(&mut wire, extras);
    wire
}

/// The target of a click on the choice.
fn target_of(choice: &Choice<'_>) -> Map<String, Value> {
    let mut target = Map::new();
    target.insert("aspect".to_owned(), choice.aspect.as_str().into());
    if let Some(id) = choice.id {
        target.insert("choice_id".to_owned(), id.into());
    }
    target.insert("text".to_owned(), choice.label.into());
    target
}

#[cfg(test)]
mod tests {
    use switchboard_core::model::OpenTarget;

    use super::*;

    #[track_caller]
    fn check(on_click: Command, text: &str, enabled: bool, script: Option<&str>) {
        let action = Action {
            label: "Help".to_owned(),
            on_click: vec![on_click],
            ..Action::default()
        };
        let wire = from_model(&action, &Aspect::Answer);
        assert_eq!((wire.text.as_str(), wire.enabled), (text, enabled));
        match (&wire.on_click, script) {
            (Some(written), Some(script)) => assert!(written.starts_with(script), "{written}"),
            (written, script) => assert_eq!(written.as_deref(), script),
        }
    }

    #[test]
    fn only_web_pages_and_mail_are_opened() {
        let url = |url: &str| {
            Command::Open(OpenTarget::Url {
                url: url.to_owned(),
                new_tab: true,
            })
        };
        let page = Some("open -href=\"https://x.example/\"; send");
        check(url("https://x.example/"), "Help", true, page);
        let mail = Some("open -mailto=\"a@x.example\"");
        check(url("mailto:a@x.example"), "Help", true, mail);
        check(url("javascript:alert(1)"), "Help", false, None);
        check(url("tel:+44"), "Help: +44", false, None);
        check(Command::Call("+44".to_owned()), "Help: +44", false, None);
    }
}
