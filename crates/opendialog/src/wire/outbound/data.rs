use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Data;
use super::object::{AsField, as_json, data_struct, keys};
use crate::wire::Slot;
use crate::wire::fields::Field;
use crate::wire::scalar::{Named, Options, Scalar};

keys! {
    /// The keys that the data of every type share. Image, handover and meta messages leave some
    /// out. See `docs/protocols/opendialog.md#31-envelope-and-common-data`.
    #[derive(Eq)]
    Common {
        /// The words. Null when there are none.
        text: String,
        /// The text box is shut until the next answer.
        disable_text: bool,
        /// Not the last message of an answer.
        internal: bool,
        /// The time is not shown under this message.
        hidetime: bool,
        /// No author line before the answer.
        hideavatar: bool,
        /// When, such as `09:15 AM`.
        time: String,
        /// When, such as `Tue 20 Jul`.
        date: String,
    }
}

data_struct! {
    /// `text` and `cta`: `docs/protocols/opendialog.md#text-source-code`.
    Text {}
}

data_struct! {
    /// `button`: `docs/protocols/opendialog.md#button-source-code`.
    Buttons {
        /// The buttons in order.
        buttons: Vec<Button>,
        /// They take the place of the text box.
        external: bool,
        /// They go away after one click.
        clear_after_interaction: bool,
    }
}

data_struct! {
    /// `image`: `docs/protocols/opendialog.md#image-source-code`.
    Image {
        /// The picture's address.
        img_src: String,
        /// Where a click leads; empty for nowhere.
        img_link: String,
        /// It leads there in a new window.
        link_new_tab: bool,
    }
}

data_struct! {
    /// `list`: `docs/protocols/opendialog.md#list-source-code`.
    List {
        /// Shown in the view `list` only.
        title: String,
        /// The items in order.
        items: Vec<Item>,
        /// `horizontal`, `vertical` or `list`.
        view_type: String,
    }
}

data_struct! {
    /// `rich` and `fp-rich`: `docs/protocols/opendialog.md#rich-and-fp-rich-source-code`.
    Rich {
        /// The heading.
        title: String,
        /// Below the heading.
        subtitle: String,
        /// What a click on the whole card sends.
        callback: String,
        /// What it sends along. Must not be empty where `callback` is not.
        callback_value: String,
        /// Where a click on the whole card leads.
        link: String,
        /// Always there, maybe empty.
        buttons: Vec<Button>,
        /// The picture, only when there is one.
        image: CardImage,
    }
}

data_struct! {
    /// `form` and `fp-form`: `docs/protocols/opendialog.md#form-and-fp-form-source-code`.
    Form {
        /// What the answers are sent back by.
        callback_id: String,
        /// The questions in order.
        elements: Elements,
        /// No submit button: a choice submits.
        auto_submit: bool,
        /// The words on the submit button.
        submit_text: String,
        /// The words on the cancel control, `fp-form` only.
        cancel_text: String,
        /// What a cancelled form is sent back by.
        cancel_callback: String,
    }
}

data_struct! {
    /// `hand-to-system`:
    /// `docs/protocols/opendialog.md#hand-to-system-conversation-handover-older-name-hand-to-human-source-code`.
    System {
        /// The name of the system that takes over.
        system: String,
        /// Whatever the system needs to know.
        elements: Named,
    }
}

data_struct! {
    /// `meta`: `docs/protocols/opendialog.md#meta-progress-bar-and-others-source-code`.
    Meta {
        /// Settings for the client: `progressPercent`, `progressText`, `textLimit`, `teamName`.
        elements: Named,
    }
}

/// A button of a message or a card. Which keys are given decides what a click does; the client
/// looks at `phone_number`, `tab_switch`, `link`, `download` and `callback_id` in this order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Button {
    /// The words on it. A button without is not shown.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub text: Slot<String>,
    /// Not shown unless `true`, except on cards.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub display: Slot<bool>,
    /// The look of it: empty, `skip`, `inline` or any CSS class.
    #[serde(rename = "type", skip_serializing_if = "Slot::is_absent")]
    pub style: Slot<String>,
    /// What a click sends.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub callback_id: Slot<String>,
    /// What it sends along.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub value: Slot<Scalar>,
    /// Where a click leads.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub link: Slot<String>,
    /// It leads there in a new window.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub link_new_tab: Slot<bool>,
    /// Whom a click calls.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub phone_number: Slot<String>,
    /// A click shows the comments tab.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub tab_switch: Slot<bool>,
    /// A click downloads the transcript.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub download: Slot<bool>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The picture of a card.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CardImage {
    /// The picture's address.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub src: Slot<String>,
    /// Where a click leads; empty for nowhere.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub url: Slot<String>,
    /// It leads there in a new window.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub link_new_tab: Slot<bool>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A question of a form.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Element {
    /// What the answer is sent back by. Never `text`, `date` or `time`.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub name: Slot<String>,
    /// The question; empty for none.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub display: Slot<String>,
    /// Must be answered.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub required: Slot<bool>,
    /// Lowest number or shortest text. For choices the server puts the highest here.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub min: Slot<Scalar>,
    /// Highest number or longest text.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub max: Slot<Scalar>,
    /// Filled in beforehand; only there when it is not empty.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub default_value: Slot<Scalar>,
    /// `text`, `textarea`, `number`, `email`, `select`, `radio`, `checkbox` or `auto-select`.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub element_type: Slot<String>,
    /// What can be chosen.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub options: Slot<Options>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An item of a list: the data of a nested message, with its type among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The nested message's type: `text`, `button`, `image` or `rich`.
    pub message_type: String,
    /// The nested message's data.
    pub data: Data,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            #[serde(flatten)]
            data: &'a Data,
            // Left out where the engine left it out.
            #[serde(skip_serializing_if = "str::is_empty")]
            message_type: &'a str,
        }
        Flat {
            data: &self.data,
            message_type: &self.message_type,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Flat {
            #[serde(default)]
            message_type: String,
            #[serde(flatten)]
            data: Map<String, Value>,
        }
        let flat = Flat::deserialize(deserializer)?;
        Ok(Self {
            data: Data::decode(&flat.message_type, Value::Object(flat.data)),
            message_type: flat.message_type,
        })
    }
}

/// The questions of a form.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Elements(pub Vec<Element>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = match Value::deserialize(deserializer)? {
            // PHP writes a list whose keys are not 0, 1, 2 as an object.
            Value::Object(keyed) => Value::Array(keyed.into_iter().map(|(_, item)| item).collect()),
            other => other,
        };
        serde_json::from_value(list)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl AsField for Elements {
    fn as_field(&self) -> Field<'_> {
        as_json(self)
    }
}

impl AsField for CardImage {
    fn as_field(&self) -> Field<'_> {
        as_json(self)
    }
}
