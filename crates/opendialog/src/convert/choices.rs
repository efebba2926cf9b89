//! Buttons: `docs/protocols/opendialog.md#button-source-code`.

use std::borrow::Cow;

use switchboard_core::model::{
    Action, ActionStyle, Choices, ChoicesKind, Command, Content, FeedbackRequest, Icon, OpenTarget,
    RichText,
};
use switchboard_core::text::safe_url;

use super::patch::{Patch, patched};
use super::{Read, Typed, part_extras, text};
use crate::NAME;
use crate::wire::Slot;
use crate::wire::outbound::{Button, Buttons, Data};
use crate::wire::scalar::Scalar;

/// The name of the command that shows the comments tab.
const TAB_SWITCH: &str = "tab_switch";

/// Where a button stands; the client treats the two alike but for small things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a message of buttons: what is not displayed is not shown.
    Message,
    /// On a card: `display` is not looked at, and there is no calling.
    Card,
}

pub(crate) fn read(data: Buttons) -> Read {
    let actions = read_buttons(data.buttons, Place::Message);
    let text = text::read(data.common.text);
    let content = if asks_for_feedback(&actions) {
        Content::FeedbackRequest(FeedbackRequest {
            text,
            reasons: Vec::new(),
        })
    } else {
        Content::Choices(Choices {
            text,
            kind: ChoicesKind::Dialog,
            replaces_input: data.external.is_true(),
            once: data.clear_after_interaction.is_true(),
        })
    };
    Read {
        content,
        actions,
        items: Vec::new(),
    }
}

/// Buttons that another gateway made of a request for feedback.
fn asks_for_feedback(actions: &[Action]) -> bool {
    let has = |id| actions.iter().any(|action| action.id == id);
    actions.len() == 2 && has(FeedbackRequest::POSITIVE) && has(FeedbackRequest::NEGATIVE)
}

pub(crate) fn write(choices: &Choices, actions: &[Action]) -> Typed {
    buttons(&choices.text, actions, choices.replaces_input, choices.once)
}

pub(crate) fn write_feedback(request: &FeedbackRequest, actions: &[Action]) -> Typed {
    if !actions.is_empty() {
        return buttons(&request.text, actions, false, true);
    }
    let thumbs = [
        Action::choice(FeedbackRequest::POSITIVE, "👍"),
        Action::choice(FeedbackRequest::NEGATIVE, "👎"),
    ];
    buttons(&request.text, &thumbs, false, true)
}

/// Buttons below words of another kind of message. They stay after a click.
pub(crate) fn write_below(text: &RichText, actions: &[Action]) -> Typed {
    buttons(text, actions, false, false)
}

fn buttons(text: &RichText, actions: &[Action], external: bool, once: bool) -> Typed {
    let data = Buttons {
        common: text::common(text::plain(text)),
        buttons: Slot::Given(write_buttons(actions, Place::Message)),
        external: Slot::Given(external),
        clear_after_interaction: Slot::Given(once),
        ..Buttons::default()
    };
    ("button", Data::Buttons(data))
}

pub(crate) fn read_buttons(buttons: Slot<Vec<Button>>, place: Place) -> Vec<Action> {
    let buttons = buttons.into_option().unwrap_or_default();
    buttons
        .iter()
        .map(|button| read_button(button, place))
        .collect()
}

pub(crate) fn write_buttons(actions: &[Action], place: Place) -> Vec<Button> {
    actions
        .iter()
        .map(|action| (action, write_button(action, place)))
        // An engine's own button is whole again once it is patched.
        .filter(|(action, button)| acts(button) || action.extras.of(&NAME).is_some())
        .map(|(action, button)| patched(button, &action.extras))
        .collect()
}

/// Whether a click does anything. A button whose address was lost does not.
fn acts(button: &Button) -> bool {
    !(button.callback_id.is_absent()
        && button.link.is_absent()
        && button.phone_number.is_absent()
        && button.download.is_absent()
        && button.tab_switch.is_absent())
}

fn read_button(button: &Button, place: Place) -> Action {
    let label = button.text.get().cloned().unwrap_or_default();
    let shown = place == Place::Card || button.display.is_true() && button.text.words().is_some();
    let mut action = Action {
        label,
        style: match button.style.get().map(String::as_str) {
            None | Some("") => ActionStyle::Default,
            Some("skip") => ActionStyle::Skip,
            Some(other) => ActionStyle::Other(other.to_owned()),
        },
        disabled: !shown,
        ..Action::default()
    };
    // The client looks at the keys in this order.
    if let Some(number) = button.phone_number.words() {
        action.on_click = vec![Command::Call(number.to_owned())];
    } else if button.tab_switch.is_true() {
        action.on_click = vec![Command::Other {
            name: TAB_SWITCH.to_owned(),
            parameters: Vec::new(),
        }];
    } else if let Some(url) = button.link.words() {
        action.icon = Icon::Link;
        action.on_click = vec![Command::Open(OpenTarget::Url {
            url: url.to_owned(),
            new_tab: button.link_new_tab.is_true(),
        })];
    } else if button.download.is_true() {
        action.on_click = vec![Command::DownloadTranscript];
    } else {
        action.id = button.callback_id.get().cloned().unwrap_or_default();
        action.value = button
            .value
            .get()
            .and_then(Scalar::text)
            .filter(|value| !value.is_empty())
            .map(Cow::into_owned);
    }
    action.extras = part_extras(Patch::of(button, &write_button(&action, place)));
    action
}

fn write_button(action: &Action, place: Place) -> Button {
    let label = match action.label.trim() {
        "" => &action.id,
        _ => &action.label,
    };
    let mut button = Button {
        text: Slot::Given(label.clone()),
        display: Slot::Given(!action.disabled),
        style: Slot::Given(match &action.style {
            ActionStyle::Skip => "skip".to_owned(),
            ActionStyle::Other(class) => class.clone(),
            _ => String::new(),
        }),
        ..Button::default()
    };
    let mut lost = false;
    for command in &action.on_click {
        let leads = match command {
            Command::Call(number) if place == Place::Message => {
                button.phone_number = Slot::Given(number.clone());
                true
            }
            Command::Call(number) => link(&mut button, &format!("tel:{number}"), false),
            Command::Open(OpenTarget::Url { url, new_tab }) => link(&mut button, url, *new_tab),
            Command::Open(OpenTarget::Mail(address)) => {
                link(&mut button, &format!("mailto:{address}"), false)
            }
            Command::DownloadTranscript => {
                button.download = Slot::Given(true);
                true
            }
            Command::Other { name, .. } if name == TAB_SWITCH => {
                button.tab_switch = Slot::Given(true);
                true
            }
            _ => continue,
        };
        if leads {
            return button;
        }
        lost = true;
    }
    if lost && !action.sends() {
        button.display = Slot::Given(false);
        return button;
    }
    // A click without a callback sends nothing and brings an apology. Where there is no id, the
    // label is sent as one, which the exchange takes for the action without an id that bears it.
    let id = if action.id.is_empty() {
        label
    } else {
        &action.id
    };
    button.callback_id = Slot::Given(id.clone());
    button.value = Slot::Given(Scalar::from(action.value.as_deref().unwrap_or_default()));
    button
}

/// Lets the button lead to an address, if a client may follow it.
fn link(button: &mut Button, url: &str, new_tab: bool) -> bool {
    let Some(url) = safe_url(url) else {
        return false;
    };
    button.link = Slot::Given(url.to_owned());
    button.link_new_tab = Slot::Given(new_tab);
    true
}
